"""What goes into a tracker and what comes out: structs of arrays, checked once when made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Index = NDArray[np.bool_] | NDArray[np.integer] | slice


_EMPTY = {
    "boxes": (0, 4),
    "scores": (0,),
    "embeddings": (0, 0),
    "floor": (0, 2),
    "floor_covariance": (0, 2, 2),
    "statures": (0, 3),
    "classes": (0,),
}
_DTYPES: dict[str, type] = {
    "boxes": np.float32,
    "scores": np.float32,
    "embeddings": np.float32,
    "floor": np.float64,
    "floor_covariance": np.float64,
    "statures": np.float64,
    "classes": np.int64,
}


def _no_boxes() -> NDArray[np.float32]:
    return np.zeros((0, 4), np.float32)


def _check_boxes(boxes: NDArray[np.float32]) -> None:
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"boxes must have shape (N, 4), got {boxes.shape}")
    corners = boxes.T.copy()  # whole columns are faster to compare than rows of two
    wrong = ~(corners[2:] > corners[:2])
    if not np.count_nonzero(wrong) and np.count_nonzero(np.isfinite(corners)) == boxes.size:
        return
    good = np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
    row = int(np.argmin(good))
    if not np.isfinite(boxes[row]).all():
        raise ValueError(f"box {row} is not finite: {boxes[row].tolist()}")
    raise ValueError(f"box {row} has no area (expected x1 < x2, y1 < y2): {boxes[row].tolist()}")


def _check_column(name: str, column: NDArray[np.generic], rows: int) -> None:
    if column.shape != (rows,):
        raise ValueError(f"{name} must have shape ({rows},) like the boxes, got {column.shape}")


def _freeze(array: NDArray[np.generic]) -> None:
    array.setflags(write=False)


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """People found in one frame of one camera.

    Lists and other arrays will do; an empty one stands for nobody, whatever its shape. What other
    libraries find comes in by `from_supervision` and `from_ultralytics`.

    Args:
        boxes: ``(N, 4) float32``, ``x1, y1, x2, y2`` in pixels.
        scores: ``(N,) float32`` detector confidence in 0..1.
        embeddings: ``(N, D) float32`` unit rows, or None when nothing was embedded.
        floor: ``(N, 2) float64`` positions on the floor, m, NaN where unknown; None without a
            calibration.
        floor_covariance: ``(N, 2, 2) float64`` of the positions, m², with what cameras disagree by;
            given if `floor` is.
        statures: ``(N, 3) float64`` how tall each is who stands at `floor`, m, and by how much more
            for each metre along x and y; NaN where unknown, None where nothing is.
        classes: ``(N,) int64`` number of what each is; None where all are of one kind. What is of
            another class is never the same.

    Raises:
        ValueError: a shape does not fit, a number is not finite, or a box has no area.
    """

    boxes: NDArray[np.float32] = field(default_factory=_no_boxes)
    scores: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    embeddings: NDArray[np.float32] | None = None
    floor: NDArray[np.float64] | None = None
    floor_covariance: NDArray[np.float64] | None = None
    classes: NDArray[np.int64] | None = None
    statures: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        for name, dtype in _DTYPES.items():
            value = getattr(self, name)
            if value is not None:
                # A view, so that freezing it leaves the caller's own array writable.
                array: NDArray[Any] = np.asarray(value, dtype)[...]
                if array.shape[:1] == (0,) and (array.ndim == 1 or name == "boxes"):
                    array = array.reshape(_EMPTY[name])
                object.__setattr__(self, name, array)
                _freeze(array)
        _check_boxes(self.boxes)
        _check_column("scores", self.scores, len(self))
        if not np.isfinite(self.scores).all():
            raise ValueError("scores must be finite")
        if self.embeddings is not None:
            if self.embeddings.ndim != 2 or len(self.embeddings) != len(self):
                raise ValueError(
                    f"embeddings must have shape ({len(self)}, D), got {self.embeddings.shape}"
                )
            if not np.isfinite(self.embeddings).all():
                raise ValueError("embeddings must be finite")
        if self.classes is not None:
            _check_column("classes", self.classes, len(self))
        self._check_floor()

    def _check_floor(self) -> None:
        if self.floor is None and self.floor_covariance is None:
            return
        shapes = {"floor": (len(self), 2), "floor_covariance": (len(self), 2, 2)}
        if self.statures is not None:
            shapes["statures"] = (len(self), 3)
        for name, shape in shapes.items():
            value = getattr(self, name)
            if value is None or value.shape != shape:
                got = None if value is None else value.shape
                raise ValueError(f"{name} must have shape {shape} like the boxes, got {got}")

    def __len__(self) -> int:
        return len(self.boxes)

    def __getitem__(self, index: Index) -> Self:
        """The detections selected by a boolean mask, an index array or a slice."""
        return type(self)(
            self.boxes[index],
            self.scores[index],
            None if self.embeddings is None else self.embeddings[index],
            None if self.floor is None else self.floor[index],
            None if self.floor_covariance is None else self.floor_covariance[index],
            None if self.classes is None else self.classes[index],
            None if self.statures is None else self.statures[index],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Tracks:
    """The tracks a tracker reports for one frame.

    Args:
        ids: ``(M,) int64`` track ids, 1-based, unique in the frame, never reused by the tracker.
        boxes: ``(M, 4) float32``, ``x1, y1, x2, y2`` in pixels.
        scores: ``(M,) float32`` confidence of the matched detection (or of the last one).
        det_index: ``(M,) int64`` row of the matched detection in the input, -1 for a box that was
            predicted without one.
        classes: ``(M,) int64`` number of what each is; None where the detections had none.

    Raises:
        ValueError: a shape does not fit, a number is not finite, a box has no area, or an id
            occurs twice.
    """

    ids: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    boxes: NDArray[np.float32] = field(default_factory=_no_boxes)
    scores: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    det_index: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    classes: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if getattr(self, name) is not None:
                dtype = _DTYPES.get(name, np.int64)
                array: NDArray[Any] = np.asarray(getattr(self, name), dtype)[...]
                object.__setattr__(self, name, array)
                _freeze(array)
        _check_boxes(self.boxes)
        for name in ("ids", "scores", "det_index", "classes"):
            if getattr(self, name) is not None:
                _check_column(name, getattr(self, name), len(self))
        if len(set(self.ids.tolist())) != len(self):
            raise ValueError(f"track ids must be unique in a frame, got {self.ids.tolist()}")

    @classmethod
    def unchecked(cls, *columns: NDArray[np.generic]) -> Self:
        """Tracks of columns that are known to be good and are nobody else's.

        Args:
            columns: ids, boxes, scores and det_index, of their shapes and types.
        """
        tracks = object.__new__(cls)
        for name, column in zip(cls.__slots__[:-1], columns, strict=True):
            _freeze(column)
            object.__setattr__(tracks, name, column)
        object.__setattr__(tracks, "classes", None)
        return tracks

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: Index) -> Self:
        """The tracks selected by a boolean mask, an index array or a slice."""
        return type(self)(
            self.ids[index],
            self.boxes[index],
            self.scores[index],
            self.det_index[index],
            None if self.classes is None else self.classes[index],
        )


class Tracker(Protocol):
    """Follows the people of one camera; one instance per camera, nothing shared between them.

    It is made of its settings and the camera's frames per second: ``cls(config, fps)``.

    ``needs_embeddings`` and ``needs_image`` say what ``update`` makes use of beyond boxes and
    scores; what is not needed is not computed. ``needs_floor`` is False: see `SceneTracker`.
    ``Config`` is a frozen dataclass of settings, whose times are in seconds.
    """

    Config: ClassVar[Any]
    needs_floor: ClassVar[bool]
    needs_embeddings: ClassVar[bool]
    needs_image: ClassVar[bool]

    def update(
        self, detections: Detections, image: NDArray[np.uint8] | None = None, steps: int = 1
    ) -> Tracks:
        """Take one frame's detections (also when there are none) and report its tracks.

        Args:
            detections: this frame's people.
            image: ``(H, W, 3) uint8`` BGR, only where ``needs_image`` is set.
            steps: frames since the last update, this one included: more than 1 where frames are
                missing, as those that a live run had no time for.
        """
        ...


class SceneTracker(Protocol):
    """Follows people over all cameras of a scene: a tracker whose ``needs_floor`` is True.

    It is made of its settings: ``cls(config)``.
    """

    Config: ClassVar[Any]
    needs_floor: ClassVar[bool]
    needs_embeddings: ClassVar[bool]
    needs_image: ClassVar[bool]
    merged: Mapping[int, int]  # of the last step: id that turned out to be another -> that one

    def update(self, time: float, cameras: Sequence[Detections]) -> list[Tracks]:
        """Take one time step's detections of all cameras and report the tracks in each.

        Args:
            time: seconds; it never decreases.
            cameras: of each camera, in the same order at every step, with floor positions.
        """
        ...

    def positions(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Ids of the people seen in the last step, and where they are: ``(N, 2)`` m."""
        ...

    def relink(
        self,
        times: NDArray[np.float64],
        ids: NDArray[np.int64],
        points: NDArray[np.float64],
        covariances: NDArray[np.float64],
        statures: NDArray[np.float64] | None = None,
    ) -> NDArray[np.int64]:
        """Look again at who is who, after the last step; ``ids`` as they are is an answer, too.

        Args:
            times: ``(N,)`` s of each sighting by one camera.
            ids: ``(N,)`` as they were reported.
            points: ``(N, 2)`` m.
            covariances: ``(N, 2, 2)`` m².
            statures: ``(N, 3)`` as `Detections` have them; None where nothing is known.

        Returns:
            ``(N,)`` ids.
        """
        ...
