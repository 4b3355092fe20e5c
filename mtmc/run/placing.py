"""Finding out where cameras stand while an online run goes on."""

from __future__ import annotations

import logging
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from mtmc.associate import Relocating
from mtmc.calibration.estimate.tracks import Found
from mtmc.run.group import Seen
from mtmc.tracking.messages import CameraStep
from mtmc.tracking.placing import LONGEST, find_cameras, late_clocks
from mtmc.tracking.rows import ROW, Rows
from mtmc.tracking.tracklet import FloorPath, Tracklet
from mtmc.tracking.view import View

log = logging.getLogger("mtmc")

MOST = 500_000  # rows that are kept
FIRST, AGAIN = 10.0, 1.5  # seconds after which it is tried, and by how much longer each time


class Placing:
    """Tries now and then to find out where cameras stand, from all that was seen lately.

    What it found before is replaced by what it finds later, of more.

    Args:
        views: of all cameras, by number; others may be added. Of those that have a model, it stays.
        associator: is told where everybody was, as soon as that is known.
        live: whether the run must not wait for it.
    """

    def __init__(
        self, views: Callable[[], Sequence[View]], associator: Relocating, *, live: bool
    ) -> None:
        self._views, self._associator = views, associator
        self._rows: deque[tuple[float, Rows]] = deque()
        self._count = 0  # of rows
        self._same: dict[tuple[int, int], int] = {}  # under which number a track went on before
        self._due = FIRST
        self._began: float | None = None  # s
        self._apart = ThreadPoolExecutor(1) if live else None
        self._finding: Future[dict[str, Found]] | None = None
        self.found: Mapping[str, Found] = {}

    def located(self, seen: Sequence[Seen]) -> list[Seen]:
        """What cameras tell, with the places of those that do not know where they stand."""
        views = {view.name: view for view in self._views() if view.name in self.found}
        return [_located(s, views[s.step.camera]) if s.step.camera in views else s for s in seen]

    def take(self, time: float, rows: Rows, steps: Sequence[CameraStep]) -> None:
        """Take in what a time step, s, has shown."""
        numbers = {view.name: number for number, view in enumerate(self._views())}
        for step in steps:
            for old, new in step.renewed.tolist():
                camera = numbers[step.camera]
                self._same[camera, new] = self._same.get((camera, old), old)
        self._rows.append((time, rows[rows["detected"]]))
        self._count += len(self._rows[-1][1])
        while self._rows[0][0] < time - LONGEST or self._count > MOST:
            self._count -= len(self._rows.popleft()[1])
        self._began = time if self._began is None else self._began

    def look(self, time: float) -> None:
        """Find out where cameras stand, where it is time, s, for that."""
        if self._finding is None:
            if self._began is None or time - self._began < self._due:
                return
            self._due *= AGAIN
            rows = self._lately()
            given = [v.unplaced() if v.name in self.found else v for v in self._views()]
            if self._apart is None:
                self._place(find_cameras(rows, given))
            else:
                self._finding = self._apart.submit(find_cameras, rows, given)
        elif self._finding.done():
            found, self._finding = self._finding.result(), None
            self._place(found)

    def _place(self, found: Mapping[str, Found]) -> None:
        """Have the cameras where they were found."""
        changed = bool(found or self.found)
        for view in self._views():
            if view.name in found or view.name in self.found:
                view.place(found[view.name].model if view.name in found else None)
        self.found = found
        if changed:
            self._relocate()

    def _lately(self) -> Rows:
        """All rows that are kept; of others, nothing else is."""
        rows = np.concatenate([np.zeros(0, ROW), *(rows for _, rows in self._rows)])
        kept = set(zip(rows["camera"].tolist(), rows["track"].tolist(), strict=True))
        self._same = {key: before for key, before in self._same.items() if key in kept}
        return rows

    def _relocate(self) -> None:
        """Tell the association where everybody was whom it remembers."""
        rows = self._lately()
        parts: dict[tuple[int, int], list[int]] = defaultdict(list)
        whose = zip(rows["camera"].tolist(), rows["track"].tolist(), strict=True)
        for row, (camera, track) in enumerate(whose):
            parts[camera, self._same.get((camera, track), track)].append(row)
        views = self._views()
        numbers = {view.name: number for number, view in enumerate(views)}

        def path(tracklet: Tracklet) -> FloorPath:
            camera = numbers[tracklet.key.camera]
            number = tracklet.key.track_id
            mine = parts[camera, self._same.get((camera, number), number)]
            return _path(rows[mine], views[camera], tracklet)

        self._associator.relocate(path)

    def close(self) -> None:
        """Do not wait for what is being found out."""
        if self._apart is not None:
            self._apart.shutdown(wait=False, cancel_futures=True)


def tell_of(found: Mapping[str, Found], views: Sequence[View]) -> None:
    """Say which cameras were found, and which were not."""
    if not found:
        return
    others = [view.name for view in views if view.model is None]
    log.info(
        "calibration: found from people whom several cameras see: %s%s; %.1f m apart",
        ", ".join(found),
        f", not {', '.join(others)}" if others else "",
        max(each.apart for each in found.values()),
    )


def warn_of_clocks(rows: Rows, views: Sequence[View]) -> None:
    """Say by how much clocks are off, where people tell, of cameras that were not found."""
    if late := late_clocks(rows, views):
        log.warning(
            "clocks: several cameras see the same people, but not at the same time; with %s they "
            "would; see offset in cameras.yaml, and mtmc calibrate tracks",
            ", ".join(f"{name} {offset:+.1f} s" for name, offset in late.items()),
        )


def _located(seen: Seen, view: View) -> Seen:
    """What a camera tells, with places."""
    if seen.step.floor is not None or view.model is None:
        return seen
    floor, covariances = view.placed(seen.step.boxes, seen.step.kinds)
    step = replace(
        seen.step, floor=floor, covariances=covariances, position=view.calibration.position
    )
    return replace(seen, step=step, sighting=replace(seen.sighting, floor=floor))


def _path(rows: Rows, view: View, tracklet: Tracklet) -> FloorPath:
    """Where a track was on the floor."""
    path = FloorPath()
    if view.model is None:
        return path
    rows = rows[(rows["time"] >= tracklet.start) & (rows["time"] <= tracklet.end)]
    floor, covariances = view.placed(rows["box"], rows["kind"])
    for time, point, covariance in zip(rows["time"], floor, covariances, strict=True):
        path.add(float(time), point, covariance, view.calibration.position)
    return path
