"""Plug-in tables: a name, where its class lives, and its configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from mtmc import trackers
from mtmc.errors import UserError, unknown_name

DEFAULT_TRACKER = "coast"


@dataclass(frozen=True)
class PluginTable:
    """The plug-ins of one kind, loaded on use.

    Another package adds its own by an entry point in group ``mtmc.<kind>s`` whose value is
    ``module:Class``. A plug-in class has a frozen dataclass ``Config`` that holds its defaults.

    Args:
        kind: what they are, as error messages and entry points name them.
        builtin: name -> ``"module:Class"``.
    """

    kind: str
    builtin: Mapping[str, str]
    group: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "group", f"mtmc.{self.kind}s")

    def targets(self) -> dict[str, str]:
        """All names with the ``module:Class`` behind each; built-in names win."""
        extensions = {point.name: point.value for point in entry_points(group=self.group)}
        return {**extensions, **self.builtin}

    def load(self, name: str) -> Any:
        """The plug-in class called ``name``.

        Raises:
            UserError: there is none of that name, or a package it needs is not installed.
        """
        targets = self.targets()
        if name not in targets:
            raise unknown_name(self.kind, name, targets)
        target = targets[name]
        if name in self.builtin:
            module, _, attribute = target.partition(":")
            return getattr(import_module(module), attribute)
        try:
            return EntryPoint(name, target, self.group).load()
        except (ImportError, AttributeError) as error:
            raise UserError(f"{self.kind} {name!r} ({target}) cannot be loaded: {error}") from error


DETECTORS = PluginTable(
    "detector",
    {
        "ultralytics": "mtmc.detectors.ultralytics:UltralyticsDetector",
        "onnx": "mtmc.detectors.onnx:OnnxDetector",
        "motfile": "mtmc.detectors.motfile:MotFileDetector",
        "motion": "mtmc.detectors.motion:MotionDetector",
    },
)
TRACKERS = PluginTable("tracker", trackers.TRACKERS | trackers.SCENE_TRACKERS)
ASSOCIATORS = PluginTable(
    "associator",
    {
        "online": "mtmc.associate.online.associator:OnlineAssociator",
        "offline": "mtmc.associate.offline:OfflineAssociator",
    },
)
