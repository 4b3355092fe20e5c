"""Strict YAML and ``key=value`` settings into frozen dataclasses."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import yaml

from mtmc.reid.errors import ReidError
from mtmc.reid.registry import unknown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BASE = "base"  # key that names the YAML file a file builds on
Config = TypeVar("Config")


def read_config(cls: type[Config], path: Path, settings: Sequence[str] = ()) -> Config:
    """Fill a dataclass from a YAML file and ``key=value`` settings.

    A file may name another one under ``base``, relative to itself, whose values it changes.

    Args:
        cls: a frozen dataclass; nested ones, tuples, literals and optional values are understood.
        path: the file.
        settings: like ``schedule.epochs=10``; the value is read as YAML and wins over the file.

    Raises:
        ReidError: the file cannot be read, a key does not exist, or a value does not fit.
    """
    return build_config(cls, read_values(path, settings), str(path))


def read_values(path: Path, settings: Sequence[str] = ()) -> dict[str, Any]:
    """The nested values of a YAML file and ``key=value`` settings, not checked yet.

    Raises:
        ReidError: the file or a setting cannot be read.
    """
    values = _read_yaml(path, ())
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or not key:
            raise ReidError(f"--set {setting}: expected key=value, for example schedule.epochs=10")
        try:
            _put(values, key.split("."), yaml.safe_load(text))
        except yaml.YAMLError as error:
            raise ReidError(f"--set {setting}: the value cannot be read ({error})") from error
    return values


def build_config(cls: type[Config], values: Mapping[str, Any], source: str) -> Config:
    """Fill a dataclass from nested mappings.

    Raises:
        ReidError: a key does not exist or a value does not fit; ``source`` begins the message.
    """
    result: Config = _fill(cls, values, source, "")
    return result


def _read_yaml(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    if path.resolve() in seen:
        raise ReidError(f"{path}: builds on itself through '{BASE}'")
    try:
        content = yaml.safe_load(path.read_text())
    except OSError as error:
        raise ReidError(f"{path}: cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ReidError(f"{path}: not a YAML file ({' '.join(str(error).split())})") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ReidError(f"{path}: expected keys and values, got a {type(content).__name__}")
    base = content.pop(BASE, None)
    if base is None:
        return content
    under = _read_yaml(path.parent / str(base), (*seen, path.resolve()))
    return _merged(under, content)


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(under)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = _merged(result[key], value) if both else value
    return result


def _put(values: dict[str, Any], keys: list[str], value: Any) -> None:
    for key in keys[:-1]:
        inner = values.get(key)
        values[key] = dict(inner) if isinstance(inner, dict) else {}
        values = values[key]
    values[keys[-1]] = value


def _fill(cls: Any, values: Any, source: str, where: str) -> Any:
    if not isinstance(values, Mapping):
        raise ReidError(f"{source}: {where or 'the file'} expects keys and values, got {values!r}")
    hints = get_type_hints(cls)
    names = {f.name for f in fields(cls)}
    arguments = {}
    for key, value in values.items():
        if key not in names:
            place = f"{where}." if where else ""
            raise ReidError(
                f"{source}: {unknown('key', str(key), names)}"
                + (f" in '{place[:-1]}'" if place else "")
            )
        path = f"{where}.{key}" if where else str(key)
        arguments[key] = _convert(hints[key], value, source, path)
    try:
        return cls(**arguments)
    except (TypeError, ValueError) as error:
        prefix = f"{where}: " if where else ""
        raise ReidError(f"{source}: {prefix}{error}") from error


def _convert(kind: Any, value: Any, source: str, where: str) -> Any:
    if is_dataclass(kind):
        return _fill(kind, value, source, where)
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        if value is None and type(None) in args:
            return None
        (kind,) = (a for a in args if a is not type(None))
        return _convert(kind, value, source, where)
    if origin is tuple and isinstance(value, list | tuple):
        kinds = [args[0]] * len(value) if args[-1] is Ellipsis else list(args)
        if len(kinds) == len(value):
            pairs = zip(kinds, value, strict=True)
            return tuple(_convert(k, v, source, f"{where}[{i}]") for i, (k, v) in enumerate(pairs))
    if _fits(kind, origin, args, value):
        return float(value) if kind is float else value
    raise ReidError(f"{source}: {where} expects {_describe(kind, origin, args)}, got {value!r}")


def _fits(kind: Any, origin: Any, args: tuple[Any, ...], value: Any) -> bool:
    if origin is Literal:
        return value in args
    if origin is dict:
        return isinstance(value, dict) and all(isinstance(key, str) for key in value)
    if kind in (int, float):
        return (
            isinstance(value, int if kind is int else int | float)
            and value is not True
            and (value is not False)
        )
    return isinstance(kind, type) and isinstance(value, kind)


def _describe(kind: Any, origin: Any, args: tuple[Any, ...]) -> str:
    if origin is Literal:
        return "one of " + ", ".join(map(str, args))
    if origin is tuple:
        inner = getattr(args[0], "__name__", str(args[0]))
        return f"a list of {inner}" if args[-1] is Ellipsis else f"a list of {len(args)} {inner}"
    if origin is dict:
        return "keys and values"
    names = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}
    return names.get(kind, str(kind))
