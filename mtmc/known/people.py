"""``people.sqlite``: who is known, what they look like, and which network says so."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from filelock import FileLock, Timeout

from mtmc.errors import UserError
from mtmc.files import explained, replacing
from mtmc.reid import Embedder
from mtmc.tracking.gallery import Gallery
from mtmc.tracking.tracklet import Mark, Tracklet
from mtmc.types import Floats, TrackKey

SCHEMA = """
CREATE TABLE about (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE looks (person INTEGER, run TEXT, camera TEXT, sum BLOB, weight REAL, square REAL);
CREATE TABLE pictures (person INTEGER, run TEXT, camera TEXT, quality REAL, jpeg BLOB);
"""
FORMAT = 1
ALIKE = 0.9  # cosine of what one network says of one picture, on whatever machine
MOST_RUNS = 10  # whose looks are kept of a person, the latest
MOST_PICTURES = 6  # of a person


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """What looks are compared by.

    Args:
        name: of the network.
        dim: length of its embeddings.
        probe: ``(D,)`` what it says of one picture that never changes; empty where it was not
            there to be asked.
    """

    name: str
    dim: int
    probe: Floats

    @classmethod
    def of(cls, embedder: Embedder) -> Self:
        """That of an embedder, which is asked about one picture, but for a recorded one."""
        if not hasattr(embedder, "dim"):
            return cls(embedder.name, 0, np.zeros(0, np.float32))
        noise = np.random.default_rng(0).integers(0, 255, (16, 8, 3), np.uint8)
        picture = np.repeat(np.repeat(noise, 16, axis=0), 16, axis=1)
        return cls(embedder.name, embedder.dim, np.asarray(embedder.embed([picture])[0]))

    def differs(self, other: Network) -> bool:
        """Whether it is another one, by what it says or, where it was not asked, by its name."""
        if len(self.probe) and len(other.probe):
            return self.dim != other.dim or float(self.probe @ other.probe) < ALIKE
        return self.name != other.name


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What somebody looked like in one camera of one run.

    Args:
        run: a key of it; empty for photos.
        camera: its name; empty for photos.
        sum: ``(D,)`` embeddings summed by crop quality.
        weights: ``(2,)`` sum of the qualities, and of their squares.
    """

    run: str
    camera: str
    sum: Floats
    weights: tuple[float, float]

    def row(self) -> tuple[object, ...]:
        """As SQLite keeps it."""
        return self.run, self.camera, self.sum.astype(np.float32).tobytes(), *self.weights


@dataclass(frozen=True, slots=True)
class Picture:
    """A crop of somebody: run, camera, how much of a person it shows, and the JPEG."""

    run: str
    camera: str
    quality: float
    jpeg: bytes


@dataclass(slots=True)
class Known:
    """Somebody who is known.

    Args:
        name: empty for none.
        looks: by run and camera, the latest run last.
        pictures: a few.
    """

    name: str = ""
    looks: list[Look] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)


@dataclass(slots=True)
class KnownPeople:
    """All people of a file. Nothing is on the disk before ``save``, and then all of it at once.

    Args:
        path: of the file.
        network: by which looks are compared; None while nobody is known.
        last: the greatest id that was ever given; no id is given twice.
        people: by id.
        latest: the run that was taken in last,
        before: and ``last`` before it.
    """

    path: Path
    network: Network | None = None
    last: int = 0
    people: dict[int, Known] = field(default_factory=dict)
    latest: str = ""
    before: int = 0

    @classmethod
    def open(cls, path: Path, must_exist: bool = False) -> Self:
        """The people of a file; nobody where there is none yet.

        Raises:
            UserError: it is not such a file.
        """
        if not path.exists():
            if must_exist:
                raise UserError(f"{path}: no such file; `mtmc run --gallery` makes one")
            return cls(path)
        try:
            with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as db:
                return cls._read(path, db)
        except (sqlite3.Error, KeyError, TypeError, ValueError) as error:
            raise UserError(f"{path}: no gallery of people ({error})") from error

    @classmethod
    def _read(cls, path: Path, db: sqlite3.Connection) -> Self:
        about: dict[str, Any] = dict(db.execute("SELECT key, value FROM about"))
        if about["format"] != FORMAT:
            raise ValueError(f"format {about['format']}, expected {FORMAT}")
        network = None
        if about["network"]:
            probe = np.frombuffer(about["probe"], np.float32)
            network = Network(about["network"], about["dim"], probe)
        people = {number: Known(name) for number, name in db.execute("SELECT * FROM people")}
        for person, run, camera, raw, weight, square in db.execute("SELECT * FROM looks"):
            look = Look(run, camera, np.frombuffer(raw, np.float32), (weight, square))
            people[person].looks.append(look)
        for person, *picture in db.execute("SELECT * FROM pictures"):
            people[person].pictures.append(Picture(*picture))
        return cls(path, network, about["last"], people, about["latest"], about["before"])

    def save(self) -> None:
        """Write the file anew, readable for its owner only; the old one stays until it is whole.

        Of those who were forgotten nothing is left in it. What the old one held is overwritten.

        Raises:
            UserError: it cannot be written.
        """
        old = None
        with replacing(self.path) as partial:
            partial.unlink(missing_ok=True)
            os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            with closing(sqlite3.connect(partial)) as db:
                db.execute("PRAGMA journal_mode=OFF")  # it is a new file, or none
                db.executescript(SCHEMA)
                self._write(db)
                db.commit()
            if self.path.exists() and os.name == "posix":
                old = self.path.open("r+b")
        if old is not None:
            with old, suppress(OSError):
                old.write(bytes(os.fstat(old.fileno()).st_size))
                old.flush()
                os.fsync(old.fileno())

    def _write(self, db: sqlite3.Connection) -> None:
        network = self.network or Network("", 0, np.zeros(0, np.float32))
        about = {
            "format": FORMAT,
            "network": network.name,
            "dim": network.dim,
            "probe": network.probe.astype(np.float32).tobytes(),
            "last": self.last,
            "latest": self.latest,
            "before": self.before,
        }
        db.executemany("INSERT INTO about VALUES (?, ?)", about.items())
        for number, known in self.people.items():
            db.execute("INSERT INTO people VALUES (?, ?)", (number, known.name))
            db.executemany(
                "INSERT INTO looks VALUES (?, ?, ?, ?, ?, ?)",
                ((number, *look.row()) for look in known.looks),
            )
            db.executemany(
                "INSERT INTO pictures VALUES (?, ?, ?, ?, ?)",
                ((number, p.run, p.camera, p.quality, p.jpeg) for p in known.pictures),
            )

    def check(self, network: Network) -> None:
        """Refuse another network than the one that made the gallery.

        Raises:
            UserError: it is another.
        """
        if self.network is not None and self.network.differs(network):
            raise UserError(
                f"{self.path}: was made with the network {self.network.name}, not with "
                f"{network.name}, whose embeddings mean something else; choose that one as --reid, "
                "or another gallery"
            )

    def begin(self, run: str) -> None:
        """Take back what an earlier go of the same run has added."""
        if run == self.latest:
            self.last = self.before
        for number, known in list(self.people.items()):
            added = any(each.run == run for each in known.looks)
            known.looks = [each for each in known.looks if each.run != run]
            known.pictures = [each for each in known.pictures if each.run != run]
            if added and not known.looks:
                del self.people[number]
        self.latest, self.before = run, self.last

    def tracklets(self) -> dict[int, list[Tracklet]]:
        """What everybody looks like, by id: one tracklet of long ago for each camera."""
        return {number: list(_long_ago(number, known)) for number, known in self.people.items()}

    def names(self) -> dict[int, str]:
        """Of those who have one."""
        return {number: known.name for number, known in self.people.items() if known.name}

    def add(
        self, number: int, name: str, looks: Iterable[Look], pictures: Iterable[Picture]
    ) -> None:
        """Learn what somebody looks like, who may be known already."""
        known = self.people.setdefault(number, Known())
        self.last = max(self.last, number)
        known.name = name or known.name
        known.looks += looks
        runs = list(dict.fromkeys(look.run for look in known.looks if look.run))
        gone = set(runs[:-MOST_RUNS])
        known.looks = [look for look in known.looks if look.run not in gone]
        every = [*known.pictures, *pictures]
        best = sorted(every, key=lambda p: -p.quality)[:MOST_PICTURES]
        known.pictures = [picture for picture in every if picture in best]

    def find(self, who: str) -> list[int]:
        """The ids of those with a name, or of the one with that id."""
        if who.isdecimal() and int(who) in self.people:
            return [int(who)]
        return [number for number, known in self.people.items() if known.name == who]


def _long_ago(number: int, known: Known) -> Iterator[Tracklet]:
    for camera in sorted({look.camera for look in known.looks}):
        mine = [look for look in known.looks if look.camera == camera]
        total = np.asarray(np.sum([look.sum for look in mine], axis=0), np.float32)
        weights = np.asarray(np.sum([look.weights for look in mine], axis=0), np.float64)
        gallery = Gallery.of(total[None], weights[None], np.array([-np.inf]))
        tracklet = Tracklet(TrackKey(camera, -number), -np.inf, -np.inf, gallery=gallery)
        tracklet.marks, tracklet.closed = (Mark(-number, known=True),), True
        yield tracklet


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep others out of a gallery inside the block.

    Raises:
        UserError: another run uses it, or it cannot be written there.
    """
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path.with_name(f".{path.name}.lock"), timeout=0)
    try:
        with lock:
            yield
    except Timeout:
        raise UserError(
            f"{path}: another run uses this gallery; wait for its end, or choose another"
        ) from None
