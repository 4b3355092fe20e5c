"""Which boxes count: from the rows of two MOT files to a scene."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from mtmc.errors import UserError
from mtmc.evaluate.overlap import overlapping
from mtmc.evaluate.scene import EPS, Contest, ScoredScene, Side
from mtmc.mot import UNKNOWN, MotRows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtmc.evaluate.scene import Floats, Ints, Mask

PEDESTRIAN = 1
# person on vehicle, static person, distractor, reflection: finding one is no mistake
DISTRACTORS = (2, 7, 8, 12)
NON_MOT_VEHICLE = 6
CLASSES = range(1, 14)
_ABSORBING = 0.5


class ScoringProtocol(Enum):
    """What becomes of ground-truth rows that are not to be evaluated.

    Every ground-truth box competes for the result boxes in a one-to-one matching at IoU >= 0.5, and
    result boxes that fall to rows that absorb are dropped; then the rows that are not evaluated are
    dropped.

    ``MOT``: as in MOT16 and MOT17: what absorbs is the distractor classes (2, 7, 8, 12);
    evaluated are pedestrians (class 1) whose flag is not 0. Ground truth without classes (MOT15)
    has nothing that absorbs.

    ``MOT20``: the same, but vehicles outside MOT's classes (6) absorb, too.

    ``IGNORE``: every row with flag 0 or of another class absorbs: whether it is found or not makes
    no difference.

    ``PLAIN``: nothing absorbs; rows with flag 0 are dropped. What the motmetrics library does.
    """

    MOT = "mot16"
    MOT20 = "mot20"
    IGNORE = "ignore"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True, eq=False)
class CameraRows:
    """Ground truth and result of one camera.

    Args:
        name: of the sequence or camera, for messages.
        truth: rows of its ground-truth file.
        result: rows of its track file.
        first_frame: the first evaluated frame.
        last_frame: the last one.
        only: ``(K,) int64`` ascending, the evaluated frames from the first to the last; None for
            every one.
    """

    name: str
    truth: MotRows
    result: MotRows
    first_frame: int
    last_frame: int
    only: Ints | None = None

    @property
    def frames(self) -> Ints:
        """The evaluated frames, ascending."""
        if self.only is not None:
            return self.only
        return np.arange(self.first_frame, self.last_frame + 1)

    @property
    def num_frames(self) -> int:
        """How many frames are evaluated."""
        return len(self.frames)

    def within(self, rows: MotRows) -> Mask:
        """``(N,) bool`` which rows are of evaluated frames."""
        if self.only is not None:
            return np.isin(rows.frames, self.only)
        return (rows.frames >= self.first_frame) & (rows.frames <= self.last_frame)

    def of_class(self, number: int) -> CameraRows:
        """The rows by which one class is scored in place of pedestrians.

        Of the results that is what has this class or none; of the ground truth, this class and
        pedestrians change places.
        """
        kept = np.isin(self.result.classes, (number, UNKNOWN))
        result = self.result[kept]
        result = replace(result, classes=np.full(len(result), UNKNOWN))
        classes = self.truth.classes.copy()
        classes[self.truth.classes == number] = PEDESTRIAN
        if number != PEDESTRIAN:
            classes[self.truth.classes == PEDESTRIAN] = number
        return replace(self, truth=replace(self.truth, classes=classes), result=result)

    def steps(self, frames: Ints) -> Ints:
        """``(N,) int64`` the number of each of these evaluated frames, from 0."""
        if self.only is not None:
            return np.searchsorted(self.only, frames)
        return frames - self.first_frame


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """What is scored, and the rows it was made of.

    Args:
        scene: ground truth and results.
        truth: the rows of its ground truth.
        result: the rows of its results.
    """

    scene: ScoredScene
    truth: MotRows
    result: MotRows


def make_scene(
    cameras: Sequence[CameraRows], protocol: ScoringProtocol = ScoringProtocol.MOT
) -> ScoredScene:
    """One scene of all cameras, one after the other on the time axis (camera, frame).

    Rows outside the evaluated frames are left out. Ids mean the same person in all cameras.

    Raises:
        UserError: but for ``PLAIN``, the result holds other classes than pedestrians, or the
            ground truth classes that MOT does not know.
    """
    return make_scored(cameras, protocol).scene


def make_scored(
    cameras: Sequence[CameraRows], protocol: ScoringProtocol = ScoringProtocol.MOT
) -> Scored:
    """`make_scene` with its rows, in its order."""
    if protocol is not ScoringProtocol.PLAIN:
        for camera in cameras:
            _check_classes(camera)
    frames = [camera.num_frames for camera in cameras]
    truth, truth_steps = _on_axis([camera.truth for camera in cameras], cameras)
    result, result_steps = _on_axis([camera.result for camera in cameras], cameras)
    scene = ScoredScene(
        Side.make(truth_steps, truth.ids),
        Side.make(result_steps, result.ids),
        overlapping(truth_steps, truth.boxes, result_steps, result.boxes),
        np.repeat(np.arange(len(cameras)), frames),
    )
    absorbing, evaluated = roles(truth, protocol)
    kept = ~absorbed(scene, absorbing)
    return Scored(scene.keep(evaluated, kept), truth[evaluated], result[kept])


def _on_axis(parts: Sequence[MotRows], cameras: Sequence[CameraRows]) -> tuple[MotRows, Ints]:
    """The rows of all cameras in order of time, and their time steps."""
    offset = 0
    kept, steps = [MotRows.empty()], [np.zeros(0, np.int64)]
    for rows, camera in zip(parts, cameras, strict=True):
        inside = camera.within(rows)
        order = np.flatnonzero(inside)[np.argsort(rows.frames[inside], kind="stable")]
        kept.append(rows[order])
        steps.append(camera.steps(rows.frames[order]) + offset)
        offset += camera.num_frames
    return MotRows.concatenate(kept), np.concatenate(steps)


def roles(truth: MotRows, protocol: ScoringProtocol) -> tuple[Mask, Mask]:
    """``(G,) bool`` rows that absorb the result box matched to them, and rows that count."""
    flagged = truth.scores != 0
    pedestrian = (truth.classes == PEDESTRIAN) | (truth.classes == UNKNOWN)
    if protocol is ScoringProtocol.PLAIN:
        return np.zeros(len(truth), bool), flagged
    if protocol is ScoringProtocol.IGNORE:
        return ~(flagged & pedestrian), flagged & pedestrian
    distractors = (
        (*DISTRACTORS, NON_MOT_VEHICLE) if protocol is ScoringProtocol.MOT20 else DISTRACTORS
    )
    return np.isin(truth.classes, distractors), flagged & pedestrian


def absorbed(scene: ScoredScene, absorbing: Mask) -> Mask:
    """``(R,) bool`` result boxes that fall to an absorbing ground-truth row."""
    taken = np.zeros(len(scene.result), bool)
    if absorbing.any():
        pairs = scene.pairs
        candidates = pairs.similarity >= _ABSORBING - EPS
        scores: Floats = np.where(candidates, pairs.similarity, 0.0)
        matched = Contest.among(scene, candidates).matches(scores)
        taken[pairs.result[matched & absorbing[pairs.truth]]] = True
    return taken


def _check_classes(camera: CameraRows) -> None:
    other = camera.result.classes > PEDESTRIAN
    if other.any():
        row = int(np.flatnonzero(other)[0])
        raise UserError(
            f"{camera.name}: the result holds class {camera.result.classes[row]} in frame "
            f"{camera.result.frames[row]}; expected pedestrians only (class 1, or -1): choose one "
            "with --class, such as --class person"
        )
    known = np.isin(camera.truth.classes, [*CLASSES, UNKNOWN])
    if not known.all():
        row = int(np.flatnonzero(~known)[0])
        raise UserError(
            f"{camera.name}: the ground truth holds class {camera.truth.classes[row]} in frame "
            f"{camera.truth.frames[row]}; expected a MOT class (1 to 13)"
        )
