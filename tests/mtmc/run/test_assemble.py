from pathlib import Path
from types import SimpleNamespace

import pytest

from mtmc.config import Plugin
from mtmc.run import assemble as module
from mtmc.run.assemble import assemble
from mtmc.run.config import RunConfig
from mtmc.sources import Camera


class OpenedError(Exception):
    """The cameras are."""


@pytest.mark.parametrize(("kind", "stateful"), [("live", False), ("live", True), ("video", False)])
def test_networks_are_warm_before_live_cameras_are_opened(monkeypatch, kind, stateful):
    done = []

    class Detector:
        def __init__(self, config, root):
            self.stateful = stateful

        def detect(self, frames):
            done.append("detect")

    def open_cameras(*_):
        done.append("open")
        raise OpenedError

    embedder = SimpleNamespace(embed=lambda crops: done.append("embed"))
    monkeypatch.setattr(module, "load_embedder", lambda config: embedder)
    monkeypatch.setattr(module, "open_cameras", open_cameras)
    config = RunConfig.from_settings({"detector": "motion"})
    object.__setattr__(config, "detector", Plugin("mine", Detector, SimpleNamespace()))
    with pytest.raises(OpenedError):
        assemble(config, [Camera("door", "rtsp://x", kind)], Path())
    # One that learns from every picture must not see one of nothing.
    expected = [*([] if stateful else ["detect"]), "embed"] if kind == "live" else []
    assert done == [*expected, "open"]
