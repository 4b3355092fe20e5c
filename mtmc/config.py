"""From YAML files and ``--set key=value`` to frozen, checked configuration objects.

Every section is a stdlib dataclass that holds its own defaults; nothing is defaulted here.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError

from mtmc.errors import UserError, unknown_name
from mtmc.registry import PluginTable

Settings = dict[str, Any]
T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class Plugin:
    """A chosen plug-in: its name, its class and its filled configuration."""

    name: str
    cls: Any
    config: Any

    def settings(self) -> Settings:
        """The choice as it is written in YAML."""
        return {"name": self.name, **dataclasses.asdict(self.config)}


def require(condition: bool, message: str) -> None:
    """Check a setting from a ``__post_init__``.

    Raises:
        ValueError: ``message``, when the condition does not hold.
    """
    if not condition:
        raise ValueError(message)


def require_fraction(config: Any, *names: str) -> None:
    """Check that the named settings of ``config`` lie in 0..1.

    Raises:
        ValueError: one does not.
    """
    for name in names:
        value = getattr(config, name)
        require(math.isfinite(value) and 0 <= value <= 1, f"{name} must be in 0..1, got {value}")


class _Loader(yaml.SafeLoader):
    """Plain YAML, but a key given twice is an error and what looks like a date stays text."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            if (key.tag, str(key.value)) in seen:
                raise yaml.composer.ComposerError(
                    problem=f"key {key.value!r} is given twice", problem_mark=key.start_mark
                )
            seen.add((key.tag, str(key.value)))
        return node


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse_yaml(text: str) -> Any:
    """The value in a YAML text.

    Raises:
        ValueError: it is not YAML.
    """
    try:
        return yaml.load(text, _Loader)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(str(error) or "nested too deep") from error


def read_yaml(path: Path) -> Settings:
    """The mapping in a YAML file.

    Raises:
        UserError: it cannot be read, is not YAML, or is not a mapping.
    """
    try:
        settings = parse_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read: {error}") from error
    except ValueError as error:
        raise UserError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
    if settings is None:
        return {}
    if not isinstance(settings, dict):
        raise UserError(f"{path}: expected keys and values, got a {type(settings).__name__}")
    return settings


def preset_folder() -> Path:
    """Where the presets of ``mtmc run`` live: installed beside the package, or in a checkout."""
    installed = Path(str(resources.files("mtmc"))) / "configs"
    return installed if installed.is_dir() else Path(__file__).parent.parent / "configs" / "run"


def load_settings(config: str) -> Settings:
    """The settings of a YAML file, or of the preset of that name.

    Raises:
        UserError: there is neither, or the file is unusable.
    """
    if Path(config).is_file():
        return read_yaml(Path(config))
    presets = {path.stem: path for path in sorted(preset_folder().glob("*.yaml"))}
    if config in presets:
        return read_yaml(presets[config])
    if Path(config).suffix:
        raise UserError(f"{config}: no such configuration file (presets: {', '.join(presets)})")
    raise unknown_name("preset", config, presets)


def override(settings: Settings, assignments: Iterable[str]) -> Settings:
    """``settings`` with each ``section.key=value`` applied; values are read as YAML.

    Raises:
        UserError: an assignment has no ``=``, or goes through a key that is not a section.
    """
    result = _copy(settings)
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals or not key.strip():
            raise UserError(f"--set {assignment!r}: expected key=value, as in detector.name=onnx")
        *sections, name = key.strip().split(".")
        target = result
        for section in sections:
            inner = target.setdefault(section, {})
            if not isinstance(inner, dict):
                raise UserError(f"--set {assignment!r}: {section!r} is a value, not a section")
            target = inner
        try:
            target[name] = parse_yaml(text)
        except ValueError as error:
            raise UserError(f"--set {assignment!r}: the value is not valid YAML") from error
    return result


def _copy(settings: Mapping[str, Any]) -> Settings:
    return {k: _copy(v) if isinstance(v, Mapping) else v for k, v in settings.items()}


def build(cls: type[T], settings: Any, where: str) -> T:
    """Fill the dataclass ``cls`` from plain settings.

    Args:
        cls: a dataclass whose fields all have defaults.
        settings: a mapping with a subset of its fields.
        where: the section's name for error messages, such as ``detector``.

    Raises:
        UserError: a key is unknown, or a value has the wrong type or range.
    """
    if not isinstance(settings, Mapping):
        raise UserError(f"{where}: expected a section with keys, got {settings!r}")
    known = {f.name for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
    for key in settings:
        if key not in known:
            raise unknown_name("key", f"{where}.{key}", {f"{where}.{k}" for k in known})
    hints = get_type_hints(cls)
    values = {
        key: build(hints[key], value, f"{where}.{key}")
        if dataclasses.is_dataclass(hints[key]) and value is not None
        else _check(hints[key], value, f"{where}.{key}")
        for key, value in settings.items()
    }
    try:
        return cls(**values)
    except ValueError as error:
        raise UserError(f"{where}: {error}") from error


def _check(hint: Any, value: Any, where: str) -> Any:
    try:
        # YAML reads the 0 of `device: 0` as a number.
        adapter = TypeAdapter(hint, config=ConfigDict(coerce_numbers_to_str=True))
        return adapter.validate_python(value)
    except ValidationError as error:
        reason = error.errors()[0]["msg"].lower().removeprefix("input ")
        raise UserError(f"{where}: {value!r} {reason}") from error


def choose(table: PluginTable, settings: Any, default: str) -> Plugin:
    """The plug-in a section names (``default`` where it names none), with its configuration.

    Raises:
        UserError: the name or one of the keys is unknown, or a value is wrong.
    """
    if isinstance(settings, str):
        settings = {"name": settings}
    if not isinstance(settings, Mapping):
        raise UserError(f"{table.kind}: expected a name or a section, got {settings!r}")
    name = str(settings.get("name", default))
    cls = table.load(name)
    options = {key: value for key, value in settings.items() if key != "name"}
    return Plugin(name, cls, build(cls.Config, options, table.kind))
