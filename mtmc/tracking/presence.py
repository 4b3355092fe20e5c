"""Whether somebody is there at all: the cameras that should see a person either do, or do not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mtmc.calibration.camera import PERSON_HEIGHT
from mtmc.trackers import geometry
from mtmc.tracking.view import View
from mtmc.types import Doubles, Ints, Mask

TALL = 0.05  # least height of people, as a share of the image's, whom a camera should see
WHOLE = 0.8  # least share of a person's box that is in the image of a camera that should see them
HIDDEN = 0.3  # most of it that somebody in front may cover
USUAL, USUAL_LOOKS = 0.7, 10.0  # share of people whom cameras see, before anything is known
NOTHING = 1e-3  # log odds, less is forgotten
FALSE = 0.05  # probability that a box lies where nobody is, at a place and moment
WITNESSES = 2  # other cameras that must see somebody for a look to tell how much a camera sees
MEMORY = 1.0  # s after which another look counts as a new one
FORGOTTEN = 2.0  # s after which a look counts for a third, where it is decided as it goes


def expected(view: View, points: Doubles, moments: Ints) -> Mask:
    """``(N,)`` whether a camera should see people.

    Args:
        view: the camera, calibrated.
        points: ``(N, 2)`` m, where they are.
        moments: ``(N,)`` when; those of one moment may hide each other.
    """
    boxes = view.calibration.standing(points, np.full(len(points), PERSON_HEIGHT))
    known = np.isfinite(boxes).all(axis=1)
    boxes[~known] = 0
    shown = view.clipped(boxes)
    known &= boxes[:, 3] - boxes[:, 1] >= TALL * view.size[1]
    result = known & (geometry.areas(shown) >= WHOLE * np.maximum(geometry.areas(boxes), 1e-9))
    for moment in np.unique(moments[result]):
        here = np.flatnonzero((moments == moment) & known)
        rows, columns, cover = geometry.coverage(boxes[here], boxes[here])
        behind = boxes[here[rows], 3] < boxes[here[columns], 3]
        result[here[rows[behind & (cover > HIDDEN)]]] = False
    return result


def odds(seen: Mask, should: Mask, looks: Doubles | None = None) -> Doubles:
    """``(N,)`` log odds, of each moment of each person, that they are there.

    How much each camera sees of those it should see follows from people whom others see.

    Args:
        seen: ``(N, cameras)``.
        should: ``(N, cameras)``.
        looks: ``(cameras, 2)`` of earlier, how many there were and how many saw; gets these.
    """
    looks = np.zeros((seen.shape[1], 2)) if looks is None else looks
    sure = should & ((seen.sum(axis=1, keepdims=True) - seen) >= WITNESSES)
    looks += np.column_stack([sure.sum(axis=0), (sure & seen).sum(axis=0)])
    share = (USUAL * USUAL_LOOKS + looks[:, 1]) / (USUAL_LOOKS + looks[:, 0])
    for_it = np.log(np.maximum(share, USUAL / 2) / FALSE)
    against = np.log((1 - share) / (1 - FALSE))
    told: Doubles = np.where(seen, for_it, np.where(should, against, 0.0)).sum(axis=1)
    return told


class Presence:
    """Whether those are there who are followed over all cameras, as it goes.

    Args:
        views: of the calibrated cameras.
    """

    def __init__(self, views: Sequence[View]) -> None:
        self._views = views
        self._looks = np.zeros((len(views), 2))
        self._odds: dict[int, float] = {}
        self._last = -np.inf  # s

    def believed(
        self, time: float, now: Sequence[int], seen: Sequence[Ints], ids: Ints, points: Doubles
    ) -> Ints:
        """The ids of those who are there, as far as can be told.

        Args:
            time: s.
            now: the cameras that have a frame, by number.
            seen: of each of these, the ids it sees.
            ids: ``(N,)`` of all whom any sees.
            points: ``(N, 2)`` m, where they are.
        """
        moment = np.zeros(len(ids), np.int64)
        should = np.zeros((len(ids), len(self._views)), bool)
        found = np.zeros_like(should)
        for camera, here in zip(now, seen, strict=True):
            should[:, camera] = expected(self._views[camera], points, moment)
            found[:, camera] = np.isin(ids, here)
        told = odds(found, should, self._looks)
        since, self._last = min(time - self._last, 1e3), time
        kept = np.exp(-since / FORGOTTEN)
        self._odds = {i: kept * value for i, value in self._odds.items() if abs(value) > NOTHING}
        for person, value in zip(ids.tolist(), told.tolist(), strict=True):
            self._odds[person] = self._odds.get(person, 0.0) + value
        return np.array([i for i in ids.tolist() if self._odds[i] > 0], np.int64)
