"""Pictures of every track: spooled while a run goes on, given to finished tracks in the end."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from mtmc.errors import UserError
from mtmc.files import replacing
from mtmc.outputs.anonymise import hide
from mtmc.outputs.tracks import TrackTable
from mtmc.perception.cut import cut_out
from mtmc.perception.log import Inference
from mtmc.results.crops import COLUMNS, KEPT, SCHEMA, Crop, Crops, thinned, worse
from mtmc.trackers.geometry import pair_iou
from mtmc.tracking.camera import Sighting
from mtmc.tracking.gallery import Gallery
from mtmc.tracking.messages import CameraStep
from mtmc.tracking.tracklet import Tracklet
from mtmc.types import Floats, Image, TrackKey

SPOOL = ".crops.partial"  # file of live cameras, which have no log
HEIGHT = 256  # px that a picture is tall at most, what ReID networks look at
JPEG = 80  # quality, percent
SPOOLED = 2 * KEPT  # of a track that may yet be cut in two
SAME = 0.3  # least IoU of a crop with the finished box of its track, which may reach further down


class Cutter:
    """Cuts out of each frame what is worth to be kept of its tracks.

    Args:
        pictures: the cameras of which there are to be pictures; of others embeddings alone.
        anonymise: what is hidden of people in them, before they are on disk; see ``hide``.
    """

    def __init__(self, pictures: Container[str], anonymise: str | None = None) -> None:
        self._pictures, self._anonymise = pictures, anonymise

    def crops(self, sighting: Sighting, inference: Inference) -> Iterator[Crop]:
        """Of one frame, given what was inferred of it."""
        frame, tracks, step = sighting.frame, sighting.tracks, sighting.step
        place = {int(row): position for position, row in enumerate(inference.rows)}
        pictured = frame.image is not None and frame.camera in self._pictures
        image = frame.image
        if pictured and self._anonymise and len(sighting.wanted):
            everybody = np.concatenate([inference.detections.boxes, tracks.boxes])
            image = hide(frame.pixels, everybody, self._anonymise)
        for row, quality in zip(sighting.wanted.tolist(), step.quality.tolist(), strict=True):
            detection = int(tracks.det_index[row])
            box = inference.detections.boxes[detection]
            known = place.get(detection)
            vector = np.zeros(0, np.float32) if known is None else inference.embeddings[known]
            picture = as_jpeg(cut_out(image, box)) if image is not None and pictured else b""
            key = TrackKey(frame.camera, int(tracks.ids[row]))
            yield Crop(key, frame.index, frame.time, quality, box, picture, vector)


class CropSpool:
    """The crops of tracks that go on: the best of different moments, on disk.

    A step's crops are on disk before the inference log notes the step, and what goes when a track
    has too many is told by times and qualities alone: so a run that is resumed comes out the same.

    Args:
        path: an SQLite file, which may be the inference log's.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._taken: dict[TrackKey, list[tuple[float, float, int]]] = defaultdict(list)
        with self._explained():
            self._db = sqlite3.connect(path, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(SCHEMA)

    def take(self, step: Iterable[tuple[CameraStep, Sequence[Crop], bool]]) -> None:
        """Keep the crops of a time step that are worth it.

        Args:
            step: what each camera tells, its crops, and whether they are new: those of a frame
                from before the run was cut off are on disk.
        """
        new: list[tuple[object, ...]] = []
        old: list[tuple[object, ...]] = []
        for told, crops, fresh in step:
            for track in (*told.ended.tolist(), *told.renewed[:, 0].tolist()):
                self._taken.pop(TrackKey(told.camera, track), None)
            for crop in crops:
                new += [crop.row()] if fresh else []
                old += self._too_many(crop)
        if not (new or old):
            return
        with self._explained():
            self._db.executemany(INSERT, new)
            delete = "DELETE FROM crops WHERE camera=? AND track_id=? AND frame=?"
            self._db.executemany(delete, old)
            self._db.commit()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _too_many(self, crop: Crop) -> list[tuple[object, ...]]:
        """What goes now that a track has one more."""
        taken = self._taken[crop.key]
        taken.append((crop.time, crop.quality, crop.frame))
        if len(taken) <= SPOOLED:
            return []
        times, qualities, _ = zip(*taken, strict=True)
        return [(*crop.key, taken.pop(worse(times, qualities))[2])]

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise UserError(f"{self.path}: cannot be written: {error}") from error


INSERT = f"INSERT OR REPLACE INTO crops VALUES ({', '.join('?' * len(COLUMNS.split(',')))})"


def as_jpeg(image: Image) -> bytes:
    """A crop as it is kept, at most ``HEIGHT`` px tall."""
    height, width = image.shape[:2]
    if height > HEIGHT:
        size = (max(1, round(width * HEIGHT / height)), HEIGHT)
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG])[1].tobytes()


@dataclass(frozen=True)
class Anonymised:
    """What is hidden of people in crops that were cut before everybody was known.

    Args:
        mode: see ``hide``.
        sizes: ``(width, height)`` px of each camera's pictures, by name.
    """

    mode: str
    sizes: Mapping[str, tuple[int, int]]

    def hide(self, crop: Crop, boxes: Floats) -> Crop:
        """A crop in which those in the boxes ``(N, 4)`` px of the video are hidden, too."""
        if not (crop.jpeg and len(boxes)):
            return crop
        image, (left, top) = crop.image, np.maximum(crop.box[:2], 0)
        height = min(float(crop.box[3]), self.sizes[crop.key.camera][1]) - top
        scale = image.shape[0] / max(height, 1.0)
        moved = (boxes - np.array([left, top, left, top])) * scale
        return replace(crop, jpeg=as_jpeg(hide(image, moved, self.mode)))


def finished_crops(
    spool: Crops, table: TrackTable, anonymised: Anonymised | None = None
) -> list[Crop]:
    """The crops under the tracks that the finished table has them in; see ``thinned``."""
    numbers = {name: number for number, name in enumerate(table.cameras)}
    found: dict[TrackKey, list[Crop]] = defaultdict(list)
    for crop in spool:
        rows, _ = table.rows_at(numbers[crop.key.camera], crop.frame)
        if not len(rows):
            continue
        overlap = pair_iou(np.broadcast_to(crop.box, rows["box"].shape), rows["box"])
        if overlap.max() >= SAME:
            key = TrackKey(crop.key.camera, int(rows["track"][overlap.argmax()]))
            found[key].append(replace(crop, key=key))
    kept = [crop for key in sorted(found) for crop in thinned(found[key])]
    if anonymised is None:
        return kept
    result = []
    for crop in kept:
        rows, _ = table.rows_at(numbers[crop.key.camera], crop.frame)
        result.append(anonymised.hide(crop, rows["box"][~rows["detected"]]))
    return result


def write_crops(path: Path, crops: Iterable[Crop]) -> None:
    """Write crops to an SQLite file that ``Crops`` reads."""
    with replacing(path) as partial, closing(sqlite3.connect(partial)) as db:
        db.executescript(SCHEMA)
        db.executemany(INSERT, (crop.row() for crop in crops))
        db.commit()


def seen_tracklets(table: TrackTable, crops: Iterable[Crop]) -> list[Tracklet]:
    """The tracks of a table with what their crops look like, where nobody remembers more."""
    looks: dict[TrackKey, Gallery] = defaultdict(Gallery)
    for crop in crops:
        if len(crop.embedding):
            looks[crop.key].add(crop.embedding, crop.quality, crop.time)
    result: list[Tracklet] = []
    for number, name in enumerate(table.cameras):
        known: dict[int, Tracklet] = {}
        for rows, _ in table.parts(number):
            seen = rows[rows["detected"]]
            for track, frame, time in zip(
                *(seen[column].tolist() for column in ("track", "frame", "time")), strict=True
            ):
                key = TrackKey(name, track)
                if key in looks:
                    tracklet = known.setdefault(
                        track, Tracklet(key, time, time, gallery=looks[key])
                    )
                    tracklet.see(frame, time)
        result += known.values()
    return result
