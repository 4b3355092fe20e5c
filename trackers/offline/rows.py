"""All tracks of one video as rows, and the form in which the refinement works on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Ints = NDArray[np.int64]

NOBODY = 0  # in place of a track's id


@dataclass(frozen=True, slots=True, eq=False)
class TrackRows:
    """Boxes of all tracks in all frames of one video, in any order.

    Args:
        frames: ``(M,) int64``, 1-based.
        ids: ``(M,) int64`` track ids; one box per id and frame. 0 for detections of no track.
        boxes: ``(M, 4) float32``, ``x1, y1, x2, y2`` in pixels; the detections themselves serve
            better than a filter's estimates, which lag behind.
        scores: ``(M,) float32`` detector confidence.
        det_index: ``(M,) int64`` row of the detection in its frame, -1 for a box without one.
        embeddings: ``(M, D) float32`` unit rows, or None; a row of NaN where there is none.

    Raises:
        ValueError: a shape does not fit or an id occurs twice in a frame.
    """

    frames: NDArray[np.int64]
    ids: NDArray[np.int64]
    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    det_index: NDArray[np.int64]
    embeddings: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        columns = {"frames": np.int64, "ids": np.int64, "scores": np.float32, "det_index": np.int64}
        for name, dtype in columns.items():
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype))
        object.__setattr__(self, "boxes", np.asarray(self.boxes, np.float32))
        if self.boxes.shape != (len(self), 4):
            raise ValueError(f"boxes must have shape ({len(self)}, 4), got {self.boxes.shape}")
        for name in columns:
            shape = getattr(self, name).shape
            if shape != (len(self),):
                raise ValueError(f"{name} must have shape ({len(self)},) like frames, got {shape}")
        if self.embeddings is not None and len(self.embeddings) != len(self):
            raise ValueError(f"embeddings must have {len(self)} rows, got {len(self.embeddings)}")
        pairs = np.stack([self.frames, self.ids], axis=1)[self.ids != NOBODY]
        if len(np.unique(pairs, axis=0)) != len(pairs):
            raise ValueError("a track id occurs twice in one frame")

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, index: NDArray[np.bool_] | NDArray[np.integer]) -> TrackRows:
        """The rows selected by a mask or an index array."""
        embeddings = None if self.embeddings is None else self.embeddings[index]
        return TrackRows(
            self.frames[index],
            self.ids[index],
            self.boxes[index],
            self.scores[index],
            self.det_index[index],
            embeddings,
        )

    def renamed(self, ids: NDArray[np.int64]) -> TrackRows:
        """The same rows with other ids ``(M,)``."""
        return replace(self, ids=ids)


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

    def select(self, index: NDArray[np.bool_] | NDArray[np.integer]) -> Paths:
        """The boxes selected by a mask or an index array, their tracks numbered anew."""
        track = np.unique(self.track[index], return_inverse=True)[1].astype(np.int64)
        return Paths(
            track, self.frames[index], self.values[index], self.scores[index], self.source[index]
        )

    def relabel(self, labels: Ints) -> Paths:
        """The same boxes with track ``i`` made part of track ``labels[i]``."""
        track = labels[self.track]
        return Paths(track, self.frames, self.values, self.scores, self.source).select(
            np.lexsort((self.frames, track))
        )


def join(parts: list[Paths]) -> Paths:
    """Paths whose boxes come from several, tracks meaning the same in all."""
    track = np.concatenate([part.track for part in parts])
    frames = np.concatenate([part.frames for part in parts])
    order = np.lexsort((frames, track))
    return Paths(
        track[order],
        frames[order],
        np.concatenate([part.values for part in parts])[order],
        np.concatenate([part.scores for part in parts])[order],
        np.concatenate([part.source for part in parts])[order],
    )


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
    return Paths(part, paths.frames, paths.values, paths.scores, paths.source)
