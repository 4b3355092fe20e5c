"""What the networks said about each frame, kept on disk: it survives a crash and is not redone."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtmc.errors import UserError
from mtmc.trackers import Detections

COMMIT_EVERY = 1.0  # seconds; what a crash may lose

SCHEMA = """
CREATE TABLE IF NOT EXISTS about (key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS frames (
    camera TEXT, frame INTEGER, boxes BLOB, scores BLOB, rows BLOB, embeddings BLOB,
    checksum INTEGER,
    PRIMARY KEY (camera, frame)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS changes (
    camera TEXT, frame INTEGER, shares BLOB, PRIMARY KEY (camera, frame)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS certainty (
    camera TEXT, frame INTEGER, certainty BLOB, PRIMARY KEY (camera, frame)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notes (key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS moments (
    camera TEXT, frame INTEGER, time REAL, PRIMARY KEY (camera, frame)
) WITHOUT ROWID;
"""
SQLITE_FILES = ("", "-wal", "-shm")  # what one database consists of
# Of what not every frame has, the table and its column.
MORE = {"changes": "shares", "certainty": "certainty"}
COLUMNS = "boxes, scores, rows, embeddings"


@dataclass(frozen=True, eq=False)
class Inference:
    """What was inferred from one frame.

    Args:
        detections: without embeddings.
        rows: ``(K,) int64`` the detections that were embedded.
        embeddings: ``(K, D) float32``.
        changed: ``(N,)`` share of each detection's pixels that have changed of late; see
            ``Changes``. None where nobody looked.
        certainty: ``(K, S)`` how sure one was of each embedded crop at each exit of the embedder
            that it reached, NaN beyond; see ``Budget``. None where all go to the end.
    """

    detections: Detections
    rows: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    embeddings: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    changed: NDArray[np.float32] | None = None
    certainty: NDArray[np.float32] | None = None

    @property
    def exits(self) -> NDArray[np.int64] | None:
        """``(K,)`` the exit that each embedding is of, from 1; None where all are of the last."""
        return None if self.certainty is None else exits_of(self.certainty)


def exits_of(certainty: NDArray[np.float32]) -> NDArray[np.int64]:
    """``(K,)`` the last exits, from 1, at which ``(K, S)`` certainties are numbers."""
    return np.asarray(np.count_nonzero(~np.isnan(certainty), axis=1), np.int64)


class InferenceLog:
    """An SQLite file with the inference of every frame so far.

    Whole time steps are written in one transaction, so that a process killed at any moment
    leaves a log that ends between two steps. Every row has a checksum.

    Args:
        path: the file; created where it does not exist.
        about: what the inference depends on, as plain values; it must be the same as in the file.
        gapless: whether a frame that is missing before a camera's last one is damage.
        finished: whether nothing more is to be noted; then ``about`` may be anything.

    Raises:
        UserError: the file is something else, cannot be written, or was made with other settings.
    """

    def __init__(
        self, path: Path, about: dict[str, Any], *, gapless: bool = False, finished: bool = False
    ) -> None:
        self.path, self._finished = path, finished
        self._gapless = gapless
        self._lock = threading.Lock()
        try:
            self._db = sqlite3.connect(path, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(SCHEMA)
            if not finished:
                self._check(about)
            rows = self._db.execute("SELECT camera, MAX(frame) FROM frames GROUP BY camera")
            self.recorded: dict[str, int] = {camera: int(last) for camera, last in rows}
        except (sqlite3.Error, TypeError, ValueError) as error:
            raise UserError(
                f"{path}: cannot be used as the log of a run: {error}; start anew without --resume"
            ) from error
        self._committed = time.monotonic()
        self._pending: list[tuple[Any, ...]] = []
        self._moments: list[tuple[str, int, float]] = []
        self._more: dict[str, list[tuple[str, int, bytes]]] = {table: [] for table in MORE}

    def _check(self, about: dict[str, Any]) -> None:
        said = dict(self._db.execute("SELECT key, value FROM about").fetchall())
        new = {key: json.dumps(value, sort_keys=True) for key, value in about.items()}
        if not said:
            self._db.executemany("INSERT INTO about VALUES (?, ?)", new.items())
            self._db.commit()
        elif changed := first_difference(said, new):
            raise UserError(
                f"{self.path}: made with other settings of {changed!r}; give the same ones to "
                "go on with it, or start anew without --resume"
            )

    def read(self, camera: str, frame: int) -> Inference | None:
        """What is known of a frame; None when nothing is.

        Raises:
            UserError: the file is damaged.
        """
        if frame > self.recorded.get(camera, 0):
            return None
        query = f"SELECT {COLUMNS}, checksum FROM frames WHERE camera=? AND frame=?"
        try:
            with self._lock:
                row = self._db.execute(query, (camera, frame)).fetchone()
                more = {table: self._read_more(table, camera, frame) for table in MORE}
            if row is None and not self._gapless:
                return None
            *blobs, said = row
            if _checksum(camera, frame, blobs) != said:
                raise ValueError("the checksum does not fit")
        except (sqlite3.Error, TypeError, ValueError) as error:
            raise UserError(
                f"{self.path}: damaged at frame {frame} of camera {camera!r}; start anew without "
                "--resume"
            ) from error
        boxes, embeddings = (np.frombuffer(blobs[i], np.float32) for i in (0, 3))
        # Where there are classes, they stand behind the scores.
        ends = 4 * (len(boxes) // 4)
        scores = np.frombuffer(blobs[1][:ends], np.float32)
        classes = np.frombuffer(blobs[1][ends:], np.int64) if blobs[1][ends:] else None
        rows = np.frombuffer(blobs[2], np.int64)
        vectors = embeddings.reshape(len(rows), -1) if len(rows) else np.zeros((0, 0), np.float32)
        certainty = more["certainty"]
        if certainty is not None:
            certainty = certainty.reshape(len(rows), -1)
        detections = Detections(boxes.reshape(-1, 4), scores, classes=classes)
        return Inference(detections, rows, vectors, more["changes"], certainty)

    def _read_more(self, table: str, camera: str, frame: int) -> NDArray[np.float32] | None:
        query = f"SELECT {MORE[table]} FROM {table} WHERE camera=? AND frame=?"
        row = self._db.execute(query, (camera, frame)).fetchone()
        return None if row is None else np.frombuffer(row[0], np.float32)

    @property
    def about(self) -> dict[str, Any]:
        """What the inference depends on, as it was given when the file was made."""
        said = self._db.execute("SELECT key, value FROM about").fetchall()
        return {key: json.loads(value) for key, value in said}

    def note(self, notes: Mapping[str, Any]) -> None:
        """Keep what else is worth to be known of the inference, as plain values."""
        rows = [(key, json.dumps(value)) for key, value in notes.items()]
        with self._lock, self._explained():
            self._db.executemany("INSERT OR REPLACE INTO notes VALUES (?, ?)", rows)
            self._db.commit()

    @property
    def notes(self) -> dict[str, Any]:
        """What was noted so far."""
        said = self._db.execute("SELECT key, value FROM notes").fetchall()
        return {key: json.loads(value) for key, value in said}

    def moments(self, camera: str) -> list[tuple[int, float]]:
        """The number and the time, s, of each frame of a camera, as far as times were noted."""
        query = "SELECT frame, time FROM moments WHERE camera=? ORDER BY frame"
        return [(int(frame), float(time)) for frame, time in self._db.execute(query, (camera,))]

    def boxes(self, camera: str) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Each frame of a camera so far, and the boxes ``(N, 4)`` px of all detections in it."""
        self._commit()
        query = "SELECT frame, boxes FROM frames WHERE camera=? ORDER BY frame"
        for frame, blob in self._db.execute(query, (camera,)):
            yield int(frame), np.frombuffer(blob, np.float32).reshape(-1, 4)

    def record(
        self, step: Sequence[tuple[str, int, Inference]], times: Sequence[float] = ()
    ) -> None:
        """Note a time step.

        Args:
            step: camera, frame and what was inferred, for each camera in it.
            times: of the frames, s.
        """
        if self._finished:
            return
        new = []
        self._moments += [(*each[:2], time) for each, time in zip(step, times, strict=False)]
        for camera, frame, inference in step:
            found = inference.detections
            classes = b"" if found.classes is None else found.classes.tobytes()
            blobs = (
                found.boxes.tobytes(),
                found.scores.tobytes() + classes,
                np.asarray(inference.rows, np.int64).tobytes(),
                np.asarray(inference.embeddings, np.float32).tobytes(),
            )
            new.append((camera, frame, *blobs, _checksum(camera, frame, blobs)))
            more = {"changes": inference.changed, "certainty": inference.certainty}
            for table, values in more.items():
                if values is not None:
                    self._more[table].append((camera, frame, values.tobytes()))
        self._pending += new
        if time.monotonic() - self._committed > COMMIT_EVERY:
            self._commit()

    def _commit(self) -> None:
        if not self._pending:
            return
        with self._lock, self._explained():
            insert = "INSERT OR REPLACE INTO frames VALUES (?, ?, ?, ?, ?, ?, ?)"
            self._db.executemany(insert, self._pending)
            self._db.executemany("INSERT OR REPLACE INTO moments VALUES (?, ?, ?)", self._moments)
            for table, rows in self._more.items():
                self._db.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)", rows)
            self._db.commit()
        self._pending.clear()
        self._moments.clear()
        for rows in self._more.values():
            rows.clear()
        self._committed = time.monotonic()

    def close(self) -> None:
        """Write what is pending and close the file."""
        try:
            self._commit()
        finally:
            self._db.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise UserError(
                f"{self.path}: cannot be written: {error}; when there is room, go on with --resume"
            ) from error


def _checksum(camera: str, frame: int, blobs: Sequence[bytes]) -> int:
    """Of what one row says, and of which frame.

    Raises:
        TypeError: something in it is not bytes.
    """
    total = zlib.crc32(f"{camera} {frame} {[len(blob) for blob in blobs]}".encode())
    for blob in blobs:
        total = zlib.crc32(blob, total)
    return total


def remove_log(path: Path) -> None:
    """Remove a log and what SQLite keeps beside it, where they exist.

    Raises:
        UserError: one cannot be removed.
    """
    for suffix in SQLITE_FILES:
        file = path.with_name(path.name + suffix)
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise UserError(f"{file}: cannot be removed ({error.strerror})") from error


def first_difference(a: Mapping[str, Any], b: Mapping[str, Any]) -> str | None:
    """The first key, by name, that has not the same value in both; None where all have."""
    return next((key for key in sorted(a.keys() | b.keys()) if a.get(key) != b.get(key)), None)
