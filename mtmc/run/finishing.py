"""What becomes of all tracks after the last frame: linked, cut, associated, completed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from mtmc.associate.decisions import Association
from mtmc.corrections.telling import Telling
from mtmc.offline.absent import absent
from mtmc.offline.completion import complete_scene
from mtmc.offline.places import floor_places
from mtmc.offline.refinement import CameraRefinement, relink_people
from mtmc.outputs.tracks import people_of
from mtmc.tracking.memory import Memory
from mtmc.tracking.rows import ROW, Rows
from mtmc.tracking.tracklet import Tracklet
from mtmc.tracking.view import View
from mtmc.types import Floats, Mask, TrackKey

if TYPE_CHECKING:
    from mtmc.run.config import RunConfig
    from mtmc.run.parts import Parts, Progress
    from mtmc.run.stopwatch import Stopwatch
    from mtmc.tracking.scene import SceneTracking


class Finishing:
    """Turns what was tracked into who was where.

    Args:
        config: the resolved configuration.
        parts: the opened cameras and plug-ins.
        tracking: all cameras' trackers.
        memory: the tracklets of an offline run.
        watch: counts the stages' times.
        progress: whose numbers of tracks are kept true.
        telling: of what people have said.

    Attributes:
        refines: whether finished tracks are refined, which needs every detection.
        things: the rows of tracks that are no people, once it is finished,
        names: and the names of people, by global id.
    """

    def __init__(
        self,
        config: RunConfig,
        parts: Parts,
        tracking: SceneTracking,
        memory: Memory | None,
        watch: Stopwatch,
        progress: Progress,
        telling: Telling,
    ) -> None:
        self._associator, self._tracking = parts.associator, tracking
        self._telling = telling
        self._memory = memory or Memory(keep=True)
        self._watch, self._progress = watch, progress
        online = parts.associator.online
        self._refinements = [] if online else _refinements(config, parts, tracking)
        self.refines = bool(self._refinements)
        self.things: Rows = np.zeros(0, ROW)
        self._last = parts.known.last if parts.known else 0
        self.names = parts.known.names() if parts.known else {}
        self._completion = config.completion
        self._fill_gap = config.refine.fill_gap if config.refine else 0.0

    @property
    def _views(self) -> list[View]:
        """Of all cameras, by number; some may have been added."""
        return [camera.view for camera in self._tracking.cameras.values()]

    @property
    def _numbers(self) -> dict[str, int]:
        """Of all cameras, by name."""
        return {name: number for number, name in enumerate(self._tracking.cameras)}

    def finish(self, rows: Rows, ids: dict[TrackKey, int]) -> tuple[Rows, Sequence[Tracklet]]:
        """Decide who everybody is.

        Args:
            rows: all rows of the run; changed in place where tracks are cut.
            ids: the global ids decided so far; gets the others.

        Returns:
            The rows as they are to be written, and the tracklets of an offline run.
        """
        rows, tracklets = self._linked(rows)
        with self._watch("associate"):
            tracklets = self._told(rows, tracklets)
            # Online, that was done before the last rows were told.
            online = self._associator.online
            found = Association({}) if online else self._associator.finish(tracklets)
            self._cut(rows, found.parts)
            ids.update(found.ids)
            if self.refines:
                known = without_ghosts(
                    ids, self._evidence(rows), self._absent(rows, ids), self._last
                )
                ids.clear()
                ids.update(known)
            ids.update(self._telling.numbered(rows, ids, self._last))
            doubled = self._telling.doubled(rows, people_of(rows, self._numbers, ids))
            rows = rows[~doubled] if doubled.any() else rows
        rows = self._completed(rows, ids)
        if self._associator.online:
            return rows, ()  # it forgets those that ended
        return rows, [part for t in tracklets for part in found.parts.get(t.key, [t])]

    def alone(self, rows: Rows) -> Rows:
        """The rows as each camera by itself would refine them, before it is known who is who."""
        result = [np.zeros(0, ROW)]
        for mine, refinement in self._by_camera(rows):
            known = {t.key.track_id: t for t in self._memory.of(refinement.view.name)}
            part = refinement.linked(rows[mine], known)[0]
            part["person"] = part["track"]
            result.append(refinement.completed(part))
        return np.concatenate(result)

    def _told(self, rows: Rows, tracklets: Sequence[Tracklet]) -> list[Tracklet]:
        """The tracklets with what people have said of them, cut as they have; so are the rows."""
        pieces = self._telling.cut(rows, tracklets)
        if cut := pieces.of_those_cut():
            self._cut(rows, cut)
        whole = [part for t in tracklets for part in cut.get(t.key, [t])]
        return self._telling.mark(rows, whole)

    def places(self, rows: Rows, ids: Mapping[TrackKey, int]) -> Floats | None:
        """``(N, 2)`` m where the people of finished rows were; None without any calibration."""
        if not any(view.model for view in self._views):
            return None
        return floor_places(rows, people_of(rows, self._numbers, ids), self._views)

    def _evidence(self, rows: Rows) -> dict[TrackKey, float]:
        """What was seen of each track, as a share of what it takes to be no ghost."""
        return {
            TrackKey(refinement.view.name, track): share
            for mine, refinement in self._by_camera(rows)
            for track, share in refinement.evidence(rows[mine]).items()
        }

    def _absent(self, rows: Rows, ids: Mapping[TrackKey, int]) -> set[int]:
        """People whom the cameras that should see them do not, where all follow them together."""
        if self._tracking.joint is None:
            return set()
        people = people_of(rows, self._numbers, ids)
        of_people = self._views[0].known(rows["kind"], len(rows))
        known = np.flatnonzero((people > 0) & rows["detected"] & of_people)
        return absent(rows[known], people[known], self._views)

    def _cut(self, rows: Rows, parts: Mapping[TrackKey, Sequence[Tracklet]]) -> None:
        """Give the rows of tracks that were cut the ids of the parts, in place."""
        for (camera, track), pieces in parts.items():
            here = (rows["camera"] == self._numbers[camera]) & (rows["track"] == track)
            mine = np.flatnonzero(here)
            starts = [piece.frames[0][0] for piece in pieces[1:]]
            ids = np.array([piece.key.track_id for piece in pieces])
            rows["track"][mine] = ids[np.searchsorted(starts, rows["frame"][mine], side="right")]
            self._progress.tracks[camera] += len(pieces) - 1

    def _linked(self, rows: Rows) -> tuple[Rows, list[Tracklet]]:
        """All rows and tracklets, linked where they are refined."""
        if not self._refinements:
            return rows, [t for name in self._numbers for t in self._memory.of(name)]
        linked, things, tracklets = [np.zeros(0, ROW)], [np.zeros(0, ROW)], []
        with self._watch("refine"):
            self._relink(rows)
            counts: Counter[str] = Counter()
            for mine, refinement in self._by_camera(rows):
                name = refinement.view.name
                known = {t.key.track_id: t for t in self._memory.of(name)}
                part, found, apart = refinement.linked(rows[mine], known)
                linked.append(part)
                things.append(apart)
                tracklets += found
                counts[name] += len(found)
                self._progress.tracks[name] = counts[name]
        self.things = np.concatenate(things)
        return np.concatenate(linked), tracklets

    def _completed(self, rows: Rows, ids: dict[TrackKey, int]) -> Rows:
        """The rows of people with what the refinement adds to them, now that it is known who."""
        if not self._refinements:
            return rows
        result = [np.zeros(0, ROW)]
        with self._watch("refine"):
            rows["person"] = people_of(rows, self._numbers, ids)
            if self._completion is not None and any(view.model for view in self._views):
                people = self._views[0].known(rows["kind"], len(rows))
                whole = complete_scene(rows[people], self._views, self._completion, self._fill_gap)
                rows = np.concatenate([whole, rows[~people]])
            for mine, refinement in self._by_camera(rows):
                result.append(refinement.completed(rows[mine]))
        return np.concatenate(result)

    def _by_camera(self, rows: Rows) -> Iterator[tuple[Mask, CameraRefinement]]:
        """Which rows are of each camera and kind; no track is of two."""
        for number, refinement in enumerate(self._refinements):
            here = rows["camera"] == number
            for kind in range(len(refinement.view.kinds)):
                yield here & (rows["kind"] == kind), refinement

    def _relink(self, rows: Rows) -> None:
        """Say who each row shows, where a tracker followed people over all cameras."""
        people = {
            (number, tracklet.key.track_id): tracklet.person
            for name, number in self._numbers.items()
            for tracklet in self._memory.of(name)
            if tracklet.person is not None
        }
        if self._tracking.joint is not None and people:
            rows["person"] = relink_people(rows, self._views, self._tracking.joint, people)


def without_ghosts(
    ids: Mapping[TrackKey, int],
    evidence: Mapping[TrackKey, float],
    absent: Collection[int] = (),
    last: int = 0,
) -> dict[TrackKey, int]:
    """The ids of those people of whom enough was seen, counted anew; cuts leave scraps.

    Args:
        ids: of tracks, 1-based.
        evidence: what was seen of each track, as a share of what it takes to be no ghost.
        absent: people who are none.
        last: the greatest id of people known from before, who keep theirs.
    """
    seen: dict[int, float] = defaultdict(float)
    for key, person in ids.items():
        seen[person] += evidence.get(key, 0.0)
    kept = sorted(person for person, share in seen.items() if share >= 1 and person not in absent)
    new = count(last + 1)
    numbers = {person: person if person <= last else next(new) for person in kept}
    return {key: numbers[person] for key, person in ids.items() if person in numbers}


def _refinements(
    config: RunConfig, parts: Parts, tracking: SceneTracking
) -> list[CameraRefinement]:
    """Of each camera; none where finished tracks are left as they are."""
    if config.refine is None:
        return []
    return [
        CameraRefinement(config.refine, tracking.cameras[reader.name].view)
        for reader in parts.readers
    ]
