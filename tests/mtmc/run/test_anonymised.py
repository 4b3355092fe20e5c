"""No picture that an anonymised run writes, or has written, shows a head."""

from types import SimpleNamespace

import av
import cv2
import numpy as np
import pytest

from mtmc.errors import UserError
from mtmc.outputs.anonymise import hidden_parts, hide
from mtmc.perception.log import Inference
from mtmc.results import Results, layout
from mtmc.run import run
from mtmc.run.anonymised import Shown
from mtmc.run.retrace import associate, render
from mtmc.trackers import Detections, Tracks
from mtmc.tracking.camera import Sighting
from mtmc.types import Frame
from tests.mtmc.commands.test_people import call
from tests.mtmc.conftest import write_video

FACE = np.kron(np.indices((4, 4)).sum(axis=0) % 2, np.ones((4, 4)))  # a chequered one, 16 px
FRAMES = 16
SEEN = range(1, 11)  # of the third one, detected in two frames, a third of a second from the others
MISSED = {0: {5, 6, 7}, 1: (), 2: set(range(FRAMES)) - {4, 7}}  # frames without a detection, each


def box(person, frame):
    x, y = 10 + 50 * person + frame, 30 + 5 * person
    return np.array([x, y, x + 24, y + 70], np.float32)


def frames(count=FRAMES):
    for frame in range(count):
        image = np.full((120, 160, 3), 128, np.uint8)
        for person in range(3 if frame in SEEN else 2):
            x, y, x2, y2 = box(person, frame).astype(int)
            image[y:y2, x:x2] = (60, 100, 40 + 70 * person)
            image[y : y + 16, x + 4 : x + 20] = 30 + 190 * FACE[..., None]
        yield image


def shows_face(image):
    """Whether a chequered face of about its size is anywhere in a picture."""
    pattern = np.repeat((30 + 190 * FACE)[..., None], 3, axis=2).astype(np.uint8)
    return cv2.matchTemplate(image, pattern, cv2.TM_CCOEFF_NORMED).max() > 0.6


def mosaic(folder):
    with av.open(str(folder / layout.MOSAIC)) as container:
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scene")
    write_video(folder / "a.mp4", frames())
    rows = [
        f"{frame + 1},-1,{x1},{y1},{x2 - x1},{y2 - y1},{0.9 if person < 2 else 0.4},-1,-1,-1"
        for frame in range(FRAMES)
        for person in range(3)
        if frame not in MISSED[person]
        for x1, y1, x2, y2 in [box(person, frame)]
    ]
    (folder / "det").mkdir()
    (folder / "det" / "a.txt").write_text("\n".join(rows) + "\n")
    out = {"width": 160, "height": 120, "keep": True}
    same = {"detector": {"name": "motfile"}, "reid": "color"}
    run(folder, folder / "out", {**same, "output": out})
    assert all(map(shows_face, mosaic(folder / "out")))
    assert any(shows_face(crop.image) for crop in Results.open(folder / "out").crops)
    hidden = {**same, "output": {**out, "anonymise": "head"}}
    with pytest.raises(UserError, match=r"another run .other 'anonymise'"):
        run(folder, folder / "out", hidden, resume=True)
    run(folder, folder / "out", hidden)
    return folder


def test_neither_video_nor_crop_shows_anybody(scene):
    results = Results.open(scene / "out")
    assert len(results.people) == 2  # the third was seen twice, for a moment
    assert not any(map(shows_face, mosaic(scene / "out")))
    crops = list(results.crops)
    assert len(crops) > 5
    assert not any(shows_face(crop.image) for crop in crops)
    # What is below the head is as it was.
    assert np.ptp(crops[0].image[-20:-5, 5:-5].astype(int), axis=(0, 1)).max() < 25


def test_later_commands_keep_to_it(scene, tmp_path):
    render(scene / "out")
    assert not any(map(shows_face, mosaic(scene / "out")))
    call("crops", scene / "out", scene, "--out", tmp_path / "people")
    pictures = [cv2.imread(str(path)) for path in (tmp_path / "people").rglob("*.jpg")]
    assert len(pictures) > 5
    assert not any(map(shows_face, pictures))
    associate(scene / "out", tmp_path / "again", ["associator.name=online"])
    assert not any(shows_face(crop.image) for crop in Results.open(tmp_path / "again").crops)
    assert Results.open(tmp_path / "again").anonymised == "head"
    for command in (render, lambda out, *rest: associate(out, out, rest[-1])):
        with pytest.raises(UserError, match=r"output\.anonymise: this run was made with head"):
            command(scene / "out", (), ["output.anonymise=null"])
    (tmp_path / "again" / layout.HIDDEN).unlink()
    with pytest.raises(UserError, match="this run has none"):
        render(tmp_path / "again", [scene])


def test_live_pictures_are_hidden_as_they_come():
    """What the live mosaic and the page of a run that goes on are given."""
    shown = Shown([SimpleNamespace(name="a", fps=10)], "head")
    for number, image in enumerate(frames(6)):
        seen = np.array([box(p, number) for p in range(3) if number == 3 or p != 2])
        if number < 3:  # the third, who is detected once, is not there yet
            image[:, 105:] = 128
        inference = Inference(Detections(seen[1:], np.full(len(seen) - 1, 0.5, np.float32)))
        tracks = Tracks(np.array([1]), seen[:1], np.ones(1, np.float32), np.array([-1]))
        (frame,) = (s.frame for s in shown([sighting(image, number, tracks)], [inference]))
        assert not shows_face(frame.pixels)
        assert shows_face(image)
    (unseen,) = shown([sighting(None, 6, tracks)], [inference])
    assert unseen.frame.image is None


def sighting(image, number, tracks):
    nothing = np.zeros(0, np.int64)
    return Sighting(Frame("a", number + 1, number / 10, image), tracks, None, nothing, None)


def test_what_is_hidden_of_a_box():
    standing, behind_a_desk, lying = hidden_parts(
        np.array([[100, 100, 140, 200], [100, 100, 180, 180], [100, 100, 200, 140]]), "head"
    )
    assert np.allclose(standing, [94, 90, 146, 132])
    assert behind_a_desk[3] == 164
    assert lying[3] == 140
    image = np.random.default_rng(0).integers(0, 255, (60, 60, 3), np.uint8)
    outside = np.array([[-50, -50, -10, -10], [70, 10, 90, 50], [50, 40, 50, 40]])
    assert (hide(image, outside, "head") == image).all()
    assert (hide(image, np.array([[-20, -20, 90, 90]]), "person") != image).mean() > 0.9
