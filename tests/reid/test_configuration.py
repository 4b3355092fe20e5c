from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from mtmc import reid
from mtmc.reid.configuration import read_config
from mtmc.reid.training.config import TrainConfig


@dataclass(frozen=True)
class Inner:
    rate: float = 0.1
    steps: tuple[int, ...] = (1, 2)
    kind: Literal["a", "b"] = "a"

    def __post_init__(self) -> None:
        if self.rate < 0:
            raise ValueError("rate must not be negative")


@dataclass(frozen=True)
class Outer:
    size: tuple[int, int] | None = None
    inner: Inner = field(default_factory=Inner)
    args: dict[str, Any] = field(default_factory=dict)
    flag: bool = False


def read(tmp_path, text, *settings):
    path = tmp_path / "c.yaml"
    path.write_text(text)
    return read_config(Outer, path, settings)


def test_values_land_where_they_belong(tmp_path) -> None:
    text = "size: [4, 2]\ninner: {rate: 1, steps: []}\nargs: {x: [1]}\nflag: true\n"
    expected = Outer((4, 2), Inner(1.0, ()), {"x": [1]}, True)
    assert read(tmp_path, text) == expected
    assert read(tmp_path, "") == Outer()


def test_settings_win_over_the_file_and_files_over_their_base(tmp_path) -> None:
    (tmp_path / "base.yaml").write_text("inner: {rate: 5, kind: b}\nflag: true\n")
    text = "base: base.yaml\ninner: {rate: 6}\n"
    got = read(tmp_path, text, "inner.steps=[7]", "args.deep.x=1", "size=null")
    assert got == Outer(None, Inner(6.0, (7,), "b"), {"deep": {"x": 1}}, True)


@pytest.mark.parametrize(
    ("text", "settings", "message"),
    [
        ("innr: {}", (), "unknown key 'innr'; did you mean 'inner'?"),
        ("inner: {rat: 1}", (), "did you mean 'rate'? (available: kind, rate, steps) in 'inner'"),
        ("inner: {rate: fast}", (), "inner.rate expects a number, got 'fast'"),
        ("inner: {rate: true}", (), "inner.rate expects a number, got True"),
        ("inner: {kind: c}", (), "inner.kind expects one of a, b, got 'c'"),
        ("inner: {steps: [1, x]}", (), "inner.steps[1] expects a whole number, got 'x'"),
        ("inner: {rate: -1}", (), "inner: rate must not be negative"),
        ("inner: 3", (), "inner expects keys and values, got 3"),
        ("size: [1, 2, 3]", (), "size expects a list of 2 int"),
        ("flag: 1", (), "flag expects true or false, got 1"),
        ("- 1", (), "expected keys and values, got a list"),
        ("a: [", (), "not a YAML file"),
        ("base: c.yaml", (), "builds on itself"),
        ("base: none.yaml", (), "none.yaml: cannot be read"),
        ("", ("flag",), "--set flag: expected key=value"),
        ("", ("inner.rate.x=1",), "inner.rate expects a number"),
    ],
)
def test_bad_input_is_one_clear_line(tmp_path, text, settings, message) -> None:
    with pytest.raises(reid.ReidError) as caught:
        read(tmp_path, text, *settings)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_training_survives_the_round_trip_through_yaml(tmp_path) -> None:
    import yaml

    config = TrainConfig()
    path = tmp_path / "c.yaml"
    path.write_text(yaml.safe_dump(config.to_dict()))
    assert read_config(TrainConfig, path) == config
