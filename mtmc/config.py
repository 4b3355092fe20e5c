"""From YAML files and ``--set key=value`` to frozen, checked configuration objects.

Every section is a stdlib dataclass that holds its own defaults; nothing is defaulted here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from mtmc.errors import UserError, quoted, unknown_name
from mtmc.registry import PluginTable
from mtmc.reid import configuration, strict_yaml
from mtmc.reid.errors import ReidError

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


@contextmanager
def _user_errors() -> Iterator[None]:
    try:
        yield
    except ReidError as error:
        raise UserError(str(error)) from error


def read_yaml(path: Path, as_text: bool = False) -> Settings:
    """The mapping in a YAML file.

    Args:
        path: of the file.
        as_text: leave numbers, ``true`` and ``on`` the text they are.

    Raises:
        UserError: it cannot be read, is not YAML, or is not a mapping.
    """
    with _user_errors():
        return strict_yaml.read_yaml(path, as_text)


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
    with _user_errors():
        return configuration.override(settings, assignments, "detector.name=onnx")


def build(cls: type[T], settings: Any, where: str) -> T:
    """Fill the dataclass ``cls`` from plain settings.

    Args:
        cls: a dataclass whose fields all have defaults.
        settings: a mapping with a subset of its fields.
        where: the section's name for error messages, such as ``detector``.

    Raises:
        UserError: a key is unknown, or a value has the wrong type or range.
    """
    with _user_errors():
        return configuration.build(cls, settings, where)


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
