from dataclasses import fields, is_dataclass
from typing import get_type_hints

import pytest

from mtmc.config import load_settings
from mtmc.errors import UserError
from mtmc.offline.completion import CompletionConfig
from mtmc.run.config import SECTIONS, TABLES, RunConfig
from mtmc.run.networks import stand_ins


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
        "detector": {"name": "onnx", "weights": "simulated"},
        "tracker": {"name": "coast"},
        "associator": {"name": "offline"},
        "reid": {"weights": "simulated"},
    }
    given = {"tracker": {"max_age": 2.0, "min_hits": 3}, "completion": None, "calibration": "c"}
    written = RunConfig.from_settings(given).chosen(given)
    assert written["tracker"] == {"name": "coast", "max_age": 2.0, "min_hits": 3}
    assert written["completion"] is None
    assert written["calibration"] == "c"


def detector_of(section, **others):
    config = RunConfig.from_settings({"detector": section, **others})
    return config.detector.name, config.detector.config.weights, config.refine


@pytest.mark.parametrize("section", [{}, {"confidence": 0.3}])
def test_a_detector_nobody_chose_is_the_packages_own(section):
    name, weights, refine = detector_of(section)
    assert (name, weights, refine.thing_age) == ("onnx", "simulated", 10)
    assert detector_of(section, refine={"thing_age": 3})[2].thing_age == 3
    assert detector_of(section, refine=None)[2] is None


def test_weights_alone_choose_the_detector_that_opens_them():
    plain = detector_of({"weights": "a.onnx"})[2]
    assert detector_of({"weights": "a.onnx"}) == ("onnx", "a.onnx", plain)
    assert detector_of({"weights": "a.pt"}) == ("ultralytics", "a.pt", plain)
    assert detector_of({"name": "ultralytics"}) == ("ultralytics", "yolo11n.pt", plain)


def test_what_nobody_chose_is_said_and_how_to_get_better():
    assert len(list(stand_ins({}))) == 2
    assert "--reid" in next(stand_ins({"detector": "motion"}))
    assert "--detector" in next(stand_ins({"reid": {"weights": "none"}}))
    for preset in ("simulated", "weights-free"):
        assert not list(stand_ins(load_settings(preset)))


@pytest.mark.parametrize("preset", ["crowd", "live", "openvino-omz", "simulated", "weights-free"])
def test_what_is_written_out_gives_the_same_settings(preset):
    given = load_settings(preset) | {"refine": None, "output": {"video": False}}
    config = RunConfig.from_settings(given)
    assert RunConfig.from_settings(config.chosen(given)) == config


def with_inner(cls):
    """A class of settings and those of the sections within it."""
    yield cls
    for hint in get_type_hints(cls).values():
        if is_dataclass(hint):
            yield from with_inner(hint)


PLUGINS = [table.load(name).Config for table in TABLES.values() for name in table.builtin]
CLASSES = {each for cls in (*PLUGINS, *SECTIONS.values()) for each in with_inner(cls)}
BEYOND = {"ge": -1, "gt": 0, "le": 1, "lt": 0}  # from a bound to what it refuses


@pytest.mark.parametrize("cls", sorted(CLASSES, key=str), ids=lambda cls: cls.__qualname__)
def test_every_range_that_is_declared_is_held(cls):
    for f in fields(cls):
        wrong = [f.metadata[key] + step for key, step in BEYOND.items() if key in f.metadata]
        wrong += [float("nan")] if isinstance(f.default, float) else []
        for value in wrong:
            with pytest.raises(ValueError, match=f.name):
                cls(**{f.name: value})
