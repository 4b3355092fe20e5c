"""One browser for all tests of the page, and results to show."""

import shutil
from datetime import datetime

import pytest

from mtmc.results import Results
from mtmc.run import run
from mtmc.viewer.report import write_report
from tests.mtmc.conftest import SETTINGS, write_scene
from tests.mtmc.viewer.synthetic import write_results

CHROMIUM = ("chromium-headless-shell", "chromium")
# What would run, were it taken for markup.
EVIL = "</script><img src=x onerror=\"document.title='run'\">"


@pytest.fixture(scope="package")
def browser():
    """A real headless Chromium."""
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        pytest.skip(f"no browser: neither of {', '.join(CHROMIUM)} is installed")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser):
    """Opens an address; in the end, nothing may have gone wrong in it.

    Beside what Chromium's own page has, it has ``asked``, all addresses that it asked for, and
    ``wrong``, which a test may take from that it expects.
    """
    opened, wrong = [], []

    def open_(address, width=1280, height=800, scheme="light"):
        page = browser.new_page(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            reduced_motion="reduce",
        )
        opened.append(page)
        page.set_default_timeout(60_000)  # ms, of a busy machine
        page.asked, page.wrong = [], wrong
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(address)
        page.wait_for_selector("body[data-ready]")
        return page

    yield open_
    for page in opened:
        page.close()
    assert wrong == []


@pytest.fixture(scope="package")
def walked(tmp_path_factory):
    """Results of people who walk from camera to camera, on a known day; names are odd."""
    return Results.open(
        write_results(
            tmp_path_factory.mktemp("walked") / "out",
            people=5,
            cameras=4,
            seconds=60.0,
            names=["door", "hall", EVIL, "Flur Süd"],
            zero=datetime.fromisoformat("2026-11-28T09:00:00+01:00"),
            record={"warnings": [EVIL]},
        )
    )


@pytest.fixture(scope="package")
def report(walked):
    """Their report."""
    return write_report(walked)


@pytest.fixture(scope="package")
def watched(tmp_path_factory):
    """A folder with two videos of two people, one 0.5 s later, and, in ``out``, a run."""
    folder = write_scene(tmp_path_factory.mktemp("watched"))
    (folder / "cameras.yaml").write_text(
        "cameras: [{name: left, path: left.mp4}, {name: right, path: right.mp4, offset: 0.5}]"
    )
    run(folder, folder / "out", SETTINGS)
    return folder
