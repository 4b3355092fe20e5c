"""What is needed to run again from what the networks once said, without pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from mtmc.config import Plugin
from mtmc.errors import UserError
from mtmc.perception.log import InferenceLog, first_difference
from mtmc.perception.scores import stated
from mtmc.registry import TRACKERS
from mtmc.run.assemble import even_distance, put_together
from mtmc.run.config import RunConfig
from mtmc.run.parts import Parts
from mtmc.sources import Camera, CameraReader, SourcesConfig
from mtmc.sources.camera import Began
from mtmc.sources.source import Request
from mtmc.trackers.scores import PROBABILITIES, ScoreCurve
from mtmc.types import Frame

# What the networks were shown and what they said depends on these sections.
ASKED = ("detector", "reid", "sources", "crops")


def note_parts(log: InferenceLog, parts: Parts) -> None:
    """Keep of a run's parts what it takes to do without them."""
    cameras = {
        reader.name: {
            "uri": reader.camera.label,
            "kind": reader.camera.kind,
            "fps": reader.fps,
            "size": list(reader.size),
            "began": _plain(reader.camera.began),
        }
        for reader in parts.readers
    }
    embedder = parts.embedder
    known = embedder and {
        "name": embedder.name,
        "even_distance": even_distance(embedder),
        "reliability": getattr(embedder, "reliability", None),
    }
    notes = {"cameras": cameras, "embedder": known or None, "classes": list(parts.kinds)}
    log.note({**notes, "scores": asdict(stated(parts.detector))})


def _plain(began: Began | None) -> list[str] | None:
    return None if began is None else [began.time.isoformat(), began.by, began.zero.isoformat()]


@dataclass(frozen=True)
class Recorded:
    """In the place of networks whose answers are all known."""

    name: str = "recorded"
    even_distance: float = 0.0
    reliability: Sequence[float] | None = None
    curve: ScoreCurve = PROBABILITIES

    def __call__(self, *_: object) -> Any:
        """Never asked.

        Raises:
            UserError: it was.
        """
        raise UserError("what the networks said is incomplete; run `mtmc run --keep` again")

    stateful = False
    detect = embed = __call__


class RecordedFrames:
    """The frames of a camera as a run read them, without their pictures; see ``Source``."""

    def __init__(self, camera: str, log: InferenceLog, fps: float, size: tuple[int, int]) -> None:
        self.fps, self.size = fps, size
        self._camera, self._moments = camera, log.moments(camera)
        self.total: int | None = len(self._moments)

    def frames(self, request: Request) -> Iterator[Frame]:
        """See ``Source``; all were wanted once."""
        return (Frame(self._camera, number, time, None) for number, time in self._moments)


def recorded_parts(config: RunConfig, log: InferenceLog) -> Parts:
    """The parts of a run whose networks have all said what they had to say.

    Raises:
        UserError: the log or the calibration cannot be read, or a setting is wrong.
    """
    try:
        notes = log.notes
        cameras, embedder, kinds = notes["cameras"], notes["embedder"], notes["classes"]
        curve = ScoreCurve(**notes["scores"])
        readers = [_reader(name, about, log) for name, about in cameras.items()]
        reid: Any = Recorded(**embedder) if embedder else None
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{log.path}: not what `mtmc run --keep` keeps ({error!r})") from error
    detector: Any = Recorded(curve=curve)
    return replace(put_together(config, readers, detector, reid, kinds), recorded=True)


def _reader(name: str, about: dict[str, Any], log: InferenceLog) -> CameraReader:
    width, height = about["size"]
    source = RecordedFrames(name, log, float(about["fps"]), (int(width), int(height)))
    began = about["began"] and Began(
        datetime.fromisoformat(about["began"][0]),
        about["began"][1],
        datetime.fromisoformat(about["began"][2]),
    )
    camera = Camera(name, about["uri"], about["kind"], began=began or None)
    return CameraReader(camera, source, SourcesConfig())


def check_changes(config: RunConfig, log: InferenceLog) -> None:
    """Refuse settings that take the networks to change.

    Raises:
        UserError: there is such a setting.
    """
    said, wanted = log.about, json.loads(json.dumps(config.settings()))
    check_anonymised(said.get("anonymise"), config)
    # What the log is too old to know was as it is by default.
    before = RunConfig.from_settings({section: said[section] for section in ASKED})
    said |= json.loads(json.dumps(before.settings()))
    for section in ASKED:
        if (key := _difference(said.get(section), wanted[section])) is not None:
            raise UserError(
                f"{section}{key}: what the networks said depends on it; it can be changed by "
                "running `mtmc run` anew"
            )
    _check_tracker(config.tracker, str(said["tracker"]["name"]), log.path)


def check_anonymised(before: str | None, config: RunConfig) -> None:
    """Refuse to show, or to hide, people afterwards.

    Raises:
        UserError: that is wanted.
    """
    if config.output.anonymise != before:
        raise UserError(
            f"output.anonymise: this run was made with {before or 'null'}, and so are its crops; "
            "it can be changed by running `mtmc run` anew"
        )


def _difference(old: Any, new: Any) -> str | None:
    """Which setting of a section is another one; None where none is."""
    if old == new:
        return None
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return ""
    if old.get("name") != new.get("name"):
        return ".name"
    return f".{first_difference(old, new)}"


def _check_tracker(tracker: Plugin, before: str, path: Path) -> None:
    lacks = "pictures" if tracker.cls.needs_image else ""
    if tracker.cls.needs_embeddings and not TRACKERS.load(before).needs_embeddings:
        lacks = "embeddings of all detections"
    if lacks:
        raise UserError(
            f"tracker {tracker.name}: needs {lacks}, which {path} does not have; run "
            f"`mtmc run --tracker {tracker.name}`, or choose another"
        )
