"""What a lag is worth: how good an online run's ids are, and how lasting, told so much later."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mtmc.evaluate.protocol import CameraRows, ScoringProtocol, make_scene
from mtmc.evaluate.report import Row
from mtmc.evaluate.scores import score
from mtmc.outputs.tracks import TrackTable, mot_rows
from mtmc.run.lag import Lag, Told
from mtmc.run.listener import Listener
from mtmc.run.parts import Progress
from mtmc.trackers.offline import RefineConfig
from mtmc.tracking.rows import ROW, Rows
from mtmc.types import TrackKey

if TYPE_CHECKING:
    from mtmc.evaluate.scene import Floats, Ints
    from mtmc.sources import CameraReader

EVER = 1e9  # seconds: nothing is told before all is known


class LagListener(Listener):
    """Tells a run's answers with several lags at once, since the association is the same for all.

    Args:
        lags: seconds.
        refine: see ``Lag``.
        listener: hears of the run, too.
    """

    revises = True

    def __init__(
        self, lags: Sequence[float], refine: RefineConfig | None, listener: Listener
    ) -> None:
        self._seconds, self._refine, self._next = (*lags, EVER), refine, listener
        self._rows = 0

    def begin(self, cameras: Sequence[CameraReader]) -> None:
        """See ``Listener``."""
        self._next.begin(cameras)
        self._periods = {camera.name: 1 / camera.fps for camera in cameras}
        self._lags = {
            lag: Lag(lag, self._refine, cameras) if lag else None for lag in self._seconds
        }
        self._told: dict[float, list[Told]] = {lag: [] for lag in self._lags}

    def step(self, progress: Progress) -> None:
        """See ``Listener``."""
        self._next.step(progress)

    def video(self, done: int, total: int) -> None:
        """See ``Listener``."""
        self._next.video(done, total)

    def answered(self, told: Told) -> None:
        """See ``Listener``."""
        rows = told.rows.copy()
        # By which a row is known again that is told with another lag.
        rows["step"] = self._rows + np.arange(len(rows))
        self._rows += len(rows)
        for seconds, lag in self._lags.items():
            one = replace(told, rows=rows.copy())
            self._told[seconds] += lag.take(one) if lag else [one]

    def figures(self, cameras: Sequence[CameraRows], kinds: Sequence[str]) -> dict[str, Row]:
        """All figures by lag, once the run is over.

        Args:
            cameras: ground truth, and results that those of each lag take the place of.
            kinds: names of what was followed.
        """
        names = list(self._periods)
        final = _Shown.of(self._told[EVER], EVER, names)
        result = {}
        for lag in self._lags:
            if lag != EVER:
                shown = _Shown.of(self._told[lag], lag, names)
                table = TrackTable(shown.rows, names, shown.ids, kinds=kinds)
                scored = [_with(camera, table) for camera in cameras]
                ratios = score(make_scene(scored, ScoringProtocol.IGNORE)).ratios()
                lasting = shown.lasting(final, np.array(list(self._periods.values())))
                ratios = {"HOTA": ratios["HOTA"], "IDF1": ratios["IDF1"]}
                ratios["changed"] = lasting.pop("changed")
                result[f"{lag:g} s"] = Row(ratios, lasting)
        return result


def _with(camera: CameraRows, table: TrackTable) -> CameraRows:
    """The camera with the results of a table."""
    rows, ids = table.camera(list(table.cameras).index(camera.name))
    return replace(camera, result=mot_rows(rows, ids, table.kinds))


@dataclass(frozen=True, eq=False)
class _Shown:
    """What was told with one lag.

    Args:
        rows: all, in the order they were told.
        ids: of the tracks in them.
        person: ``(N,)`` whom each shows, 0 for nobody.
        at: ``(N,)`` when that was told, s.
        revisions: how often a track went on as somebody else.
    """

    rows: Rows
    ids: Mapping[TrackKey, int]
    person: Ints
    at: Floats
    revisions: int

    @classmethod
    def of(cls, told: Sequence[Told], lag: float, names: Sequence[str]) -> _Shown:
        rows = np.concatenate([np.zeros(0, ROW), *(each.rows for each in told)])
        end = float(rows["time"].max(initial=0.0))
        when = {key: min(each.time + lag, end) for each in told for key in each.decisions.ids}
        ids = {key: person for each in told for key, person in each.decisions.ids.items()}
        keys = [
            TrackKey(names[camera], track) for camera, track in rows[["camera", "track"]].tolist()
        ]
        person = np.array([ids.get(key, 0) for key in keys], np.int64)
        decided = np.array([when.get(key, end) for key in keys])
        pairs = [
            (ids.get(TrackKey(s.frame.camera, old)), ids.get(TrackKey(s.frame.camera, new)))
            for each in told
            for s in each.sightings
            for old, new in s.step.renewed.tolist()
        ]
        revisions = sum(None not in pair and len({*pair}) == 2 for pair in pairs)
        at = np.maximum(np.minimum(rows["time"] + lag, end), decided)
        return cls(rows, ids, person, at, revisions)

    def lasting(self, final: _Shown, periods: Floats) -> dict[str, float]:
        """How lasting it was.

        Args:
            final: what was told once all was known.
            periods: seconds from frame to frame, by camera.

        Returns:
            ``changed``, the share of the time of people in cameras that was told under another id
            than theirs in the end; ``revisions_per_minute`` of that time; and the median and the
            90th percentile of the seconds from a track's first sighting until an id is told that
            it keeps to its end; left out where that is never.
        """
        tracked = final.rows["detected"] & (final.rows["step"] >= 0) & (final.person > 0)
        known, truly = final.rows[tracked], final.person[tracked]
        size = 1 + max(int(rows["step"].max(initial=-1)) for rows in (self.rows, final.rows))
        person, at = np.zeros(size, np.int64), np.full(size, np.nan)
        seen = self.rows["detected"] & (self.rows["step"] >= 0)  # not what was taken up
        person[self.rows["step"][seen]] = self.person[seen]
        at[self.rows["step"][seen]] = self.at[seen]
        person, at = person[known["step"]], at[known["step"]]
        weights = periods[known["camera"]] * (person > 0)
        total = max(float(weights.sum()), 1e-9)
        waits = _waits(known, np.where(person == truly, at, np.where(np.isnan(at), -1.0, np.inf)))
        middle, long = np.percentile(waits, [50, 90], method="higher").tolist()
        found = {
            "changed": float(weights @ (person != truly)) / total,
            "revisions_per_minute": 60 * self.revisions / total,
            "final_p50": middle,
            "final_p90": long,
        }
        return {name: round(value, 4) for name, value in found.items() if value < math.inf}


def _waits(rows: Rows, right: Floats) -> list[float]:
    """Seconds from each track's first sighting until it is told as whom it stays.

    Args:
        rows: ``N`` of tracks.
        right: ``(N,)`` s, when each was rightly told; infinite where it was not, and -1 where it
            does not matter.
    """
    _, track = np.unique(rows[["camera", "track"]], return_inverse=True)
    order = np.lexsort((rows["frame"], track))
    order = order[right[order] >= 0]
    waits = [math.inf] if not len(order) else []
    for part in np.split(order, np.flatnonzero(np.diff(track[order])) + 1) if len(order) else ():
        wrong = np.flatnonzero(np.isinf(right[part]))
        first = int(wrong[-1]) + 1 if len(wrong) else 0
        told = right[part[first]] if first < len(part) else math.inf
        waits.append(float(told - rows["time"][part[0]]))
    return waits
