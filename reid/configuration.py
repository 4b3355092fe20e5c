"""From YAML files and ``--set key=value`` to frozen, checked configuration objects.

Every section is a dataclass that holds its own defaults; nothing is defaulted here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

from mtmc.reid.errors import ReidError, quoted, unknown_text
from mtmc.reid.strict_yaml import parse_yaml, read_yaml

if TYPE_CHECKING:
    from collections.abc import Sequence

BASE = "base"  # key that names the YAML file a file builds on
Settings = dict[str, Any]
T = TypeVar("T")


def read_config(cls: type[T], path: Path, settings: Sequence[str] = ()) -> T:
    """Fill a dataclass from a YAML file and ``key=value`` settings.

    A file may name another one under ``base``, relative to itself, whose values it changes; the
    arguments of a model go with its name.

    Args:
        cls: a dataclass whose fields all have defaults.
        path: the file.
        settings: like ``schedule.epochs=10``; the value is read as YAML and wins over the file.

    Raises:
        ReidError: the file cannot be read, a key does not exist, or a value does not fit.
    """
    return build_config(cls, read_values(path, settings), str(path))


def read_values(path: Path, settings: Sequence[str] = ()) -> Settings:
    """The nested values of a YAML file and ``key=value`` settings, not checked yet.

    Raises:
        ReidError: the file or a setting cannot be read.
    """
    return override(_with_base(path, ()), settings, "schedule.epochs=10")


def build_config(cls: type[T], values: Any, source: str) -> T:
    """`build`, with errors that begin with where the values come from.

    Raises:
        ReidError: a key does not exist or a value does not fit.
    """
    try:
        return build(cls, values, "")
    except ReidError as error:
        raise ReidError(f"{source}: {error}") from error


def override(settings: Settings, assignments: Iterable[str], example: str) -> Settings:
    """``settings`` with each ``section.key=value`` applied; values are read as YAML.

    Args:
        settings: nested; left as they are.
        assignments: in order.
        example: of an assignment, for messages.

    Raises:
        ReidError: an assignment has no ``=``, or goes through a key that is not a section.
    """
    result = _copy(settings)
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals or not key.strip():
            raise ReidError(f"--set {assignment!r}: expected key=value, as in {example}")
        *sections, name = key.strip().split(".")
        target = result
        for section in sections:
            inner = target.setdefault(section, {})
            if not isinstance(inner, dict):
                raise ReidError(f"--set {assignment!r}: {section!r} is a value, not a section")
            target = inner
        try:
            target[name] = parse_yaml(text)
        except ValueError as error:
            raise ReidError(f"--set {assignment!r}: the value is not valid YAML") from error
    return result


def build(cls: type[T], settings: Any, where: str) -> T:
    """Fill the dataclass ``cls`` from plain settings.

    Args:
        cls: a dataclass whose fields all have defaults.
        settings: a mapping with a subset of its fields.
        where: the section's name for error messages, such as ``detector``; may be empty.

    Raises:
        ReidError: a key is unknown, or a value has the wrong type or range.
    """
    if not isinstance(settings, Mapping):
        raise ReidError(f"{_prefix(where)}expected a section with keys, got {quoted(settings)}")
    dot = f"{where}." if where else ""
    known = {f.name for f in fields(cls)}  # type: ignore[arg-type]
    for key in settings:
        if key not in known:
            name = f"{dot}{key}" if isinstance(key, str) else f"{dot}{quoted(key)}"
            raise ReidError(unknown_text("key", name, {f"{dot}{k}" for k in known}))
    hints = get_type_hints(cls)
    values = {
        key: build(hints[key], value, f"{dot}{key}")
        if is_dataclass(hints[key]) and value is not None
        else _checked(hints[key], value, f"{dot}{key}")
        for key, value in settings.items()
    }
    try:
        return cls(**values)
    except ValueError as error:
        raise ReidError(f"{_prefix(where)}{complaint(error)}") from error


def complaint(error: ValueError) -> str:
    """What a settings object did not like about its values."""
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors()[0]
    name = "".join(f"{part} " for part in first["loc"])
    got = "" if first["type"] == "value_error" else f", got {quoted(first['input'])}"
    return f"{name}{_reason(first['msg'])}{got}"


def _checked(hint: Any, value: Any, where: str) -> Any:
    try:
        # YAML reads the 0 of `device: 0` as a number.
        adapter = TypeAdapter(hint, config=ConfigDict(coerce_numbers_to_str=True))
        result = adapter.validate_python(value)
    except ValidationError as error:
        first, *others = error.errors()
        part = "".join(f"[{part}]" for part in first["loc"] if isinstance(part, int))
        wrong = f"{where}{part}: {quoted(first['input'] if part else value)}"
        alternatives = [each for each in others if not part and each["input"] == first["input"]]
        reasons = dict.fromkeys(_reason(each["msg"]) for each in (first, *alternatives))
        raise ReidError(f"{wrong} {' or '.join(reasons)}") from error
    if isinstance(value, bool) and isinstance(result, int | float) and result is not value:
        raise ReidError(f"{where}: {value} should be a number")
    return result


def _reason(message: str) -> str:
    """Pydantic's words in the middle of a sentence."""
    return re.sub(r"^\w+ should", "should", message.removeprefix("Value error, "))


def _prefix(where: str) -> str:
    return f"{where}: " if where else ""


def _copy(settings: Mapping[str, Any]) -> Settings:
    return {k: _copy(v) if isinstance(v, Mapping) else v for k, v in settings.items()}


def _with_base(path: Path, seen: tuple[Path, ...]) -> Settings:
    if path.resolve() in seen:
        raise ReidError(f"{path}: builds on itself through '{BASE}'")
    content = read_yaml(path)
    base = content.pop(BASE, None)
    if base is None:
        return content
    return _merged(_with_base(path.parent / str(base), (*seen, path.resolve())), content)


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> Settings:
    result = dict(under)
    if over.get("name", under.get("name")) != under.get("name"):
        result.pop("args", None)  # the arguments of another model
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = _merged(result[key], value) if both else value
    return result
