"""What there is to set about a run, section by section."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mtmc.errors import UserError
from mtmc.reid.reference import Entry, entries
from mtmc.run.config import DEFAULTS, SECTIONS, TABLES


@dataclass(frozen=True)
class Section:
    """The settings of one section, of one plug-in where it names one.

    Args:
        name: of the section.
        plugin: its name; empty where the section has none.
        about: what is set there, a sentence.
        entries: the settings.
    """

    name: str
    plugin: str
    about: str
    entries: list[Entry]

    @property
    def title(self) -> str:
        """For people."""
        return f"{self.name}: {self.plugin}" if self.plugin else self.name

    @property
    def names(self) -> set[str]:
        """What it is called by on the command line."""
        return {self.name, f"{self.name}.{self.plugin}"} if self.plugin else {self.name}

    @property
    def is_default(self) -> bool:
        """Whether a run for which nothing is chosen has it."""
        return DEFAULTS.get(self.name, "") == self.plugin


def sections(others: bool = True) -> Iterator[Section]:
    """All of them.

    Args:
        others: whether plug-ins of other packages are among them.
    """
    for name, table in TABLES.items():
        for plugin in table.targets() if others else table.builtin:
            try:
                cls = table.load(plugin)
            except UserError:
                continue  # its package is not installed, or broken: nothing to set
            yield _section(name, plugin, cls.Config)
    for name, cls in SECTIONS.items():
        yield _section(name, "", cls)


def _section(name: str, plugin: str, cls: Any) -> Section:
    about = inspect.cleandoc(cls.__doc__ or "").split("\n\n")[0]
    return Section(name, plugin, " ".join(about.split()), list(entries(cls, name)))
