"""The report in a real browser, opened from disk."""

from mtmc.results import Results
from mtmc.viewer.report import write_report
from tests.mtmc.viewer.conftest import EVIL
from tests.mtmc.viewer.synthetic import write_results


def test_it_opens_from_disk_and_asks_for_nothing(open_page, report, walked):
    page = open_page(report.as_uri())
    assert [url for url in page.asked if not url.startswith("data:")] == [report.as_uri()]
    assert page.locator(".tile").first.inner_text().split("\n")[0] == "5"
    assert page.locator("#made .notes li").inner_text() == EVIL
    assert page.locator("img[src='x']").count() == 0
    assert "run" not in page.title()
    cards = page.locator(".card")
    assert cards.count() == len(walked.people)
    shown = cards.first.locator("img").first.evaluate("image => image.decode().then(() => true)")
    assert shown
    assert "09:00:" in cards.locator(".when").first.inner_text()


def test_people_are_found_by_camera_time_and_name(open_page, report, walked):
    page = open_page(report.as_uri(), scheme="dark")
    cards = page.locator(".card")
    page.get_by_label("Camera").select_option(label="hall")
    there = {person["id"] for person in walked.people if "hall" in person["cameras"]}
    assert {int(card.get_attribute("data-person")) for card in cards.all()} == there
    page.get_by_role("button", name="Clear").click()
    page.get_by_label("from", exact=True).fill("9:00:40")
    page.get_by_label("from", exact=True).press("Enter")
    late = {person["id"] for person in walked.people if person["last_seen"] >= 40}
    assert 0 < len(late) < len(walked.people)
    assert {int(card.get_attribute("data-person")) for card in cards.all()} == late
    page.get_by_role("button", name="Clear").click()
    page.get_by_label("Id or name").fill("3")
    assert [card.get_attribute("data-person") for card in cards.all()] == ["3"]


def test_who_is_chosen_is_shown_with_every_track(open_page, report, walked):
    page = open_page(report.as_uri(), width=1920, height=1080)
    person = max(walked.people, key=lambda one: one["seconds"])
    page.locator(f".card[data-person='{person['id']}'] strong").click()
    side = page.locator("#side")
    assert side.locator("h2").inner_text() == f"Person {person['id']}"
    assert side.locator(".tracks li").count() == len(walked.tracks_of(person["id"]))
    page.keyboard.press("Escape")
    assert side.is_hidden()
    figure = page.locator("#timeline canvas")
    figure.scroll_into_view_if_needed()
    figure.click(position={"x": 60, "y": 26 + 10})  # whose row is the first
    first = min(walked.people, key=lambda one: one["first_seen"])
    assert side.locator("h2").inner_text() == f"Person {first['id']}"


def test_nobody_was_there(open_page, tmp_path):
    folder = write_results(tmp_path / "out", people=0, cameras=1, calibrated=False, seconds=3.0)
    page = open_page(write_report(Results.open(folder)).as_uri())
    assert "Nobody was seen" in page.locator("#people").inner_text()
    assert page.locator("#timeline, #floor, #ways").count() == 0
