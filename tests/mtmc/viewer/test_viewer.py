"""``mtmc view`` in a real browser: play, seek, search, correct."""

import shutil

import numpy as np
import pytest

from mtmc.corrections import Corrections
from mtmc.results import Results, layout
from mtmc.viewer.recorded import Recorded, recorded_application
from mtmc.viewer.server import Address, Served
from tests.mtmc.viewer.conftest import EVIL

# Where the first block of ``block_frames`` begins in what a camera shows: 5 + 2 * (frame - 1).
SHOWN = """async index => {
    const player = document.querySelector(".wall").player, tile = player.tiles[index];
    const { video, picture } = tile;
    const there = () => {
        const frame = tile.frameAt(player.now)[0];
        const sought = !frame || tile.target === tile.media.middleOf(frame);
        return tile.frame === frame && sought && !picture.matches(".loading");
    };
    const still = () => video.readyState > 1 && !video.seeking && there();
    const end = performance.now() + 60000;
    while (!still() && performance.now() < end) await new Promise(done => setTimeout(done, 10));
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
    const context = canvas.getContext("2d");
    context.drawImage(video, 0, 0);
    const row = context.getImageData(0, 34, video.videoWidth, 1).data;
    let left = 0;
    while (left < video.videoWidth && !(row[4 * left] > 180 && row[4 * left + 1] < 90)) left++;
    return { frame: tile.frame, left, boxes: tile.drawn, note: tile.note.textContent };
}"""

# Pauses once the ninth frame has been shown; in the page, for a busy machine may ask too late.
PLAYED = """() => new Promise(done => {
    const { player } = document.querySelector(".wall"), end = performance.now() + 60000;
    const look = () => {
        const { frame } = player.tiles[0];
        if (frame <= 8 && performance.now() < end) return setTimeout(look, 10);
        if (player.playing) player.button.click();
        done(frame);
    };
    look();
})"""

TILE = """(() => {
    const { drawn, note, element } = document.querySelector(".wall").player.tiles[0];
    return { drawn, note: note.textContent, why: element.title };
})()"""


@pytest.fixture
def corrected(watched, tmp_path):
    """Results of one's own, to be changed."""
    shutil.copytree(watched / "out", tmp_path / "out")
    return tmp_path / "out"


@pytest.fixture
def view(open_page):
    """Opens the page of a folder's results."""
    started, opened = [], []

    def view_(folder):
        recorded = Recorded(Results.open(folder))
        served = Served(Address(port=0))
        served.start(recorded_application(recorded))
        started.append(served)
        opened.append(open_page(served.url))
        return opened[-1]

    yield view_
    for page in opened:  # first: it may be asking for something
        page.close()
    for served in started:
        served.stop()


def go(page, time):
    page.evaluate("time => document.querySelector('.wall').player.go(time)", time)


def now(page):
    return page.evaluate("document.querySelector('.wall').player.now")


def click_on(page, camera, person):
    """Click on somebody in a camera's picture."""
    place = page.evaluate(
        """([index, person]) => {
            const tile = document.querySelector(".wall").player.tiles[index];
            const { box } = tile.drawn.find(one => one.person === person);
            const { left, top, width } = tile.canvas.getBoundingClientRect();
            const unit = width / tile.camera.size[0] / 2;
            return [left + unit * (box[0] + box[2]), top + unit * (box[1] + box[3])];
        }""",
        [camera, person],
    )
    page.mouse.click(*place)


def said(results, camera, frame):
    """Person and box of everybody in a frame, as the table has it."""
    table = results.table
    rows = table.filter((table["camera"] == camera) & (table["frame"] == frame))
    boxes = rows.select("x1", "y1", "x2", "y2").to_numpy()
    return dict(zip(rows["global_id"].to_list(), boxes, strict=True))


def test_every_frame_shows_its_own_boxes_on_the_clock_of_all_cameras(view, watched):
    results, page = Results.open(watched / "out"), view(watched / "out")
    for time in (1.2, 0.7, 2.1):
        go(page, time)
        for index, (camera, offset) in enumerate([("left", 0.0), ("right", 0.5)]):
            shown = page.evaluate(SHOWN, index)
            frame = round((time - offset) * 10) + 1
            assert shown["frame"] == frame
            assert shown["left"] == pytest.approx(5 + 2 * (frame - 1), abs=1)
            found = {one["person"]: one["box"] for one in shown["boxes"]}
            expected = said(results, camera, frame)
            assert found.keys() == expected.keys()
            for person, box in found.items():
                assert np.allclose(box, expected[person], atol=0.01)
    go(page, 0.2)
    assert "begins at 0:00.5" in page.evaluate(SHOWN, 1)["note"]
    go(page, 2.8)
    assert "ended at" in page.evaluate(SHOWN, 0)["note"]


def test_what_is_sought_last_is_shown_though_it_comes_between_a_seek_and_its_event(view, watched):
    page = view(watched / "out")
    page.evaluate(SHOWN, 0)
    page.evaluate("""() => new Promise(done => {
        const { player } = document.querySelector(".wall");
        // Heard before the page hears of it, when the video seeks no longer.
        const between = ({ target }) => {
            if (target !== player.tiles[0].video) return;
            document.removeEventListener("seeked", between, true);
            player.go(2.1);
            done();
        };
        document.addEventListener("seeked", between, true);
        player.go(0.7);
        player.go(1.4);
    })""")
    shown = page.evaluate(SHOWN, 0)
    assert (shown["frame"], shown["left"]) == (22, pytest.approx(5 + 2 * 21, abs=1))


def test_it_plays_and_steps(view, watched):
    page = view(watched / "out")
    go(page, 0.6)
    page.keyboard.press("]")  # twice as fast
    page.keyboard.press("Space")
    assert page.evaluate(PLAYED) > 8
    go(page, 0.9)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press(",")
    shown = page.evaluate(SHOWN, 0)
    assert (shown["frame"], shown["left"]) == (11, pytest.approx(5 + 2 * 10, abs=1))
    page.keyboard.press("2")
    assert page.locator(".cam.large .cam-name").inner_text() == "right"
    page.keyboard.press("?")
    assert "a frame on" in page.locator("dialog.keys").inner_text()


def test_who_is_clicked_is_searched_for_and_jumped_to(view, watched):
    page = view(watched / "out")
    go(page, 1.0)
    page.evaluate(SHOWN, 0)
    click_on(page, 0, 1)
    assert page.locator("#side h2").inner_text() == "Person 1"
    page.keyboard.press("f")
    found = page.locator("#search .found li")
    found.first.wait_for()
    assert found.first.get_attribute("data-person") == "2"
    assert "seen beside them" in found.first.inner_text()
    found.first.locator(".moment").last.click()
    assert now(page) < 0.7
    # A picture of one's own.
    crop = next(iter(Results.open(watched / "out").crops))
    owner = Results.open(watched / "out").owners[crop.key]
    file = {"name": "x.jpg", "mimeType": "image/jpeg", "buffer": crop.jpeg}
    page.locator("#search input[type=file]").set_input_files(file)
    page.locator("#search .asked").wait_for()
    page.locator("#search .found li").first.wait_for()
    assert page.locator("#search .found li").first.get_attribute("data-person") == str(owner)


def test_what_is_said_is_kept_and_shown(view, corrected):
    page = view(corrected)
    go(page, 1.0)
    page.evaluate(SHOWN, 0)
    click_on(page, 0, 1)
    page.keyboard.press("s")  # from here on, somebody else
    page.locator("#corrections .said li[data-line='1']").wait_for()
    people = {one["person"] for one in page.evaluate(SHOWN, 0)["boxes"]}
    assert 1 not in people
    new = max(people)
    page.keyboard.press("r")
    page.get_by_label("Name", exact=True).fill(EVIL)
    page.keyboard.press("Enter")
    page.locator("#corrections .said li[data-line='2']").wait_for()
    assert page.locator("#side h2").inner_text() == EVIL
    assert page.locator("img[src='x']").count() == 0
    assert "run" not in page.title()
    # The same as before, after all.
    page.keyboard.press("m")
    page.locator(".candidate[data-person='1']").click()
    page.locator("#corrections .said li[data-line='3']").wait_for()
    assert {one["person"] for one in page.evaluate(SHOWN, 0)["boxes"]} == people - {new} | {1}
    page.keyboard.press("u")
    page.locator("#corrections .said li[data-line='3']").wait_for(state="detached")
    assert {one["person"] for one in page.evaluate(SHOWN, 0)["boxes"]} == people
    # Who looks on from elsewhere, or later, sees the same.
    log = Corrections.open(corrected / layout.CORRECTIONS)
    assert [entry.correction.do for entry in log.entries] == ["split", "name"]
    later = view(corrected)
    later.locator("#corrections .said li[data-line='2']").wait_for()
    go(later, 1.0)
    assert {one["person"] for one in later.evaluate(SHOWN, 0)["boxes"]} == people
    later.get_by_role("button", name="What would a run make of them?").click()
    later.locator(".effect p:not(.waiting)").wait_for()
    assert "become" in later.locator(".effect p").inner_text()
    later.get_by_role("button", name="Apply").click()
    later.get_by_text("written as corrected").wait_for()
    after = Results.open(corrected)
    assert said(after, "left", 11).keys() == people
    assert said(after, "left", 10).keys() == said(after.uncorrected, "left", 10).keys()
    assert [person["id"] for person in after.people if person["name"] == EVIL] == [new]
    go(later, 1.0)
    assert {one["person"] for one in later.evaluate(SHOWN, 0)["boxes"]} == people


def test_two_tracks_are_exchanged_from_a_frame_on(view, corrected):
    page = view(corrected)
    go(page, 1.0)
    before = {one["person"]: one["box"] for one in page.evaluate(SHOWN, 0)["boxes"]}
    click_on(page, 0, 1)
    page.keyboard.press("e")
    page.locator(".candidate[data-person='2']").click()
    page.locator("#corrections .said li[data-line='1']").wait_for()
    said_ = "person 1 and person 2 change places from frame 11 of left on"
    assert page.locator("#corrections .said li").inner_text() == said_
    after = {one["person"]: one["box"] for one in page.evaluate(SHOWN, 0)["boxes"]}
    assert after == {1: before[2], 2: before[1]}
    go(page, 0.9)
    earlier = {one["person"]: one["box"] for one in page.evaluate(SHOWN, 0)["boxes"]}
    assert np.abs(np.subtract(earlier[1], before[1])).max() < 10
    page.keyboard.press("u")
    page.locator("#corrections .said li").wait_for(state="detached")
    go(page, 1.0)
    assert {one["person"]: one["box"] for one in page.evaluate(SHOWN, 0)["boxes"]} == before


def test_what_is_refused_is_said(view, corrected):
    page = view(corrected)
    go(page, 1.0)
    page.evaluate(SHOWN, 0)
    click_on(page, 0, 1)
    page.keyboard.press("m")
    page.locator(".candidates").wait_for()
    click_on(page, 0, 2)  # who stands beside them
    page.locator(".under .wrong").wait_for()
    assert "shows both" in page.locator(".under .wrong").inner_text()
    assert "400" in page.wrong.pop()
    assert not (corrected / layout.CORRECTIONS).exists()


def test_without_videos_there_are_boxes(view, watched, tmp_path):
    shutil.copytree(watched / "out", tmp_path / "out")
    record = (tmp_path / "out" / layout.RECORD).read_text()
    (tmp_path / "out" / layout.RECORD).write_text(record.replace(str(watched), "/nowhere"))
    page = view(tmp_path / "out")
    go(page, 1.0)
    shown = page.evaluate(TILE)
    assert len(shown["drawn"]) == 2
    assert "no video" in shown["note"]
    assert "nowhere" in shown["why"]
