"""All tracks of one video as rows, and the form in which the refinement works on them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

NOBODY = 0  # in place of a person, or a track


ROW = np.dtype(
    [
        ("step", np.int64),
        ("track", np.int64),
        ("person", np.int64),
        ("box", np.float32, 4),
        ("score", np.float32),
        ("detected", np.bool_),
    ]
)
Rows = NDArray[np.void]


def make_table(
    steps: NDArray[np.integer],
    tracks: NDArray[np.integer],
    boxes: NDArray[np.floating],
    scores: NDArray[np.floating],
    detected: NDArray[np.bool_] | bool = True,
) -> Rows:
    """The boxes of all tracks of one video, in any order; each track a person for the time being.

    Args:
        steps: ``(M,)`` numbers of the frames, from 1.
        tracks: ``(M,)`` ids, one box per id and frame; 0 for detections of no track.
        boxes: ``(M, 4)`` ``x1, y1, x2, y2`` px; the detections themselves serve better than a
            filter's estimates, which lag behind.
        scores: ``(M,)`` detector confidence.
        detected: ``(M,)``, False for a box that was predicted.

    Raises:
        ValueError: a shape does not fit.
    """
    rows = np.zeros(len(steps), ROW)
    columns = {"step": steps, "track": tracks, "person": tracks, "box": boxes, "score": scores}
    for name, column in columns.items():
        if np.shape(column) != rows[name].shape:
            wanted = rows[name].shape
            raise ValueError(f"{name} must have shape {wanted}, got {np.shape(column)}")
        rows[name] = column
    rows["detected"] = detected
    return rows


@dataclass(slots=True, eq=False)
class Paths:
    """Tracks sorted by track and frame, in centre and size, with the camera held still.

    Args:
        track: ``(M,)`` index of the track, ascending from 0.
        frames: ``(M,)``, ascending within a track.
        values: ``(M, 4)`` centre x and y (camera motion taken out), width, height in pixels.
        scores: ``(M,)``.
        source: ``(M,)`` row of the input, -1 for a box that was filled in.
    """

    track: Ints
    frames: Ints
    values: Array
    scores: Array
    source: Ints

    def __len__(self) -> int:
        return len(self.track)

    @property
    def count(self) -> int:
        """Number of tracks."""
        return int(self.track[-1]) + 1 if len(self.track) else 0

    def first(self) -> NDArray[np.intp]:
        """Row of each track's first box."""
        return np.searchsorted(self.track, np.arange(self.count))

    def last(self) -> NDArray[np.intp]:
        """Row of each track's last box."""
        return np.searchsorted(self.track, np.arange(self.count), side="right") - 1

    def __getitem__(self, index: NDArray[np.bool_] | NDArray[np.integer]) -> Paths:
        """The boxes selected by a mask or an index array."""
        return Paths(*(getattr(self, field.name)[index] for field in fields(self)))

    def select(self, index: NDArray[np.bool_] | NDArray[np.integer]) -> Paths:
        """The same, their tracks numbered anew."""
        part = self[index]
        return replace(part, track=np.unique(part.track, return_inverse=True)[1].astype(np.int64))

    def relabel(self, labels: Ints) -> Paths:
        """The same boxes with track ``i`` made part of track ``labels[i]``."""
        track = labels[self.track]
        return replace(self, track=track).select(np.lexsort((self.frames, track)))


def corners(values: Array) -> Array:
    """Boxes ``(N, 4)`` ``x1, y1, x2, y2`` of centres and sizes."""
    half = 0.5 * np.maximum(values[:, 2:], 1e-3)
    return np.concatenate([values[:, :2] - half, values[:, :2] + half], axis=1)


def join(parts: list[Paths]) -> Paths:
    """Paths whose boxes come from several, tracks meaning the same in all."""
    columns = ([getattr(part, field.name) for part in parts] for field in fields(Paths))
    joined = Paths(*(np.concatenate(column) for column in columns))
    return joined[np.lexsort((joined.frames, joined.track))]


def mean_looks(paths: Paths, embeddings: NDArray[np.float32]) -> Array:
    """``(count, D)`` unit mean embedding of each track, zero where it has none.

    Args:
        paths: the tracks.
        embeddings: by source, a row of NaN where there is none.
    """
    total = np.zeros((paths.count, embeddings.shape[1]))
    np.add.at(total, paths.track, np.nan_to_num(embeddings[paths.source]))
    total /= np.maximum(np.linalg.norm(total, axis=1), 1e-12)[:, None]
    return total


def cut(paths: Paths, longest: int) -> Paths:
    """Tracks cut wherever they were unseen for more than ``longest`` frames."""
    new_track = np.diff(paths.track) > 0
    part = np.concatenate([[0], np.cumsum(new_track | (np.diff(paths.frames) > longest + 1))])
    return replace(paths, track=part)
