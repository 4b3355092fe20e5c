from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Literal

import pytest

from mtmc import reid
from mtmc.reid.configuration import build_config, read_config, read_values
from mtmc.reid.strict_yaml import parse_yaml
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


def test_the_arguments_of_a_model_go_with_its_name(tmp_path) -> None:
    (tmp_path / "base.yaml").write_text("model: {name: a, args: {x: 1}}\n")
    for text, expected in (
        ("{name: b}", {"name": "b"}),
        ("{name: b, args: {y: 2}}", {"name": "b", "args": {"y": 2}}),
        ("{name: a, args: {y: 2}}", {"name": "a", "args": {"x": 1, "y": 2}}),
        ("{args: {x: 3}}", {"name": "a", "args": {"x": 3}}),
    ):
        (tmp_path / "c.yaml").write_text(f"base: base.yaml\nmodel: {text}\n")
        assert read_values(tmp_path / "c.yaml")["model"] == expected


def test_settings_win_over_the_file_and_files_over_their_base(tmp_path) -> None:
    (tmp_path / "base.yaml").write_text("inner: {rate: 5, kind: b}\nflag: true\n")
    text = "base: base.yaml\ninner: {rate: 6}\n"
    got = read(tmp_path, text, "inner.steps=[7]", "args.deep.x=1", "size=null")
    assert got == Outer(None, Inner(6.0, (7,), "b"), {"deep": {"x": 1}}, True)


@pytest.mark.parametrize(
    ("text", "settings", "message"),
    [
        ("innr: {}", (), "unknown key 'innr'; did you mean 'inner'?"),
        ("inner: {rat: 1}", (), "unknown key 'inner.rat'; did you mean 'inner.rate'?"),
        ("inner: {rate: fast}", (), "c.yaml: inner.rate: 'fast' should be a valid number"),
        ("inner: {rate: true}", (), "inner.rate: True should be a number"),
        ("inner: {kind: c}", (), "inner.kind: 'c' should be 'a' or 'b'"),
        ("inner: {steps: [1, x]}", (), "inner.steps[1]: 'x' should be a valid integer"),
        ("inner: {rate: -1}", (), "inner: rate must not be negative"),
        ("inner: 3", (), "inner: expected a section with keys, got 3"),
        ("size: [1, 2, 3]", (), "size: [1, 2, 3] should have at most 2 items"),
        ("flag: 2", (), "flag: 2 should be a valid boolean"),
        ("flag: true\nflag: false", (), "key 'flag' is given twice"),
        ("- 1", (), "expected keys and values, got a list"),
        ("a: [", (), "not valid YAML"),
        ("base: c.yaml", (), "builds on itself"),
        ("base: none.yaml", (), "none.yaml: cannot be read"),
        ("", ("flag",), "--set 'flag': expected key=value"),
        ("", ("inner.rate.x=1",), "inner.rate: {'x': 1} should be a valid number"),
    ],
)
def test_bad_input_is_one_clear_line(tmp_path, text, settings, message) -> None:
    with pytest.raises(reid.ReidError) as caught:
        read(tmp_path, text, *settings)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e-3", 0.001), ("3", 3.0), ("010", 10.0), ("-.5", -0.5), ("1_0", 10.0), ("0x10", 16.0)],
)
def test_numbers_are_what_they_look_like(tmp_path, text, value) -> None:
    @dataclass(frozen=True)
    class Number:
        x: float = 0.0

    path = tmp_path / "c.yaml"
    path.write_text(f"x: {text}\n")
    assert read_config(Number, path) == read_config(Number, path, [f"x={text}"]) == Number(value)
    assert parse_yaml("[1:30, 0o7, 08, 1.2.3, ., +, e5]") == [
        "1:30",
        "0o7",
        "08",
        "1.2.3",
        ".",
        "+",
        "e5",
    ]


SECTIONS = [f.name for f in fields(TrainConfig) if is_dataclass(f.default_factory)]
BOUNDED = [
    (section, f.name, key, f.metadata[key])
    for section in SECTIONS
    for f in fields(getattr(TrainConfig(), section))
    for key in ("ge", "gt", "le", "lt")
    if key in f.metadata
]


@pytest.mark.parametrize(("section", "name", "key", "bound"), BOUNDED)
def test_ranges_are_held(section, name, key, bound) -> None:
    wrong = bound if key in {"gt", "lt"} else bound - 1 if key == "ge" else bound + 1
    cls = type(getattr(TrainConfig(), section))
    with pytest.raises(ValueError, match=name):
        cls(**{name: wrong})
    with pytest.raises(reid.ReidError, match=rf"{section}: {name} should be .*, got "):
        build_config(TrainConfig, {section: {name: wrong}}, "a.yaml")


def test_a_training_survives_the_round_trip_through_yaml(tmp_path) -> None:
    import yaml

    config = TrainConfig()
    path = tmp_path / "c.yaml"
    path.write_text(yaml.safe_dump(config.to_dict()))
    assert read_config(TrainConfig, path) == config
