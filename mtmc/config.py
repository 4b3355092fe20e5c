"""From YAML files and ``--set key=value`` to frozen, checked configuration objects.

Every section is a stdlib dataclass that holds its own defaults; nothing is defaulted here.
"""

from __future__ import annotations

import dataclasses
import math
import unicodedata
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError

from mtmc.errors import UserError, quoted, unknown_name
from mtmc.registry import PluginTable
from mtmc.text import read_text

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
    """Plain YAML, but with a guard on what its aliases expand to, and with names left as written.

    A key given twice is an error, what looks like a date stays text, and so does every key and
    what stands under ``name``: a camera called ``010``, ``on`` or ``1.10`` keeps that name.
    """

    def __init__(self, stream: Any) -> None:
        super().__init__(stream)
        self._expanded: dict[int, int] = {}  # how many values a node stands for, by its id
        self._aliases = 0

    def compose_node(self, parent: Any, index: Any) -> yaml.Node | None:
        alias = self.check_event(yaml.AliasEvent)
        self._aliases += alias
        node = super().compose_node(parent, index)
        if node is None:
            return None
        if not alias:
            self._expanded[id(node)] = 1 + sum(self._expanded[id(part)] for part in _parts(node))
        problem = None
        if id(node) not in self._expanded:
            problem = "a value holds itself"
        elif self._aliases and self._expanded[id(node)] > MOST_VALUES:
            problem = f"its aliases stand for more than {MOST_VALUES} values"
        if problem:
            raise yaml.composer.ComposerError(problem=problem, problem_mark=node.start_mark)
        return node

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == MERGE:
                continue
            _keep_text(key)
            if key.value in NAMES:
                _keep_text(value)
            if key.value in seen:
                raise yaml.composer.ComposerError(
                    problem=f"key {key.value!r} is given twice", problem_mark=key.start_mark
                )
            seen.add(key.value)
        return node


def _parts(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


MERGE, TEXT, NULL = "tag:yaml.org,2002:merge", "tag:yaml.org,2002:str", "tag:yaml.org,2002:null"
MOST_VALUES = 1_000_000  # that aliases may expand to
NAMES = frozenset({"name", "camera"})  # keys of what is called something


def _keep_text(node: yaml.Node) -> None:
    """Take a scalar that stands there plainly as it is written, in the one form of Unicode."""
    if isinstance(node, yaml.ScalarNode) and (node.style or node.tag != NULL):
        node.tag = TEXT if node.style is None else node.tag
        node.value = unicodedata.normalize("NFC", node.value)


class _TextLoader(_Loader):
    """Every value is text as it is written, but for those left out."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_TextLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag in {MERGE, NULL}]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse_yaml(text: str, as_text: bool = False) -> Any:
    """The value in a YAML text.

    Args:
        text: the YAML.
        as_text: leave numbers, ``true`` and ``on`` the text they are.

    Raises:
        ValueError: it is not YAML.
    """
    try:
        return yaml.load(text, _TextLoader if as_text else _Loader)
    except yaml.MarkedYAMLError as error:
        # Not str(error): it repeats the line, and whatever password is in it.
        where = error.problem_mark or error.context_mark
        at = f" in line {where.line + 1}, column {where.column + 1}" if where else ""
        raise ValueError(f"{error.problem or error.context}{at}{_hint(error)}") from error
    except yaml.reader.ReaderError as error:
        raise ValueError(f"character {error.character:#x} is not allowed") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ValueError(str(error) or "nested too deep") from error


def _hint(error: yaml.MarkedYAMLError) -> str:
    if "unknown escape" not in str(error.problem):
        return ""
    return "; in \"double quotes\" a backslash begins an escape, so use 'single' ones"


def read_yaml(path: Path, as_text: bool = False) -> Settings:
    """The mapping in a YAML file.

    Args:
        path: of the file.
        as_text: leave numbers, ``true`` and ``on`` the text they are.

    Raises:
        UserError: it cannot be read, is not YAML, or is not a mapping.
    """
    try:
        settings = parse_yaml(read_text(path), as_text)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not text in UTF-8; save it as that") from error
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
        raise UserError(f"{where}: expected a section with keys, got {quoted(settings)}")
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
        raise UserError(f"{where}: {quoted(value)} {reason}") from error


def choose(table: PluginTable, settings: Any, default: str) -> Plugin:
    """The plug-in a section names (``default`` where it names none), with its configuration.

    Raises:
        UserError: the name or one of the keys is unknown, or a value is wrong.
    """
    if isinstance(settings, str):
        settings = {"name": settings}
    if not isinstance(settings, Mapping):
        raise UserError(f"{table.kind}: expected a name or a section, got {quoted(settings)}")
    name = str(settings.get("name", default))
    cls = table.load(name)
    options = {key: value for key, value in settings.items() if key != "name"}
    return Plugin(name, cls, build(cls.Config, options, table.kind))
