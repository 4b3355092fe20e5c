"""Plug-in tables: a name, where its class lives, and its configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
        protocols: ``"module:Protocol"`` of which a plug-in follows one.
    """

    kind: str
    builtin: Mapping[str, str]
    protocols: Sequence[str]
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
            found = EntryPoint(name, target, self.group).load()
        except (ImportError, AttributeError) as error:
            raise UserError(f"{self.kind} {name!r} ({target}) cannot be loaded: {error}") from error
        missing = min((_missing(found, protocol) for protocol in self.protocols), key=len)
        if missing:
            raise UserError(
                f"{self.kind} {name!r} ({target}) has no {', '.join(missing)}, which "
                f"{' or '.join(self.protocols).replace(':', '.')} asks for"
            )
        return found


def _missing(plugin: Any, protocol: str) -> list[str]:
    """What a Protocol asks of a class that it does not have."""
    module, _, name = protocol.partition(":")
    asked = getattr(import_module(module), name)
    constants = [n for n, hint in asked.__annotations__.items() if "ClassVar" in str(hint)]
    methods = [n for n, value in vars(asked).items() if n[0] != "_" and callable(value)]
    names = dict.fromkeys(("Config", *constants, *methods))
    return [n for n in names if not hasattr(plugin, n)]


DETECTORS = PluginTable(
    "detector",
    {
        "ultralytics": "mtmc.detectors.ultralytics:UltralyticsDetector",
        "onnx": "mtmc.detectors.network.onnx:OnnxDetector",
        "openvino": "mtmc.detectors.network.openvino:OpenvinoDetector",
        "motfile": "mtmc.detectors.motfile:MotFileDetector",
        "motion": "mtmc.detectors.motion:MotionDetector",
    },
    ["mtmc.detectors:Detector"],
)
TRACKERS = PluginTable(
    "tracker",
    trackers.TRACKERS | trackers.SCENE_TRACKERS,
    ["mtmc.trackers:Tracker", "mtmc.trackers:SceneTracker"],
)
SINKS = PluginTable(
    "sink",
    {
        "jsonl": "mtmc.events.sinks.jsonl:JsonlSink",
        "mqtt": "mtmc.events.sinks.mqtt:MqttSink",
        "mqtts": "mtmc.events.sinks.mqtt:MqttSink",
        "redis": "mtmc.events.sinks.redis:RedisSink",
        "rediss": "mtmc.events.sinks.redis:RedisSink",
        "kafka": "mtmc.events.sinks.kafka:KafkaSink",
        "kafkas": "mtmc.events.sinks.kafka:KafkaSink",
    },
    ["mtmc.events.sink:Sink"],
)
# Ours are files of weights, and ``color``.
EMBEDDERS = PluginTable("embedder", {}, ["mtmc.reid.embedder:Embedder"])
ASSOCIATORS = PluginTable(
    "associator",
    {
        "online": "mtmc.associate.online.associator:OnlineAssociator",
        "offline": "mtmc.associate.offline:OfflineAssociator",
        "zones": "mtmc.zones.associator:ZonesAssociator",
    },
    ["mtmc.associate:Associator"],
)
