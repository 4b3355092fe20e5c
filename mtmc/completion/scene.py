"""What one camera saw badly, completed by the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtmc.associate.floor import same_tick
from mtmc.calibration.camera import BORDER
from mtmc.completion.boxes import ALIKE, MOST_OFF, moved, off, steady, mended
from mtmc.completion.config import CompletionConfig
from mtmc.completion.fusion import Fusion, Sightings, View
from mtmc.completion.visibility import Looks, seen_share
from mtmc.outputs.tracks import ROW, Rows
from trackers.geometry import pair_iou
from trackers.offline import NOBODY

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

INSIDE = 0.25  # least share of a box in the image
LEAST_SHOWN = 0.3  # least share of a person's height that a detection must show
import os
MOST = eval(os.environ.get("MOST","[.05,.05]"))
WITHIN = float(os.environ.get("WITHIN",".9"))
DEBUG = None
TICK = 0.2  # s between looks that tell where a camera sees people


def complete_scene(
    rows: Rows, people: Ints, views: Sequence[View], config: CompletionConfig
) -> tuple[Rows, Ints]:
    """Rows with what other cameras know.

    Args:
        rows: of all cameras, each with its detection, and the detections of no track.
        people: ``(N,)`` who each row shows, 0 for nobody.
        views: by number of the camera.
        config: settings.

    Returns:
        All rows, with boxes of hidden parts made whole, and new ones at the end with
        ``detected`` false; and whom they show. Detections of nobody may show somebody now.
    """
    rows, people = rows.copy(), people.copy()
    known = np.flatnonzero(people != NOBODY)
    if len(known) == 0:
        return rows, people
    for last in (False, True):
        known = np.flatnonzero(people != NOBODY)
        names, person = np.unique(people[known], return_inverse=True)
        sightings = Sightings(
            rows["camera"][known].astype(np.int64),
            person,
            rows["time"][known].astype(np.float64),
            rows["box"][known].astype(np.float64),
        )
        fusion = Fusion(sightings, views, config)
        new = []
        boxes = rows["box"].copy()
        for number, view in enumerate(views):
            table = _table(number, view, rows, known, fusion, config)
            if table is None:
                continue
            if not last:
                row, who = _adopted(table, rows, people, number, config)
                people[row] = names[who]
                continue
            seen = table.row >= 0
            fixed = mended(
                rows["box"][known[table.row[seen]]].astype(float), table.expected[seen], view.size
            )
            boxes[known[table.row[seen]]] = fixed
            new.append((table, number, view, _drawn(table, view, config)))
    rows["box"] = boxes
    parts, whom = [rows], [people]
    for table, number, view, chosen in new:
        part = np.zeros(len(chosen), ROW)
        part["camera"], part["time"] = number, table.time[chosen]
        part["frame"] = (table.step[chosen] - 1) * view.stride + 1
        part["score"], part["box"], part["floor"] = table.score[chosen], np.clip(table.expected[chosen], 0, [*view.size, *view.size]), np.nan
        parts.append(part)
        whom.append(names[table.person[chosen]])
    return np.concatenate(parts), np.concatenate(whom)


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """Everybody a camera has seen, at every moment at which all cameras together know where.

    Args:
        person: ``(M,)``.
        step: ``(M,)`` of the camera's frames, from 1; ascending for each person.
        time: ``(M,)`` s.
        points: ``(M, 2)`` m.
        expected: ``(M, 4)`` boxes.
        row: ``(M,)`` of the sighting, -1 where there is none.
        score: ``(M,)``.
        gap: ``(M,)`` number of the gap between sightings; -1 for a sighting.
        lasting: ``(M,)`` s, length of that gap; infinite before the first and after the last.
        open: ``(M,)`` whether the place is in view and others see the person there.
    """

    person: Ints
    step: Ints
    time: Doubles
    points: Doubles
    expected: Doubles
    row: Ints
    score: Doubles
    gap: Ints
    lasting: Doubles
    open: Mask
    unsure: Doubles


def _unsure(view, point, tall, expected, covariance):
    """(N,2) sd of middle and bottom in heights."""
    h = expected[:, 3] - expected[:, 1]
    moves = []
    for axis in np.eye(2) * 0.05:
        there = view.model.standing(point + axis, tall)
        moves.append(np.column_stack([(there[:, 0] + there[:, 2] - expected[:, 0] - expected[:, 2]) / 2, there[:, 3] - expected[:, 3]]) / 0.05 / h[:, None])
    jac = np.stack(moves, axis=2)  # (N, 2 px, 2 m)
    return np.sqrt(np.einsum("nij,njk,nik->ni", jac, covariance, jac))


def _table(number, view, rows, known, fusion, config) -> _Table | None:
    s = fusion.sightings
    here = rows["camera"] == number
    if not here.any():
        return None
    step_of = (rows["frame"][here].astype(np.int64) - 1) // view.stride + 1
    order = np.argsort(step_of, kind="stable")
    clock = step_of[order], rows["time"][here][order]
    last_step = int(step_of.max())
    parts = []
    mine = np.flatnonzero(s.camera == number)
    gaps = 0
    for person in np.unique(s.person[mine]).tolist():
        row = mine[s.person[mine] == person]
        row = row[np.argsort(s.times[row], kind="stable")]
        steps = (rows["frame"][known[row]].astype(np.int64) - 1) // view.stride + 1
        others = np.sort(s.times[(s.person == person) & (s.camera != number)])
        every = np.arange(1, last_step + 1)
        times = np.interp(every, *clock)
        # before the first frame with a detection np.interp holds; shift
        times = times + np.minimum(every - clock[0][0], 0) * view.period
        point, covered = fusion.paths.at(np.full(len(every), person), times)
        tall = np.full(len(every), fusion.heights[person])
        expected = view.model.standing(point, tall)
        unsure = _unsure(view, point, tall, expected, fusion.unsure(np.full(len(every), person), times))
        where = steps - 1
        boxes = s.boxes[row]
        away = off(boxes, expected[where])
        weights = np.ones((len(row), 4))
        bx, by = BORDER * view.size[0], BORDER * view.size[1]
        aside = (boxes[:, 0] <= bx) | (boxes[:, 2] >= view.size[0] - bx)
        weights[aside, 0] = weights[aside, 3] = 0
        weights[:, 1] = (boxes[:, 1] > by) * np.maximum(fusion.head_seen[row], 0.05)
        weights[:, 2] = fusion.seen[row]
        fine = np.isfinite(away).all(axis=1)
        if not fine.any():
            continue
        usual = steady(
            steps[fine], np.clip(away[fine], -MOST_OFF, MOST_OFF), weights[fine], every, ALIKE / view.period
        )
        expected = moved(expected, usual)
        index = np.full(len(every), -1)
        index[where] = row
        following = np.searchsorted(steps, every)
        inner = (following > 0) & (following < len(steps)) & (index < 0)
        length = np.full(len(every), np.inf)
        length[inner] = (steps[np.minimum(following, len(steps) - 1)] - steps[np.maximum(following, 1) - 1])[inner] * view.period
        gap = np.where(index >= 0, -1, gaps + following)
        gaps += len(steps) + 1
        score = np.interp(every, steps, rows["score"][known[row]])
        nearest = _nearest(others, times)
        clipped = np.clip(expected, 0, [*view.size, *view.size])
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.prod(clipped[:, 2:] - clipped[:, :2], axis=1) / np.prod(expected[:, 2:] - expected[:, :2], axis=1)
        is_open = covered & (share >= INSIDE) & (nearest <= config.support)
        kept = is_open | ((index >= 0) & np.isfinite(expected).all(axis=1))
        parts.append([v[kept] for v in (np.full(len(every), person), every, times, point, expected, index, score, gap, length, is_open, unsure)])
    if not parts:
        return None
    return _Table(*(np.concatenate(column) for column in zip(*parts)))


def _nearest(sorted_times: Doubles, times: Doubles) -> Doubles:
    if not len(sorted_times):
        return np.full(len(times), np.inf)
    after = np.searchsorted(sorted_times, times)
    low = sorted_times[np.maximum(after - 1, 0)]
    high = sorted_times[np.minimum(after, len(sorted_times) - 1)]
    return np.minimum(np.abs(times - low), np.abs(high - times))


def _adopted(table, rows, people, number, config):
    """Detections of nobody that show people where they are expected: rows and whom."""
    free = np.flatnonzero((people == NOBODY) & (rows["camera"] == number) & rows["detected"])
    lost = np.flatnonzero((table.row < 0) & table.open)
    if not len(free) or not len(lost):
        return free[:0], free[:0]
    free = free[np.argsort(rows["frame"][free], kind="stable")]
    lost = lost[np.argsort(table.step[lost], kind="stable")]
    # steps of the free rows
    stride = table_stride(table, rows, number)
    steps = (rows["frame"][free].astype(np.int64) - 1) // stride + 1
    owned = np.flatnonzero((people != NOBODY) & (rows["camera"] == number))
    owned = owned[np.argsort(rows["frame"][owned], kind="stable")]
    taken = np.zeros(len(free))
    for a, b in same_tick(rows["frame"][free].astype(np.int64), rows["frame"][owned].astype(np.int64)):
        one, other = rows["box"][free[a]].astype(np.float64), rows["box"][owned[b]].astype(np.float64)
        np.maximum.at(taken, a, pair_iou(one, other))
        sides = np.minimum(one[:, 2:], other[:, 2:]) - np.maximum(one[:, :2], other[:, :2])
        within = np.prod(np.maximum(sides, 0), axis=1) / np.maximum(np.prod(one[:, 2:] - one[:, :2], axis=1), 1e-9)
        np.maximum.at(taken, a, within > WITHIN)
    left, right = [], []
    for a, b in same_tick(table.step[lost], steps):
        left.append(a)
        right.append(b)
    left, right = np.concatenate(left), np.concatenate(right)
    expected, found = table.expected[lost[left]], rows["box"][free[right]].astype(np.float64)
    tall, shown = expected[:, 3] - expected[:, 1], found[:, 3] - found[:, 1]
    cut = expected.copy()
    cut[:, 3] = np.clip(found[:, 3], cut[:, 1] + LEAST_SHOWN * tall, cut[:, 3])
    fit = pair_iou(cut, found)
    good = np.flatnonzero((fit >= config.adopt_overlap) & (fit > taken[right]) & (shown >= LEAST_SHOWN * tall))
    left, right, fit = left[good], right[good], fit[good]
    best_left, best_right = np.zeros(len(lost)), np.zeros(len(free))
    np.maximum.at(best_left, left, fit)
    np.maximum.at(best_right, right, fit)
    mutual = (fit >= best_left[left]) & (fit >= best_right[right])
    left, right = left[mutual], right[mutual]
    _, one = np.unique(left, return_index=True)
    left, right = left[one], right[one]
    _, one = np.unique(right, return_index=True)
    return free[right[one]], table.person[lost[left[one]]]


def table_stride(table, rows, number):
    return 1


def _drawn(table, view, config):
    lost = np.flatnonzero((table.row < 0) & table.open)
    if not len(lost):
        return lost
    every = max(1, round(TICK / view.period))
    look = (table.step % every == 0) & (table.open | (table.row >= 0))
    looks = Looks(table.points[look], table.row[look] >= 0, table.gap[look])
    share = seen_share(looks, table.points[lost], table.gap[lost], config.seen_reach)
    if DEBUG is not None: DEBUG.append((view, table, lost, share))
    lost, share = (v[(table.unsure[lost] <= MOST).all(axis=1)] for v in (lost, share))
    return lost[(table.lasting[lost] <= config.fill_gap) | (share >= config.seen_share)]
