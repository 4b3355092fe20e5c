from dataclasses import dataclass, field

import pytest

from mtmc.config import build, choose, load_settings, override, preset_folder
from mtmc.errors import UserError
from mtmc.registry import DETECTORS
from mtmc.run_config import RunConfig


@dataclass(frozen=True)
class Inner:
    size: int = 3


@dataclass(frozen=True)
class Outer:
    rate: float = 0.5
    name: str | None = None
    inner: Inner = field(default_factory=Inner)

    def __post_init__(self):
        if self.rate < 0:
            raise ValueError("rate must not be negative")


def test_build_fills_and_checks():
    assert build(Outer, {"rate": 1, "inner": {"size": "4"}}, "x") == Outer(1.0, None, Inner(4))
    for settings, message in (
        ({"rtae": 1}, r"unknown key 'x\.rtae'; did you mean 'x\.rate'"),
        ({"rate": "fast"}, r"x\.rate: 'fast' should be a valid number"),
        ({"rate": -1}, "x: rate must not be negative"),
        ({"inner": 3}, r"x\.inner: expected a section with keys, got 3"),
        (3, "x: expected a section with keys, got 3"),
    ):
        with pytest.raises(UserError, match=message):
            build(Outer, settings, "x")


def test_override_reads_yaml_values_and_leaves_the_original():
    settings = {"a": {"b": 1}}
    changed = override(settings, ["a.c=[1, 2]", "d=true", "a.b=x=y"])
    assert changed == {"a": {"b": "x=y", "c": [1, 2]}, "d": True}
    assert settings == {"a": {"b": 1}}
    for wrong, message in (("a", "expected key=value"), ("a.b.c=1", "'b' is a value")):
        with pytest.raises(UserError, match=message):
            override(settings, [wrong])


def test_choose_names_what_exists():
    assert choose(DETECTORS, "motion", "onnx").name == "motion"
    assert choose(DETECTORS, {"width": 99}, "motion").config.width == 99
    with pytest.raises(UserError, match="did you mean 'motion'"):
        choose(DETECTORS, "motoin", "onnx")


def test_settings_survive_a_round_trip():
    settings = {"detector": {"name": "motion", "width": 320}, "reid": "none"}
    config = RunConfig.from_settings(settings)
    assert RunConfig.from_settings(config.settings()) == config
    assert config.reid.weights == "none"
    assert config.associator.name == "offline"
    assert RunConfig.from_settings(settings, live=True).associator.name == "online"
    with pytest.raises(UserError, match="unknown section 'detektor'; did you mean 'detector'"):
        RunConfig.from_settings({"detektor": {}})


def test_every_preset_is_valid():
    presets = sorted(path.stem for path in preset_folder().glob("*.yaml"))
    assert presets
    for preset in presets:
        RunConfig.from_settings(load_settings(preset))
    with pytest.raises(UserError, match="unknown preset"):
        load_settings("nope")


def test_plugins_of_other_packages_join_by_entry_point(monkeypatch):
    from importlib.metadata import EntryPoint

    point = EntryPoint("mine", "mtmc.detectors.motion:MotionDetector", "mtmc.detectors")
    monkeypatch.setattr("mtmc.registry.entry_points", lambda group: [point])
    assert DETECTORS.load("mine").__name__ == "MotionDetector"
    broken = EntryPoint("broken", "nowhere:Nothing", "mtmc.detectors")
    monkeypatch.setattr("mtmc.registry.entry_points", lambda group: [broken])
    with pytest.raises(UserError, match=r"detector 'broken' \(nowhere:Nothing\) cannot be loaded"):
        DETECTORS.load("broken")
