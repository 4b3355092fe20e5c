"""Every box of every track: spooled to disk while it runs, then written with global ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import numpy as np
from numpy.typing import NDArray

from mtmc.detectors.people import PERSON
from mtmc.errors import UserError
from mtmc.files import explained, replacing
from mtmc.mot import MotRows, class_numbers, format_mot
from mtmc.results.results import owners
from mtmc.tracking.rows import ROW, Rows
from mtmc.types import Floats, TrackKey

if TYPE_CHECKING:
    import polars as pl

PART = 1 << 18  # rows that are written at a time
INDEX = np.dtype(
    [("place", np.int64), ("frame", np.int32), ("id", np.int32), ("predicted", np.bool_)]
)


class TrackTable:
    """The rows of a run with their global ids, by camera and frame.

    Args:
        rows: of all cameras.
        cameras: their names, by number.
        ids: the global id of each track; tracks without one are left out.
        places: ``(N, 2)`` m, where the people of all rows were; None leaves what the rows say.
        kinds: names of what was followed.
        names: of people, by global id.
    """

    def __init__(
        self,
        rows: Rows,
        cameras: Sequence[str],
        ids: Mapping[TrackKey, int],
        places: Floats | None = None,
        kinds: Sequence[str] = (PERSON,),
        names: Mapping[int, str] | None = None,
    ) -> None:
        self.cameras, self._places, self.kinds = cameras, places, kinds
        self.names: Mapping[int, str] = names or {}
        self._rows = rows
        self._index = [_index(rows, number, name, ids) for number, name in enumerate(cameras)]

    @classmethod
    def of(
        cls, table: pl.DataFrame, cameras: Sequence[str], kinds: Sequence[str] = (PERSON,)
    ) -> TrackTable:
        """The table that ``write_table`` has written, read back."""
        named = table.filter(table["name"].is_not_null()).select("global_id", "name").unique()
        names: dict[int, str] = dict(named.iter_rows())
        return cls(rows_of(table, cameras, kinds), cameras, owners(table), kinds=kinds, names=names)

    def camera(self, number: int) -> tuple[Rows, NDArray[np.int64]]:
        """Rows and global ids of a camera, sorted by frame and id."""
        return self._some(number, slice(None))

    def parts(self, number: int) -> Iterator[tuple[Rows, NDArray[np.int64]]]:
        """The same, so many at a time that they fit into any memory."""
        for start in range(0, len(self._index[number]), PART):
            yield self._some(number, slice(start, start + PART))

    def rows_at(self, number: int, frame: int) -> tuple[Rows, NDArray[np.int64]]:
        """Rows and global ids of one frame."""
        first, last = np.searchsorted(self._index[number]["frame"], [frame, frame + 1])
        return self._some(number, slice(first, last))

    def _some(self, number: int, which: slice) -> tuple[Rows, NDArray[np.int64]]:
        index = self._index[number][which]
        rows = np.asarray(self._rows[index["place"]])
        if self._places is not None:
            rows["floor"] = self._places[index["place"]]
        return rows, index["id"].astype(np.int64)


def rows_of(table: pl.DataFrame, cameras: Sequence[str], kinds: Sequence[str] = (PERSON,)) -> Rows:
    """The rows of a table that ``write_table`` has written."""
    rows = np.zeros(len(table), ROW)
    for number, name in enumerate(cameras):
        rows["camera"][(table["camera"] == name).to_numpy()] = number
    for column in ("frame", "time", "score", "detected"):
        rows[column] = table[column]
    rows["track"], rows["changed"] = table["track_id"], np.nan
    rows["kind"] = [list(kinds).index(name) for name in table["class"]]
    rows["box"] = table.select("x1", "y1", "x2", "y2").to_numpy()
    floor = [table[f"floor_{axis}"].fill_null(float("nan")).to_numpy() for axis in "xy"]
    rows["floor"] = np.column_stack(floor)
    return rows


def people_of(rows: Rows, cameras: Iterable[str], ids: Mapping[TrackKey, int]) -> NDArray[np.int64]:
    """``(len(rows),)`` the person each row shows, 0 for nobody.

    Args:
        rows: of all cameras.
        cameras: their names, by number.
        ids: the global id of each track.
    """
    people = np.zeros(len(rows), np.int64)
    for number, name in enumerate(cameras):
        mine = np.flatnonzero(rows["camera"] == number)
        tracks, which = np.unique(rows["track"][mine], return_inverse=True)
        known = [ids.get(TrackKey(name, track), 0) for track in tracks.tolist()]
        people[mine] = np.array(known, np.int64)[which]
    return people


def _index(rows: Rows, camera: int, name: str, ids: Mapping[TrackKey, int]) -> NDArray[np.void]:
    """Where the rows of a camera's people are, sorted by frame and id."""
    parts = [np.zeros(0, INDEX)]
    for start in range(0, len(rows), PART):
        part = rows[start : start + PART]
        mine = np.flatnonzero(part["camera"] == camera)
        tracks, which = np.unique(part["track"][mine], return_inverse=True)
        known = np.array([ids.get(TrackKey(name, track), 0) for track in tracks.tolist()], np.int32)
        new = np.zeros(len(mine), INDEX)
        new["place"], new["frame"] = start + mine, part["frame"][mine]
        new["id"], new["predicted"] = known[which], ~part["detected"][mine]
        parts.append(new[new["id"] > 0])
    index = np.concatenate(parts)
    index = index[np.lexsort((index["predicted"], index["id"], index["frame"]))]
    # Where a person was found again while one of their tracks was still predicted.
    repeated = (np.diff(index["frame"]) == 0) & (np.diff(index["id"]) == 0)
    first = np.concatenate([np.ones(min(len(index), 1), bool), ~repeated])
    return np.asarray(index[first])


def to_mot(rows: Rows, ids: NDArray[np.int64], kinds: Sequence[str] = (PERSON,)) -> str:
    """Rows as MOT text; see ``mot_rows``."""
    return format_mot(mot_rows(rows, ids, kinds))


def mot_rows(rows: Rows, ids: NDArray[np.int64], kinds: Sequence[str] = (PERSON,)) -> MotRows:
    """Rows with global ids as those of MOT, and with classes where not all are people."""
    classes = None
    if tuple(kinds) != (PERSON,):
        classes = np.array(class_numbers(kinds))[rows["kind"]]
    return MotRows.make(rows["frame"], ids, rows["box"], scores=rows["score"], classes=classes)


def write_mot_files(table: TrackTable, folder: Path) -> None:
    """Write ``<camera>.txt`` for every camera, also for those that saw nobody."""
    for number, name in enumerate(table.cameras):
        with (
            replacing(folder / f"{name}.txt") as partial,
            partial.open("w", encoding="utf-8") as file,
        ):
            for part in table.parts(number):
                file.write(to_mot(*part, table.kinds))


def write_table(path: Path, table: TrackTable, zeros: Sequence[datetime | None] = ()) -> None:
    """Write one table of all cameras: times in s, boxes in px, floor positions in m or null.

    Args:
        path: ends in ``.parquet`` or ``.csv``.
        table: of the run.
        zeros: what the clock on the wall says at second 0, by camera, where that is known.
    """
    import polars as pl

    rows = _source(table, zeros)
    with replacing(path) as partial, _full_disk(path):
        if path.suffix == ".parquet":
            rows.sink_parquet(partial)
        else:
            rows.with_columns(pl.col(pl.Float32, pl.Float64).round(3)).sink_csv(partial)


@contextmanager
def _full_disk(path: Path) -> Iterator[None]:
    """What polars makes of a full disk, in one line."""
    import polars as pl

    try:
        yield
    except pl.exceptions.ComputeError as error:
        reason = str(error).rpartition("IO error: ")[2]
        raise UserError(f"{path}: cannot be written ({reason})") from error


def _source(table: TrackTable, zeros: Sequence[datetime | None]) -> pl.LazyFrame:
    """All rows as polars takes them, so many at a time."""
    import polars as pl
    from polars.io.plugins import register_io_source

    known = list(zeros) or [None] * len(table.cameras)
    zone = "UTC" if any(zero and zero.tzinfo for zero in known) else None
    floats = dict.fromkeys(("x1", "y1", "x2", "y2", "score", "floor_x", "floor_y"), pl.Float32)
    schema = pl.Schema(
        {"camera": pl.String, "frame": pl.Int32, "time": pl.Float64, "global_id": pl.Int64}
        | {"track_id": pl.Int64, **floats, "class": pl.String}
        | {"detected": pl.Boolean, "name": pl.String, "wall_time": pl.Datetime("us", zone)}
    )

    def source(*_: object) -> Iterator[pl.DataFrame]:
        for number, name in enumerate(table.cameras):
            zero = known[number]
            zero = zero.astimezone(UTC) if zero and zone else zero
            for rows, ids in table.parts(number):
                boxes, floor = rows["box"], rows["floor"]
                columns = {
                    "camera": pl.Series([name] * len(rows), dtype=pl.String),
                    "frame": rows["frame"],
                    "time": rows["time"],
                    "global_id": ids,
                    "track_id": rows["track"],
                    **{side: boxes[:, i] for i, side in enumerate(("x1", "y1", "x2", "y2"))},
                    "score": rows["score"],
                    **{f"floor_{axis}": floor[:, i] for i, axis in enumerate("xy")},
                    "class": pl.Series([table.kinds[k] for k in rows["kind"]], dtype=pl.String),
                    "detected": rows["detected"],
                    "name": pl.Series(list(map(table.names.get, ids.tolist())), dtype=pl.String),
                }
                since = pl.duration(microseconds=(pl.col("time") * 1e6).round().cast(pl.Int64))
                yield pl.DataFrame(columns).with_columns(
                    pl.col("floor_x", "floor_y").fill_nan(None),
                    wall_time=pl.lit(zero, schema["wall_time"]) + since,
                )

    return register_io_source(source, schema=schema)


class LiveTracks:
    """Writes ``<camera>.txt`` while the run goes on, each row as soon as its id is known.

    Predicted boxes are left to the end, when it is known whether the person was found meanwhile,
    unless they are ``settled``.
    """

    def __init__(
        self,
        folder: Path,
        cameras: Sequence[str],
        kinds: Sequence[str] = (PERSON,),
        *,
        settled: bool = False,
    ) -> None:
        self._folder, self._kinds = folder, kinds
        self._cameras, self._settled = cameras, settled
        self._files: list[TextIO] = []
        with explained(folder):
            folder.mkdir(parents=True, exist_ok=True)
        self.begin()
        self._pending: dict[TrackKey, list[Rows]] = {}
        self.ids: dict[TrackKey, int] = {}  # of the tracks that may go on

    def begin(self) -> None:
        """Open the files of the cameras that have none yet; ``cameras`` may have got more."""
        with explained(self._folder):
            for name in self._cameras[len(self._files) :]:
                self._files.append((self._folder / f"{name}.txt").open("w", encoding="utf-8"))

    def write(self, rows: Rows, decided: Mapping[TrackKey, int]) -> None:
        """Take in a step's rows and decisions."""
        for key, number in decided.items():
            self.ids[key] = number
            for row in self._pending.pop(key, []):
                self._put(row, number)
        for position in np.flatnonzero(rows["detected"] | self._settled):
            row = rows[position : position + 1]
            key = TrackKey(self._cameras[int(row["camera"][0])], int(row["track"][0]))
            if key in self.ids:
                self._put(row, self.ids[key])
            else:
                self._pending.setdefault(key, []).append(row)
        with explained(self._folder):
            for file in self._files:
                file.flush()

    def forget_all_but(self, going_on: Iterable[TrackKey]) -> None:
        """Let go of the ids of tracks that have ended."""
        self.ids = {key: self.ids[key] for key in going_on if key in self.ids}

    def _put(self, row: Rows, number: int) -> None:
        self._files[int(row["camera"][0])].write(to_mot(row, np.array([number]), self._kinds))

    def close(self) -> None:
        """Close the files; rows without an id are not written."""
        for file in self._files:
            file.close()
