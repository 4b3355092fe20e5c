"""``Results.open(OUT)``: the one reader of what ``mtmc run`` has written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtmc.calibration import Calibration, load_calibration
from mtmc.config import Settings, read_yaml
from mtmc.errors import UserError
from mtmc.mot import MotKind, MotRows, read_mot
from mtmc.results import layout
from mtmc.results.crops import Crops
from mtmc.results.hidden import Hidden
from mtmc.results.looks import read_looks
from mtmc.tracking.tracklet import Tracklet
from mtmc.types import TrackKey

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class RunCamera:
    """What a run says of a camera.

    Args:
        name: its name.
        source: where its pictures came from, without passwords.
        fps: nominal, of the frames that were read.
        size: ``(width, height)`` px.
        frames: how many were read.
    """

    name: str
    source: str
    fps: float
    size: tuple[int, int]
    frames: int


@dataclass(frozen=True)
class Looks:
    """What every tracklet looked like.

    Args:
        tracklets: with their galleries.
        even_distance: between looks of two cameras, at which one person and two are equally
            likely, where the footage tells nothing.
    """

    tracklets: list[Tracklet]
    even_distance: float


class Results:
    """The results of a run. Files are read when they are first asked for.

    ``Results.open(folder)`` makes one. Whatever is missing or damaged is a ``UserError`` that names
    the file and says what to do.

    Attributes:
        folder: of the run, its ``--out``.
        record: what ``run.json`` says.
        cameras: by name, in the order of the run.
    """

    def __init__(self, folder: Path, record: dict[str, Any]) -> None:
        self.folder, self.record = folder, record
        self.cameras = {name: _camera(name, about) for name, about in record["cameras"].items()}

    @classmethod
    def open(cls, folder: Path | str) -> Results:
        """The results in a folder.

        Raises:
            UserError: it is not the ``--out`` folder of a run.
        """
        folder = Path(folder)
        path = folder / layout.RECORD
        try:
            return cls(folder, json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise UserError(f"{path}: no such file; expected the --out folder of a run") from None
        except (OSError, ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
            raise UserError(f"{path}: not what `mtmc run` writes ({error!r})") from error

    @staticmethod
    def is_in(folder: Path) -> bool:
        """Whether a folder is the result of a run."""
        return (folder / layout.RECORD).is_file()

    @cached_property
    def table(self) -> pl.DataFrame:
        """Every box of every person: ``tracks.parquet``, by camera, frame and person."""
        return self._table(layout.TABLE)

    @cached_property
    def things(self) -> pl.DataFrame:
        """Every box of what was taken for furniture; its ``global_id`` numbers the things."""
        return self._table(layout.THINGS)

    def _table(self, name: str) -> pl.DataFrame:
        import polars as pl

        path = self._file(name)
        try:
            # Whole in memory: a file that stays open could not be replaced on Windows.
            return pl.read_parquet(path, memory_map=False, glob=False).select(*COLUMNS)
        except Exception as error:  # polars raises many kinds
            reason = " ".join(str(error).split())[:100]
            raise UserError(f"{path}: not a table of `mtmc run` ({reason})") from error

    @cached_property
    def people(self) -> list[dict[str, Any]]:
        """Every person, as ``identities.json`` says."""
        path = self._file(layout.PEOPLE)
        try:
            people = json.loads(path.read_text(encoding="utf-8"))["identities"]
            return [{**person, "id": int(person["id"])} for person in people]
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise UserError(f"{path}: not what `mtmc run` writes ({error!r})") from error

    @cached_property
    def uncorrected(self) -> Results:
        """The results before corrections were applied to them; these, where none were."""
        folder = self.folder / layout.UNCORRECTED
        return Results(folder, self.record) if (folder / layout.TABLE).is_file() else self

    @cached_property
    def owners(self) -> dict[TrackKey, int]:
        """The person each track shows."""
        return owners(self.table)

    def tracks_of(self, person: int) -> list[TrackKey]:
        """The tracks that show a person."""
        return [key for key, owner in self.owners.items() if owner == person]

    def rows(self, camera: str) -> MotRows:
        """``tracks/<camera>.txt``: a camera's boxes with global ids."""
        return read_mot(self._file(f"{layout.TRACKS}/{camera}.txt"), MotKind.TRACKS)

    @cached_property
    def looks(self) -> Looks:
        """What every tracklet looked like; a run with ``--reid none`` kept none."""
        path = self._file(layout.LOOKS, "it was made with --reid none")
        return Looks(*read_looks(path))

    @cached_property
    def crops(self) -> Crops:
        """Pictures of every tracklet; a run with ``output.crops=false`` kept none."""
        return Crops(self._file(layout.CROPS, "it was made with output.crops=false"))

    @cached_property
    def calibration(self) -> Mapping[str, Calibration]:
        """Of the calibrated cameras, by name; empty where none is."""
        known = [name for name, about in self.record["cameras"].items() if about.get("calibrated")]
        if not known:
            return {}
        return load_calibration(self._file(layout.CALIBRATION), known)

    @cached_property
    def settings(self) -> Settings:
        """What ``config.yaml`` says: enough to repeat the run."""
        return read_yaml(self._file(layout.CONFIG))

    @property
    def anonymised(self) -> str | None:
        """``head`` or ``person``, where pictures are not to show them; see ``hidden``."""
        output = self.settings.get("output")
        return output.get("anonymise") if isinstance(output, Mapping) else None

    @cached_property
    def hidden(self) -> Hidden:
        """Where people are in the videos of an anonymised run, those without a track, too."""
        return Hidden.read(self._file(layout.HIDDEN, "of live cameras there is none"))

    def _file(self, name: str, why: str = "it is damaged or not finished") -> Path:
        path = self.folder / name
        if not path.is_file():
            raise UserError(f"{path}: this run has none ({why}); run `mtmc run` again")
        return path


def owners(table: pl.DataFrame) -> dict[TrackKey, int]:
    """The person, or thing, that each track of a table shows."""
    pairs = table.select("camera", "track_id", "global_id").unique(maintain_order=True)
    return {TrackKey(camera, track): person for camera, track, person in pairs.iter_rows()}


# What every table has.
COLUMNS = (
    *("camera", "frame", "time", "global_id", "track_id"),
    *("x1", "y1", "x2", "y2", "score", "floor_x", "floor_y", "class"),
    *("detected", "name", "wall_time"),
)


def _camera(name: str, about: Mapping[str, Any]) -> RunCamera:
    width, height = about["size"]
    source, frames = str(about.get("source", "")), int(about.get("frames", 0))
    return RunCamera(name, source, float(about["fps"]), (int(width), int(height)), frames)
