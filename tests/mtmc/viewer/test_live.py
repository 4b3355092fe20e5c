"""A run that goes on, as browsers see it."""

import json
import threading
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from starlette.testclient import TestClient

from mtmc.results import Results
from mtmc.run import run
from mtmc.types import Frame, TrackKey
from mtmc.viewer.guard import Guard
from mtmc.viewer.live import LiveView
from mtmc.viewer.server import Address, Served, live_application
from tests.mtmc.conftest import SETTINGS

ONLINE = {**SETTINGS, "associator": "online"}


def read(message):
    """What a message says, and its pictures by camera."""
    length = int.from_bytes(message[:4], "little")
    about, at, pictures = json.loads(message[4 : 4 + length]), 4 + length, {}
    for name, camera in about["cameras"].items():
        pictures[name] = message[at : at + camera["bytes"]]
        at += camera["bytes"]
    assert at == len(message)
    return about, pictures


@pytest.fixture(scope="module")
def looked_on(watched, tmp_path_factory):
    """A view that has seen a whole run, and the run's results."""
    view, out = LiveView(), tmp_path_factory.mktemp("live")
    run(watched, out, ONLINE, listener=view)
    return view, Results.open(out)


def test_a_message_has_the_latest_of_every_camera(looked_on):
    view, results = looked_on
    number, message = view.message(0)
    about, pictures = read(message)
    assert about["cameras"].keys() == results.cameras.keys() == view.cameras.keys()
    for name, camera in about["cameras"].items():
        assert camera["frame"] == 24
        assert {row[0] for row in camera["boxes"]} == {1, 2}
        image = cv2.imdecode(np.frombuffer(pictures[name], np.uint8), cv2.IMREAD_COLOR)
        assert image.shape == (120, 160, 3)
    assert about["people"] == 2
    assert view.message(number) == (number, None)  # nothing new


def test_pictures_are_made_only_for_who_looks_on(watched, tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr("mtmc.viewer.live.LiveView._jpeg", lambda *_: made.append(1) or b"")
    view = LiveView()
    run(watched, tmp_path, ONLINE, listener=view)
    assert not made
    view.message(0)
    assert len(made) == 2


def test_what_was_revised_is_told():
    view, empty = LiveView(), np.zeros(0, int)

    def see(number, renewed, decided):
        step = SimpleNamespace(renewed=np.array(renewed).reshape(-1, 2), ended=empty)
        sighting = SimpleNamespace(frame=Frame("a", number, number / 10, None), step=step)
        labels = {"a": (np.zeros((0, 4)), empty, empty)}
        view.seen([sighting], labels, {TrackKey("a", t): p for t, p in decided.items()})

    see(1, [], {7: 3})
    see(2, [], {7: 3})
    assert read(view.message(0)[1])[0]["revised"] == []
    see(3, [(7, 8)], {})
    see(4, [], {8: 5})
    revised = read(view.message(0)[1])[0]["revised"]
    assert revised == [{"time": 0.4, "camera": "a", "track": 8, "was": 3, "person": 5}]


def test_nothing_that_is_sent_is_listened_to(looked_on):
    here = "127.0.0.1:8000"
    client = TestClient(Guard(live_application(looked_on[0])), base_url=f"http://{here}")
    origin = {"origin": f"http://{here}"}
    with client.websocket_connect(f"ws://{here}/live", headers=origin) as socket:
        socket.send_text("stop")
        assert read(socket.receive_bytes())[0]["people"] == 2
    for path in ("/corrections", "/boxes/0", "/video/left"):
        assert client.get(path).status_code == 404


def test_a_browser_looks_on(open_page, watched, tmp_path):
    served, going_on = Served(Address(port=0)), threading.Event()

    class Slow(LiveView):
        def seen(self, sightings, labels, decided):
            super().seen(sightings, labels, decided)
            if sightings[0].frame.index > 12:
                going_on.wait(30)  # until somebody has looked

    view = Slow(begun=lambda: served.start(live_application(view)))
    thread = threading.Thread(target=run, args=(watched, tmp_path, ONLINE, False, view))
    thread.start()
    page = open_page(served.url)
    page.locator("#live .cam[data-frame='13']").first.wait_for()
    assert "people so far" in page.locator("#live .count").inner_text()
    going_on.set()
    thread.join()
    view.ended = True
    page.get_by_text("The run has ended").wait_for()
    cameras = page.locator("#live .cam")
    assert [cameras.nth(n).get_attribute("data-frame") for n in (0, 1)] == ["24", "24"]
    assert set(cameras.first.get_attribute("data-people").split()) == {"1", "2"}
    served.stop()
