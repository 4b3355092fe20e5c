import pytest

from mtmc.config import load_settings
from mtmc.errors import UserError
from mtmc.offline.completion import CompletionConfig
from mtmc.run.config import RunConfig


def test_what_can_be_left_out():
    config = RunConfig.from_settings({"refine": None, "completion": False})
    assert config.refine is None
    assert config.completion is None
    assert RunConfig.from_settings(config.settings()) == config


def test_the_completion_is_on_and_has_settings():
    assert RunConfig.from_settings({}).completion == CompletionConfig()
    chosen = RunConfig.from_settings({"completion": {"support": 1.0}})
    assert chosen.completion == CompletionConfig(support=1.0)
    assert RunConfig.from_settings(chosen.settings()) == chosen


@pytest.mark.parametrize("wrong", [{"support": -1}, {"suport": 1}, {"seen_share": "much"}])
def test_wrong_settings_are_named(wrong):
    with pytest.raises(UserError, match="completion"):
        RunConfig.from_settings({"completion": wrong})


def test_what_is_written_out_is_what_was_chosen_and_what_differs():
    plain = RunConfig.from_settings({}).chosen({})
    assert plain == {
        "detector": {"name": "ultralytics", "weights": "yolo11n.pt"},
        "tracker": {"name": "coast"},
        "associator": {"name": "offline"},
        "reid": {"weights": "color"},
    }
    given = {"tracker": {"max_age": 2.0, "min_hits": 3}, "completion": None, "calibration": "c"}
    written = RunConfig.from_settings(given).chosen(given)
    assert written["tracker"] == {"name": "coast", "max_age": 2.0, "min_hits": 3}
    assert written["completion"] is None
    assert written["calibration"] == "c"


@pytest.mark.parametrize("preset", ["crowd", "live", "simulated", "weights-free"])
def test_what_is_written_out_gives_the_same_settings(preset):
    given = load_settings(preset) | {"refine": None, "output": {"video": False}}
    config = RunConfig.from_settings(given)
    assert RunConfig.from_settings(config.chosen(given)) == config
