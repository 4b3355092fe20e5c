"""``mtmc weights`` and the names that it makes known."""

import hashlib
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from mtmc.cli import app
from mtmc.detectors import detector_settings
from mtmc.errors import UserError
from mtmc.registry import DETECTORS
from mtmc.reid import ReidError, load, offers
from mtmc.reid.embedder import WEIGHTS


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "mtmc" / "weights"


def call(*arguments):
    return CliRunner().invoke(app, ["weights", *arguments], env={"COLUMNS": "200"})


def test_every_offer_is_pinned_and_says_its_licence():
    for offer in offers.OFFERS.values():
        assert len(bytes.fromhex(offer.sha256)) == 32
        assert offer.size > 1e6
        assert offer.licence
        assert all(url.startswith("https://") for url in offer.urls)
        assert offer.suffix in {".onnx", ".pth"}


def test_the_list_shows_all_and_what_is_here(shelf):
    shelf.mkdir(parents=True)
    (shelf / "yolox_s.onnx").touch()
    shown = call("list").output
    assert all(name in shown for name in offers.OFFERS)
    assert next(line for line in shown.splitlines() if " yes " in line).split()[1] == "yolox_s"
    assert str(shelf) in shown


def test_what_is_fetched_goes_by_its_name(shelf, monkeypatch):
    content = (WEIGHTS / "simulated.onnx").read_bytes()
    offer = replace(
        offers.OFFERS["yolox_nano"], size=len(content), sha256=hashlib.sha256(content).hexdigest()
    )
    monkeypatch.setitem(offers.OFFERS, "yolox_nano", offer)
    shelf.mkdir(parents=True)
    (shelf / "yolox_nano.onnx.part").write_bytes(content)  # all of it: nobody is asked
    assert "yolox_nano.onnx (Apache-2.0)" in call("get", "yolox_nano").output
    assert detector_settings("yolox_nano") == {
        "name": "onnx", "weights": str(shelf / "yolox_nano.onnx")
    }  # fmt: skip
    assert load("yolox_nano").dim == load("simulated").dim


def test_names_that_are_unknown_or_not_here_say_what_to_do(shelf):
    assert isinstance(call("get", "yolox_nan").exception, UserError)
    section = detector_settings("yolox_tiny")
    cls = DETECTORS.load(section["name"])
    with pytest.raises(UserError, match=r"`mtmc weights get yolox_tiny` does \(20 MB, Apache-2.0"):
        cls(cls.Config(section["weights"]), None)
    with pytest.raises(ReidError, match="`mtmc weights get osnet_x0_25_msmt17` does"):
        load("osnet_x0_25_msmt17")
    with pytest.raises(ReidError, match="or one of `mtmc weights list`"):
        load("osnet")
