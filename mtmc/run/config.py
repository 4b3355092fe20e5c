"""The resolved configuration of a run: one frozen object, written out as ``config.yaml``."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from mtmc.config import Plugin, Settings, build, choose
from mtmc.errors import UserError, quoted, unknown_name
from mtmc.offline.completion.config import CompletionConfig
from mtmc.perception.budget import BudgetConfig
from mtmc.registry import ASSOCIATORS, DEFAULT_TRACKER, DETECTORS, EMBEDDERS, TRACKERS
from mtmc.reid.embedder import SHIPPED
from mtmc.run.lag import LONGEST
from mtmc.run.networks import with_networks
from mtmc.sources import SourcesConfig
from mtmc.sources.address import hide_credentials
from mtmc.trackers.offline import RefineConfig
from mtmc.trackers.settings import Checked, setting
from mtmc.tracking.crops import CropsConfig


@dataclass(frozen=True)
class ReidConfig(Checked):
    """The embedder.

    Args:
        weights: a ``.pt`` or ``.onnx`` file, ``simulated`` or ``simulated-lite`` (both come with
            the package), a name of ``mtmc weights list``, ``color`` (needs no weights),
            ``detector`` (embeddings that the detector tells, see the guide to identities), or
            ``none``.
        device: such as ``cpu`` or ``cuda:0``; None takes the best there is.
        batch_size: crops per forward pass; None takes what suits the device.
        budget: how much is computed, for models with exits.
    """

    weights: str = setting(SHIPPED, public=True)
    device: str | None = setting(None, public=True)
    batch_size: int | None = setting(None, ge=1, unit="crops")
    budget: BudgetConfig = field(default_factory=BudgetConfig)


@dataclass(frozen=True)
class OutputConfig(Checked):
    """What is written beside the tracks.

    Args:
        video: whether to write ``mosaic.mp4`` and, with a calibration, ``floor.mp4``.
        csv: whether to write ``tracks.csv``, too, for spreadsheets.
        crops: whether to keep up to six small pictures of every tracklet, in ``crops.sqlite``.
        anonymise: ``head`` or ``person`` makes that part of everybody unrecognizable in all
            pictures and videos; None shows people.
        lag: seconds by which an online run tells later who is who. What it takes back by then is
            never told, and boxes are completed with what is known by then. Offline, all is known
            in the end.
        keep: whether to keep what the networks said, for `mtmc associate`.
        events: where an online run sends its events, beside `events.jsonl`: URLs such as
            ``mqtt://host/topic``, or files ``*.jsonl``.
        width: greatest width of a picture, px.
        height: greatest height of a picture, px.
    """

    video: bool = setting(True, public=True)
    csv: bool = setting(True, public=True)
    crops: bool = setting(True, public=True)
    anonymise: Literal["head", "person"] | None = setting(None, public=True)
    lag: float = setting(0.0, ge=0, le=LONGEST, unit="s", public=True)
    keep: bool = setting(False)
    events: tuple[str, ...] = setting((), public=True)
    width: int = setting(1920, ge=16, unit="px", public=True)
    height: int = setting(1080, ge=16, unit="px", public=True)


@dataclass(frozen=True)
class RunConfig:
    """All settings of ``mtmc run``.

    ``find_cameras`` is whether to find out where the cameras stand of which there is no
    ``calibration``, from people whom several of them see.
    ``corrections`` is the file of what people said of an earlier run of the same videos,
    ``gallery`` that of the people who are known from one run to the next.
    ``workers`` is how many processes read the cameras and follow people, or the Ray cluster on
    which they are; results are the same.
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
    find_cameras: bool = True
    corrections: str | None = None
    gallery: str | None = None
    workers: int | str = 1

    @classmethod
    def from_settings(cls, settings: Settings, live: bool = False) -> RunConfig:
        """Fill from plain settings.

        Args:
            settings: sections as in the YAML file.
            live: whether a camera is live, so that ids must come as we go by default.

        Raises:
            UserError: a section, key, name or value is wrong.
        """
        settings = with_networks(settings)
        known = {f.name for f in dataclasses.fields(cls)}
        for name in settings:
            if name not in known:
                raise unknown_name("section", name, known)
        defaults = DEFAULTS | ({"associator": "online"} if live else {})
        plugins: dict[str, Any] = {
            name: choose(table, settings.get(name, {}), defaults[name])
            for name, table in TABLES.items()
        }
        parts: dict[str, Any] = {
            name: _part(name, settings.get(name, {})) for name in SECTIONS if name != "reid"
        }
        given = ((name, settings.get(name)) for name in FILES)
        files: dict[str, Any] = {name: str(file) for name, file in given if file is not None}
        return cls(
            **plugins,
            **parts,
            reid=_reid(settings.get("reid", {})),
            **files,
            find_cameras=_switch("find_cameras", settings.get("find_cameras", True)),
            workers=_workers(settings.get("workers", 1)),
        )

    def settings(self) -> Settings:
        """All that results depend on as plain settings, which ``from_settings`` reads back.

        Without passwords.
        """
        names = [f.name for f in dataclasses.fields(self) if f.name != "workers"]
        plain = {name: _plain(getattr(self, name)) for name in names}
        plain["output"]["events"] = tuple(map(hide_credentials, self.output.events))
        return plain

    def chosen(self, given: Settings) -> Settings:
        """What was chosen, and what else differs from the defaults: enough to repeat the run.

        Args:
            given: the settings that the run was called with.
        """
        result: Settings = {}
        defaults = {f.name: f.default for f in dataclasses.fields(self)}
        for name, value in self.settings().items():
            if not isinstance(value, Mapping):
                if value != defaults[name]:
                    result[name] = value
            else:
                part = getattr(self, name)
                plain = part.cls.Config() if isinstance(part, Plugin) else type(part)()
                default = dataclasses.asdict(plain)
                said = given.get(name)
                asked = {*ALWAYS, *(said if isinstance(said, Mapping) else ())}
                section = {
                    key: each
                    for key, each in value.items()
                    if key in asked or each != default.get(key)
                }
                if section:
                    result[name] = section
        return result


TABLES = {"detector": DETECTORS, "tracker": TRACKERS, "associator": ASSOCIATORS}
DEFAULT_DETECTOR = "onnx"
DEFAULTS = {"detector": DEFAULT_DETECTOR, "tracker": DEFAULT_TRACKER, "associator": "offline"}
SECTIONS: dict[str, type] = {
    "sources": SourcesConfig,
    "reid": ReidConfig,
    "crops": CropsConfig,
    "refine": RefineConfig,
    "completion": CompletionConfig,
    "output": OutputConfig,
}
FILES = ("calibration", "corrections", "gallery")
OPTIONAL = {"refine", "completion"}  # `null` turns them off
ALWAYS = {"name", "weights"}  # written out even where nobody chose them


def _part(name: str, section: Any) -> Any:
    if name in OPTIONAL and section in (None, False):
        return None
    return build(SECTIONS[name], section, name)


def _switch(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise UserError(f"{name}: {quoted(value)} is neither true nor false")
    return value


def _reid(section: Any) -> ReidConfig | Plugin:
    """The embedder: of another package where one of its name is installed, else a file of ours."""
    section = dict(section) if isinstance(section, Mapping) else {"weights": str(section)}
    weights = section.get("weights")
    if "name" not in section and str(weights) in EMBEDDERS.targets():
        section["name"] = section.pop("weights")
    if "name" in section:
        return choose(EMBEDDERS, section, "")
    return build(ReidConfig, section, "reid")


def _workers(value: Any) -> int | str:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    if isinstance(value, str) and (value == "auto" or value.startswith("ray://")):
        return value
    raise UserError(
        "workers: expected a number of processes, 1 or more, `auto`, or ray://HOST:PORT; "
        f"got {quoted(value)}"
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Plugin):
        return value.settings()
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) else value  # type: ignore[arg-type]
