"""Live cameras, some of which hang."""

import threading
import time

from mtmc.sources import CameraReader, SourcesConfig, align
from mtmc.sources.background import Background
from mtmc.sources.cameras import Camera
from mtmc.sources.video import LiveStream
from mtmc.types import Frame


class Sender:
    """Sends 25 frames per second, not while ``hangs(seconds since the start)`` says so."""

    fps, size, total = 25.0, (8, 8), None

    def __init__(self, seconds, hangs=lambda seconds: False):
        self._seconds, self._hangs = seconds, hangs

    def frames(self, request):
        start = time.monotonic()
        index = 0
        while (now := time.monotonic() - start) < self._seconds and not request.closing.wait(0.04):
            if not self._hangs(now):
                index += 1
                yield Frame(str(id(self)), index, time.monotonic(), None)


def live(name, source):
    return CameraReader(Camera(name, "tcp://x", "live"), source, SourcesConfig())


def test_cameras_that_hang_do_not_starve_the_others():
    readers = [
        live("a", Sender(2.5)),
        live("b", Sender(2.5, lambda s: 0.3 < s < 2.1)),
        live("c", Sender(2.5, lambda s: s > 0.3)),
    ]
    for reader in readers:
        reader.start()
    seen = {"a": 0, "b": 0, "c": 0}
    last = {}
    for step in align(readers):
        for name, frame in step.items():
            seen[name] += 1
            last[name] = frame.time
    assert seen["a"] > 30  # of about 60; waiting for the two at every step leaves it but 15
    assert last["b"] > last["c"] + 1.5  # b came back


def test_who_waits_for_silent_cameras_can_be_stopped():
    readers = [live(name, Sender(60, lambda s: True)) for name in "ab"]
    for reader in readers:
        reader.start()
    steps = Background(align(readers), 2)
    assert steps.peek(0.6) is None
    start = time.monotonic()
    for reader in readers:
        reader.close()
    steps.close()
    assert time.monotonic() - start < 1


def test_a_stream_that_is_gone_can_be_stopped_while_it_is_opened_again(monkeypatch):
    # What opening gives is what ``_open`` gives: a container without frames, then nothing.
    class Ended:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def demux(self, stream):
            return iter(())

    reconnecting = threading.Event()

    def refuse(camera):
        from mtmc.errors import UserError

        reconnecting.set()
        raise UserError("gone")

    monkeypatch.setattr("mtmc.sources.video._open", refuse)
    source = LiveStream.__new__(LiveStream)
    source._camera, source._epoch, source._reconnect = Camera("a", "tcp://x", "live"), 0.0, 60.0
    source._opened = (Ended(), None)
    source.fps, source.size, source.total = 25.0, (8, 8), None
    reader = live("a", source)
    reader.start()
    assert reconnecting.wait(5)
    start = time.monotonic()
    reader.close()
    assert time.monotonic() - start < 0.5
    assert reader.ended
