"""Detections that are already there, in MOT text files or with embeddings in arrays and tables."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mtmc.detectors.boxes import to_detections
from mtmc.detectors.described import LAYOUTS, read_described
from mtmc.detectors.people import PERSON, Kinds
from mtmc.errors import UserError
from mtmc.files import spelled
from mtmc.mot import CLASS_NAMES, UNKNOWN, MotKind, MotRows, read_mot
from mtmc.trackers import Detections
from mtmc.trackers.scores import MARGINS, PROBABILITIES, ScoreCurve
from mtmc.trackers.settings import Checked, setting, share
from mtmc.types import Frame

log = logging.getLogger("mtmc")

NO_SCORE = -1.0
# Edges of two boxes that are one detection lie this close together: px, and share of its height.
SAME_PIXELS, SAME_SHARE = 1.0, 0.02
MOST_MARGIN = 10.0  # of classifiers; scores that go beyond, up to 100, are percents
BEYOND = 1.05  # of the image's sides, beyond which few boxes reach


@dataclass(frozen=True)
class MotFileConfig(Checked):
    """Settings of the ``motfile`` detector.

    Args:
        folder: with ``<camera>.txt`` for every camera, or, with embeddings, ``.npy``, ``.npz`` or
            ``.parquet``, see the guide to identities; None takes ``det`` among the videos or beside
            their folder.
        confidence: lowest score kept; of margins, lowest probability by the curve for them.
        classes: what to look for where column 8 holds classes, by MOT's names or by numbers; what
            is of another class is followed by itself.
        person_class: of the rows that show people, where column 8 holds classes; None takes 0
            where it occurs, else 1.
    """

    folder: str | None = setting(None, public=True)
    confidence: float = share(0.0, public=True)
    classes: tuple[str, ...] = setting((PERSON,), public=True)
    person_class: int | None = setting(None, ge=0)


class MotFileDetector:
    """Reads ``det/<camera>.txt``, or ``det/det.txt`` of a MOTChallenge sequence.

    Of a file with embeddings the detections have them, too; see ``described``.

    Raises:
        UserError: there is no such folder.
    """

    Config: ClassVar = MotFileConfig
    stateful: ClassVar = False

    def __init__(self, config: MotFileConfig, root: Path) -> None:
        home = root if root.is_dir() else root.parent
        self.folder = Path(config.folder) if config.folder else _default_folder(home)
        if not self.folder.is_dir():
            raise UserError(
                f"{self.folder}: no such folder; the 'motfile' detector reads <camera>.txt from "
                "det/ among the videos or beside their folder, or from detector.folder"
            )
        self._sequence = {home.name, home.resolve().name}
        self._confidence = config.confidence
        self._person_class = config.person_class
        self._kinds = Kinds.find(config.classes, CLASS_NAMES, None, lambda: (), str(self.folder))
        self.classes = self._kinds.names
        self._files: dict[str, _FrameIndex] = {}
        self._looked_at: set[str] = set()
        self.curve = PROBABILITIES  # as long as no file has margins

    def last_frame(self, camera: str) -> int:
        """The last frame of a camera that has a detection.

        Raises:
            UserError: it has no file, or the file breaks the format.
        """
        return self._file(camera).rows.last_frame

    def has_looks(self, camera: str) -> bool:
        """Whether the detections of a camera come with embeddings.

        Raises:
            UserError: as ``last_frame``.
        """
        return self._file(camera).rows.embeddings is not None

    def _file(self, camera: str) -> _FrameIndex:
        if camera not in self._files:
            path = self._path(camera)
            rows = read_detections(path, None, self._person_class, self._kinds)
            if self.curve == PROBABILITIES:
                self.curve = stated_curve(rows.scores)
            self._files[camera] = _FrameIndex(rows)
        return self._files[camera]

    def _path(self, camera: str) -> Path:
        path, whole = spelled(self.folder / f"{camera}.txt"), self.folder / "det.txt"
        every = (path, *(spelled(self.folder / f"{camera}{suffix}") for suffix in LAYOUTS))
        there = [each for each in every if each.is_file()]
        if len(there) > 1:
            raise UserError(f"{there[0]} and {there[1].name}: both hold the detections of {camera}")
        if there:
            return there[0]
        if camera in self._sequence and whole.is_file():
            return whole
        raise UserError(f"{path}: no such file; expected the detections of that camera")

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """See ``Detector``."""
        return [self._detect(frame) for frame in frames]

    def _detect(self, frame: Frame) -> Detections:
        height, width = frame.pixels.shape[:2]
        if frame.camera not in self._looked_at:
            self._looked_at.add(frame.camera)
            if doubt := doubt_boxes(self._file(frame.camera).rows.boxes, (width, height)):
                log.warning("%s: %s", self._path(frame.camera), doubt)
        rows = self._file(frame.camera).at(frame.index)
        margins = self.curve.margins
        shares = self.curve.probability(rows.scores) if margins else rows.scores
        rows = rows[shares >= self._confidence]
        kinds = rows.classes if len(self.classes) > 1 else None
        return to_detections(rows.boxes, rows.scores, (width, height), kinds, rows.embeddings)


def _default_folder(home: Path) -> Path:
    among, beside = home / "det", home.resolve().parent / "det"
    return beside if beside.is_dir() and not among.is_dir() else among


class _FrameIndex:
    """Rows of a file, found by frame."""

    def __init__(self, rows: MotRows) -> None:
        self.rows = rows[np.argsort(rows.frames, kind="stable")]

    def at(self, frame: int) -> MotRows:
        first, last = np.searchsorted(self.rows.frames, [frame, frame + 1])
        return self.rows[slice(first, last)]


def read_detections(
    path: Path,
    last_frame: int | None = None,
    person_class: int | None = None,
    kinds: Kinds | None = None,
) -> MotRows:
    """The detections of people in a MOT file, each once, with scores in 0..1 or margins.

    Warns where the file can be read in more than one way.

    Args:
        path: the file.
        last_frame: the length of the sequence, where it is known.
        person_class: see ``MotFileConfig``.
        kinds: what else is wanted, or instead of people; the rows' classes are then kinds. None
            for people alone.

    Raises:
        UserError: as ``read_mot`` and ``read_described``, or which of several classes are people
            cannot be told.
    """
    if path.suffix in LAYOUTS:
        rows = read_described(path, last_frame)
    else:
        rows = read_mot(path, MotKind.DETECTIONS, last_frame)
    if kinds is None or kinds.names == (PERSON,):
        rows = _of_people(path, rows, person_class)
    else:
        rows = _of_kinds(path, rows, person_class, kinds)
    again = repeated(rows)
    if again.any():
        log.warning(
            "%s: %d of %d detections lie on another one of their frame; each counts once",
            path,
            again.sum(),
            len(rows),
        )
        rows = rows[~again]
    scores = plain_scores(rows.scores)
    if len(rows) and rows.scores.max() > MOST_MARGIN:
        log.info(
            "%s: scores from %g to %g are read as %.2g to %.2g",
            path,
            *(np.min(rows.scores), np.max(rows.scores), scores.min(), scores.max()),
        )
    return replace(rows, scores=scores)


def _of_people(path: Path, rows: MotRows, person_class: int | None) -> MotRows:
    """The rows of people, where column 8 tells classes."""
    classes = np.unique(rows.classes[rows.classes != UNKNOWN]).tolist()
    if person_class is None:
        if not classes or classes in ([0], [1]):
            return rows
        # Numbers of names begin at 0, of which people are the first; MOT's begin at 1.
        person_class = next((number for number in (0, 1) if number in classes), None)
        told = ", ".join(map(str, classes[:10]))
        if person_class is None and len(classes) > 1:
            raise UserError(
                f"{path}: column 8 holds the classes {told}; expected people as 0 or 1, or "
                "detector.person_class"
            )
        if person_class is None:
            person_class = classes[0]
        log.warning(
            "%s: column 8 holds the classes %s, of which %d is taken for people "
            "(detector.person_class chooses)",
            path,
            told,
            person_class,
        )
    elif not classes:
        return rows
    elif person_class not in classes:
        told = ", ".join(map(str, classes[:10]))
        raise UserError(f"{path}: detector.person_class {person_class}: column 8 holds only {told}")
    return rows[rows.classes == person_class]


def _of_kinds(path: Path, rows: MotRows, person_class: int | None, kinds: Kinds) -> MotRows:
    """The rows of all kinds, with the kind in place of the class."""
    if not (rows.classes != UNKNOWN).any() and len(rows):
        raise UserError(f"{path}: column 8 holds no classes; leave out detector.classes")
    parts = []
    for kind, (name, numbers) in enumerate(zip(kinds.names, kinds.numbers, strict=True)):
        if name == PERSON and (person_class is not None or np.isin(rows.classes, (0, 1)).any()):
            part = _of_people(path, rows, person_class)
        else:
            part = rows[np.isin(rows.classes, numbers)]
        parts.append(replace(part, classes=np.full(len(part), kind)))
    return MotRows.concatenate(parts)


def repeated(rows: MotRows) -> NDArray[np.bool_]:
    """``(N,)`` which rows lie on another one of their frame, of a higher score or given earlier."""
    result = np.zeros(len(rows), bool)
    left = rows.boxes[:, 0]
    order = np.lexsort((left, rows.frames))
    for step in range(1, len(rows)):
        a, b = order[:-step], order[step:]
        near = (rows.frames[a] == rows.frames[b]) & (left[b] - left[a] <= SAME_PIXELS)
        if not near.any():
            break
        a, b = a[near], b[near]
        height = rows.boxes[a, 3] - rows.boxes[a, 1]
        apart = np.abs(rows.boxes[a] - rows.boxes[b]).max(axis=1)
        same = apart <= np.minimum(SAME_PIXELS, SAME_SHARE * height)
        same &= rows.classes[a] == rows.classes[b]
        a, b = a[same], b[same]
        worse = (rows.scores[a] < rows.scores[b]) | ((rows.scores[a] == rows.scores[b]) & (a > b))
        result[np.where(worse, a, b)] = True
    return result


def doubt_boxes(boxes: NDArray[np.float64], size: tuple[int, int]) -> str | None:
    """What speaks against boxes being in pixels of the images, with widths and heights.

    Args:
        boxes: ``(N, 4)`` ``x1, y1, x2, y2`` px, as the file was understood.
        size: ``(width, height)`` px of the images.
    """
    if len(boxes) == 0:
        return None
    width, height = size
    first, sides = boxes[:, :2], boxes[:, 2:] - boxes[:, :2]
    shown = (np.minimum(boxes[:, 2:], size) - np.maximum(first, 0) >= 1).all(axis=1)
    if shown.mean() < 0.5:
        why = "shares of the image" if np.abs(boxes).max() <= 2 else "of other images"
        return (
            f"{np.sum(~shown)} of {len(boxes)} boxes lie outside the {width}x{height} images, or "
            f"are smaller than a pixel; expected x, y, width, height in px (are they {why}?)"
        )
    corners = (sides > first).all() and (sides <= np.multiply(BEYOND, size)).all()
    if corners and (boxes[:, 2:] > np.multiply(BEYOND, size)).any(axis=1).mean() > 0.5:
        return (
            f"most boxes reach out of the {width}x{height} images; expected x, y, width, height "
            "(are they x1, y1, x2, y2?)"
        )
    return None


def plain_scores(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scores in 0..1, or margins of a classifier, where some are negative or above 1.

    Numbers up to 100 that no margin reaches are percents; margins on a larger scale are brought to
    a spread of 1. Scores of -1 are none, and so are scores that all are 0, or all are one number
    outside 0..1: then every detection is as good as the next, and has 1.
    """
    if len(scores) == 0:
        return scores
    given = scores[scores != NO_SCORE]
    if len(given) == 0 or ((given == given[0]).all() and not 0 < given[0] <= 1):
        return np.ones(len(scores))
    percent = MOST_MARGIN < given.max() <= 100
    if given.min() >= 0 and (given.max() <= 1 or percent):
        share = scores / 100 if percent else scores
        return share if len(given) == len(scores) else np.where(scores == NO_SCORE, 1.0, share)
    if np.abs(scores).max() <= MOST_MARGIN:
        return scores
    margins: NDArray[np.float64] = scores / scores.std()
    return margins


def stated_curve(scores: NDArray[np.float64]) -> ScoreCurve:
    """Of what kind scores as ``plain_scores`` returns them are: what is in 0..1 is believed."""
    return PROBABILITIES if ((scores >= 0) & (scores <= 1)).all() else MARGINS
