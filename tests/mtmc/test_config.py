from dataclasses import dataclass, field

import pytest

from mtmc.config import build, choose, load_settings, override, preset_folder, read_yaml
from mtmc.errors import UserError
from mtmc.registry import DETECTORS
from mtmc.run.config import RunConfig


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
        ({"rate": -1}, "x: rate must not be negative"),
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


def test_what_looks_like_a_date_or_a_number_is_text_where_text_is_wanted(tmp_path):
    assert override({}, ["a=2024-13-45", "b=0"]) == {"a": "2024-13-45", "b": 0}
    assert build(Outer, {"name": 0}, "x").name == "0"
    (tmp_path / "a.yaml").write_text("day: 2024-11-20\nwrong: 2024-13-45\n")
    assert read_yaml(tmp_path / "a.yaml") == {"day": "2024-11-20", "wrong": "2024-13-45"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: {c: 1, c: 2}", "key 'c' is given twice.*line 2"),
        ("a: 1\na: 2", "key 'a' is given twice"),
        ("a: !!timestamp 2024-13-45", "not valid YAML"),
        ("a: !!int x", "not valid YAML"),
        ("[" * 5000, "not valid YAML: nested too deep|not valid YAML: maximum recursion"),
    ],
)
def test_yaml_that_cannot_be_read(tmp_path, text, message):
    path = tmp_path / "a.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=f"a.yaml: .*(?:{message})"):
        read_yaml(path)
    with pytest.raises(UserError, match="the value is not valid YAML"):
        override({}, [f"a={{{text}}}" if text[0] == "a" else f"a={text}"])


def test_merged_yaml_mappings_are_not_keys_given_twice(tmp_path):
    (tmp_path / "a.yaml").write_text(
        "x: &x {k: 1}\ny:\n  deep: &y {<<: *x, k: 2}\nz: {<<: *y, k: 3}\n"
    )
    assert read_yaml(tmp_path / "a.yaml")["z"] == {"k": 3}


def test_keys_that_are_no_text_are_unknown():
    with pytest.raises(UserError, match="unknown section '1'"):
        RunConfig.from_settings({1: 2})
    with pytest.raises(UserError, match=r"unknown key 'x\.1'"):
        build(Outer, {1: 2}, "x")


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


def bomb(levels=9):
    value = "&a0 [" + ",".join(["lol"] * 9) + "]"
    for level in range(1, levels):
        value = f"&a{level} [{value}" + f",*a{level - 1}" * 8 + "]"
    return value


MERGED = "a: &a {x: 1}\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} {{<<: [{','.join(['*' + chr(97 + i)] * 9)}]}}\n"
    for i in range(9)
)


@pytest.mark.parametrize("text", [f"x: {bomb()}", f"? {bomb()}\n: 1", MERGED, f"cameras: {bomb()}"])
@pytest.mark.parametrize("as_text", [False, True])
def test_aliases_do_not_explode(tmp_path, text, as_text):
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(UserError, match="its aliases stand for more than 1000000 values"):
        read_yaml(tmp_path / "a.yaml", as_text)


@pytest.mark.parametrize("text", ["a: &a [*a]", "a: &a {b: {c: *a}}", "&a [1, *a]"])
def test_a_value_that_holds_itself_is_refused(tmp_path, text):
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(UserError, match="a value holds itself"):
        read_yaml(tmp_path / "a.yaml")


def test_aliases_as_people_use_them_are_fine(tmp_path):
    cameras = "".join(f"c{n}: {{<<: *all, offset: {n}}}\n" for n in range(60))
    (tmp_path / "a.yaml").write_text(f"all: &all {{fps: 25}}\nlist: {bomb(3)}\n{cameras}")
    assert read_yaml(tmp_path / "a.yaml")["c7"] == {"fps": 25, "offset": 7}


def test_messages_never_repeat_all_that_was_given():
    huge = {"k" * 10**6: ["x" * 10**6] * 1000}
    for wrong in (huge, [huge] * 1000, "x" * 10**7):
        with pytest.raises(UserError) as error:
            build(Outer, wrong, "x")
        assert len(str(error.value)) < 1000
        with pytest.raises(UserError) as error:
            build(Outer, {"rate": wrong}, "x")
        assert len(str(error.value)) < 1000
    with pytest.raises(UserError) as error:
        choose(DETECTORS, "x" * 10**7, "onnx")
    assert len(str(error.value)) < 1000


def test_yaml_messages_do_not_repeat_the_line(tmp_path):
    (tmp_path / "a.yaml").write_text('x: {url: "rtsp://joe:S3cretPw@h/x" y: 1}')
    with pytest.raises(UserError, match=r"not valid YAML: .* in line 1, column 36") as error:
        read_yaml(tmp_path / "a.yaml")
    assert "joe" not in str(error.value)


def test_names_in_any_file_stay_what_is_written(tmp_path):
    (tmp_path / "a.yaml").write_text("cameras: {010: {fps: 010}, on: 1}\nlist: [{name: 007}]\n")
    settings = read_yaml(tmp_path / "a.yaml")
    assert list(settings["cameras"]) == ["010", "on"]
    assert settings["list"] == [{"name": "007"}]
