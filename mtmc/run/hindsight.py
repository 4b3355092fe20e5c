"""What a camera has seen, as it is known some seconds later: refined as finished tracks are."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeAlias, TypeVar

import numpy as np

from mtmc.offline.refinement import CameraRefinement
from mtmc.sources import CameraReader
from mtmc.trackers.offline import RefineConfig
from mtmc.tracking.rows import ROW, Rows
from mtmc.tracking.view import View
from mtmc.types import Ints, Mask

CONTEXT = 1.0  # seconds beside the longest gap that tell how somebody moves there
BLOCK = 1.0  # seconds that are refined at once, since each time takes long,
BLOCK_SHARE = 0.5  # but no more than that of what is known

Track = TypeVar("Track")


@dataclass(slots=True, eq=False)
class Moment(Generic[Track]):
    """What a camera saw in a frame.

    Args:
        frame: its number.
        time: s.
        rows: of its tracks; whose they are may change until the moment is told.
        tracks: by row.
        free: rows of the detections that no track took.
        known: what is to be told: rows, and the moment and place in its ``rows`` that each is, or
            goes on from; None before that is known.
    """

    frame: int
    time: float
    rows: Rows
    tracks: list[Track]
    free: Rows
    known: tuple[Rows, list[Source[Track]]] | None = None


Source: TypeAlias = "tuple[Moment[Track], int]"


class Hindsight(Generic[Track]):
    """One camera's last seconds.

    Where tracks are refined, detections of nobody are taken up, gaps between two sightings filled,
    hidden feet added and boxes smoothed. Nobody is shown where no sighting leads.

    Args:
        camera: which.
        config: of the refinement; None for none.
        seconds: that are known of what comes after a moment.
        turn: share of its first block, so that cameras take turns.
    """

    def __init__(
        self, camera: CameraReader, config: RefineConfig | None, seconds: float, turn: float
    ) -> None:
        self._camera, self._turn = camera, turn
        self._config = config and replace(config, extend=0.0)
        self._block = min(BLOCK, BLOCK_SHARE * seconds)
        self._reach = config.fill_gap + CONTEXT if config else 0.0
        self._before: deque[Moment[Track]] = deque()
        self._held: deque[Moment[Track]] = deque()

    def take(self, moment: Moment[Track]) -> None:
        """Take in what the camera sees now."""
        self._held.append(moment)

    def told(self) -> tuple[Moment[Track], Rows, list[Source[Track]]]:
        """The oldest moment that was not told, and what is known of it; see ``Moment``."""
        if self._held[0].known is None:
            self._look()
        moment = self._held.popleft()
        while self._before and self._before[0].time < moment.time - self._reach:
            self._before.popleft()
        self._before.append(moment)
        known, moment.known = moment.known, None
        assert known is not None
        return moment, *known

    def _look(self) -> None:
        """Find out what is known of the next moments."""
        first = self._held[0]
        end = first.time + self._block * self._turn
        self._turn = 1.0
        if self._config is None:
            new = around = [first]
        else:
            new = [each for each in self._held if each is first or each.time < end]
            every = (*self._before, *self._held)
            around = [each for each in every if each.time <= end + self._reach]
        rows, of = _seen(around)
        found, source = rows, np.arange(len(rows))
        if self._config is not None:
            found, source = self._refined(self._config, rows, around)
        for moment in new:
            here = np.flatnonzero(found["frame"] == moment.frame)
            moment.known = found[here], [of[place] for place in source[here].tolist()]

    def _refined(
        self, config: RefineConfig, rows: Rows, moments: Sequence[Moment[Track]]
    ) -> tuple[Rows, Ints]:
        """All rows of people in some moments, and the row given that each is, or goes on from."""
        view = View(self._camera.name, self._camera.fps, self._camera.size, None)
        for moment in moments:
            view.clock.add(moment.frame, moment.time)
        given = np.concatenate([rows, *(moment.free for moment in moments)])
        given["track"][: len(rows)] = 1 + np.arange(len(rows))
        given["step"] = view.clock.steps(given["frame"])
        refinement = CameraRefinement(config, view)
        kinds = [given[given["kind"] == kind] for kind in np.unique(given["kind"])]
        found = np.concatenate([rows[:0], *(refinement.completed(each) for each in kinds)])
        source = found["track"] - 1
        itself = found["frame"] == rows["frame"][source]
        found["step"] = np.where(itself, rows["step"][source], -1)
        return found, source


def _seen(moments: Sequence[Moment[Track]]) -> tuple[Rows, list[Source[Track]]]:
    """The rows of those seen, with tracks of nobody as people of their own; and whose they are."""
    rows = np.concatenate([np.zeros(0, ROW), *(moment.rows for moment in moments)])
    of = [(moment, place) for moment in moments for place in range(len(moment.rows))]
    nobody: dict[int, int] = {}
    for place in np.flatnonzero(rows["person"] == 0).tolist():
        track = id(of[place][0].tracks[of[place][1]])
        rows["person"][place] = nobody.setdefault(track, -1 - len(nobody))
    kept = np.flatnonzero(rows["detected"])
    kept = kept[once(rows[kept])]
    return rows[kept], [of[place] for place in kept.tolist()]


def once(rows: Rows) -> Mask:
    """``(N,)`` of one person in one frame the surest; those seen before those between."""
    order = np.lexsort([-rows["score"], ~rows["detected"]])
    where = np.stack([rows["frame"], rows["person"]], axis=1)[order]
    kept = rows["person"] == 0
    kept[order[np.unique(where, axis=0, return_index=True)[1]]] = True
    return np.asarray(kept)
