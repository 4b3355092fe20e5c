"""The resolved configuration of a run: one frozen object, written out as ``config.yaml``."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from mtmc.config import Plugin, Settings, build, choose, require
from mtmc.errors import unknown_name
from mtmc.offline.completion.config import CompletionConfig
from mtmc.registry import ASSOCIATORS, DEFAULT_TRACKER, DETECTORS, EMBEDDERS, TRACKERS
from mtmc.sources import SourcesConfig
from mtmc.trackers.offline import RefineConfig
from mtmc.tracking.crops import CropsConfig

T = TypeVar("T")

DEFAULT_DETECTOR = "ultralytics"


@dataclass(frozen=True)
class ReidConfig:
    """The embedder.

    Args:
        weights: a ``.pt`` or ``.onnx`` file, ``color`` (needs none), or ``none``.
        device: such as ``cpu`` or ``cuda:0``; None takes the best there is.
        batch_size: crops per forward pass; None takes what suits the device.
    """

    weights: str = "color"
    device: str | None = None
    batch_size: int | None = None


@dataclass(frozen=True)
class OutputConfig:
    """What is written beside the tracks.

    Args:
        video: whether to write ``mosaic.mp4`` and, with a calibration, ``floor.mp4``.
        width: greatest width of a picture, px.
        height: greatest height of a picture, px.
    """

    video: bool = True
    width: int = 1920
    height: int = 1080

    def __post_init__(self) -> None:
        for name in ("width", "height"):
            require(getattr(self, name) >= 16, f"{name} must be at least 16 px")


@dataclass(frozen=True)
class RunConfig:
    """All settings of ``mtmc run``.

    ``refine`` is the second look at each camera's finished tracks that offline association takes,
    ``completion`` what calibrated cameras add to it from each other; None leaves them out.
    """

    detector: Plugin
    tracker: Plugin
    associator: Plugin
    sources: SourcesConfig = field(default_factory=SourcesConfig)
    reid: ReidConfig | Plugin = field(default_factory=ReidConfig)
    crops: CropsConfig = field(default_factory=CropsConfig)
    refine: RefineConfig | None = field(default_factory=RefineConfig)
    completion: CompletionConfig | None = field(default_factory=CompletionConfig)
    output: OutputConfig = field(default_factory=OutputConfig)
    calibration: str | None = None

    @classmethod
    def from_settings(cls, settings: Settings, live: bool = False) -> RunConfig:
        """Fill from plain settings.

        Args:
            settings: sections as in the YAML file.
            live: whether a camera is live, so that ids must come as we go by default.

        Raises:
            UserError: a section, key, name or value is wrong.
        """
        sections = {f.name for f in dataclasses.fields(cls)}
        for name in settings:
            if name not in sections:
                raise unknown_name("section", name, sections)
        calibration = settings.get("calibration")
        return cls(
            choose(DETECTORS, settings.get("detector", {}), DEFAULT_DETECTOR),
            choose(TRACKERS, settings.get("tracker", {}), DEFAULT_TRACKER),
            choose(ASSOCIATORS, settings.get("associator", {}), "online" if live else "offline"),
            build(SourcesConfig, settings.get("sources", {}), "sources"),
            _reid(settings.get("reid", {})),
            build(CropsConfig, settings.get("crops", {}), "crops"),
            _optional(RefineConfig, settings.get("refine", {}), "refine"),
            _optional(CompletionConfig, settings.get("completion", {}), "completion"),
            build(OutputConfig, settings.get("output", {}), "output"),
            None if calibration is None else str(calibration),
        )

    def settings(self) -> Settings:
        """As plain settings, which ``from_settings`` reads back."""
        result: dict[str, Any] = {}
        for f in dataclasses.fields(self):
            value = getattr(self, f.name)
            if isinstance(value, Plugin):
                value = value.settings()
            elif dataclasses.is_dataclass(value) and not isinstance(value, type):
                value = dataclasses.asdict(value)
            result[f.name] = value
        return result


def _optional(cls: type[T], section: Any, name: str) -> T | None:
    """A section that ``null`` turns off."""
    return None if section in (None, False) else build(cls, section, name)


def _reid(section: Any) -> ReidConfig | Plugin:
    """The embedder: of another package where one of its name is installed, else a file of ours."""
    section = dict(section) if isinstance(section, Mapping) else {"weights": str(section)}
    weights = section.get("weights")
    if "name" not in section and str(weights) in EMBEDDERS.targets():
        section["name"] = section.pop("weights")
    if "name" in section:
        return choose(EMBEDDERS, section, "")
    return build(ReidConfig, section, "reid")
