"""Whom a camera should show where, at every moment, by all cameras together."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from mtmc.offline.completion.config import CompletionConfig
from mtmc.offline.completion.fusion import Fused, weighted_median
from mtmc.offline.completion.sightings import Sightings
from mtmc.trackers.figures import moved, off
from mtmc.trackers.geometry import areas
from mtmc.tracking.view import View
from mtmc.types import Doubles, Ints, Mask

INSIDE = 0.25  # least share of a box that lies in the image
DOUBTFUL = 0.05  # weight of a top that is not at the head
MOST_OFF = 0.3  # of the height, or of the log of the width: more is nobody's usual box


@dataclass(frozen=True, slots=True, eq=False)
class Outlook:
    """The people a camera has seen at some time, wherever they can be told to be in its view.

    Args:
        person: ``(M,)``.
        step: ``(M,)`` of the camera's frames, from 1; ascending for each person.
        time: ``(M,)`` s.
        points: ``(M, 2)`` m.
        boxes: ``(M, 4)`` px, where they are expected; may reach beyond the image.
        unsure: ``(M,)`` greatest standard deviation of the box's middle and bottom, in heights.
        score: ``(M,)`` of the sightings before and after.
        seen: ``(M,)`` row of the sighting, -1 where there is none.
        gap: ``(M,)`` number of the time between two sightings, before the first or after the last;
            -1 for a sighting.
        lasting: ``(M,)`` s, how long that is; infinite but between two.
        known: ``(M,)`` whether other cameras see them, and enough would be in the image.
    """

    person: Ints
    step: Ints
    time: Doubles
    points: Doubles
    boxes: Doubles
    unsure: Doubles
    score: Doubles
    seen: Ints
    gap: Ints
    lasting: Doubles
    known: Mask

    def __getitem__(self, index: Mask | Ints) -> Outlook:
        """The rows selected by a mask or an index array."""
        return Outlook(*(getattr(self, field.name)[index] for field in fields(self)))

    @property
    def lost(self) -> Ints:
        """Rows of people whom the camera did not see, but others."""
        return np.flatnonzero((self.seen < 0) & self.known)


def outlook(
    mine: Ints,
    view: View,
    sightings: Sightings,
    fused: Fused,
    config: CompletionConfig,
) -> Outlook:
    """What is to be expected of one camera.

    Args:
        mine: sightings of this camera, at least one.
        view: the camera.
        sightings: of all cameras.
        fused: what these say together.
        config: settings.
    """
    camera = _Camera(view, sightings, fused, config)
    here = np.zeros(len(sightings), bool)
    here[mine] = True
    parts: list[Outlook] = []
    gaps = 0
    for person, all_rows in enumerate(sightings.by_person()):
        own = all_rows[here[all_rows]]
        if len(own):
            others = sightings.times[all_rows[~here[all_rows]]]
            parts.append(camera.expects(person, own, others, gaps))
            gaps += len(own) + 1
    columns = ([getattr(part, field.name) for part in parts] for field in fields(Outlook))
    return Outlook(*(np.concatenate(column) for column in columns))


@dataclass(frozen=True, slots=True, eq=False)
class _Camera:
    """What one camera's outlook is made from, person by person."""

    view: View
    sightings: Sightings
    fused: Fused
    config: CompletionConfig

    def expects(self, person: int, own: Ints, others: Doubles, gaps: int) -> Outlook:
        """One person's part of the outlook.

        Args:
            person: who.
            own: sightings by this camera, in order of time, at least one.
            others: ``(K,)`` s, ascending, times of sightings by other cameras.
            gaps: how many there are before theirs.
        """
        seen_at, view = self.sightings.steps[own], self.view
        steps = self._steps(person, seen_at)
        times = view.clock.times(steps)
        points, covariances, covered = self.fused.paths.at(person, times)
        tall = np.full(len(steps), self.fused.heights[person])
        plain = view.calibration.standing(points, tall)
        unsure = _unsure(view, points, tall, plain, covariances)
        boxes = self._as_usual(own, steps, plain)
        seen = np.full(len(steps), -1)
        seen[seen_at - steps[0]] = own
        following = np.searchsorted(seen_at, steps)
        bounds = np.concatenate([[-np.inf], seen_at, [np.inf]])
        lasting = (bounds[following + 1] - bounds[following]) * view.period
        with np.errstate(invalid="ignore", divide="ignore"):
            share = areas(view.clipped(boxes)) / areas(boxes)
        known = covered & (share >= INSIDE) & (_nearest(others, times) <= self.config.support)
        score = np.interp(steps, seen_at, self.sightings.scores[own])
        gap = np.where(seen >= 0, -1, gaps + following)
        who = np.full(len(steps), person)
        kept = known & (view.clock.frames(steps) > 0)
        kept |= (seen >= 0) & np.isfinite(boxes).all(axis=1)
        return Outlook(who, steps, times, points, boxes, unsure, score, seen, gap, lasting, known)[
            kept
        ]

    def _steps(self, person: int, seen_at: Ints) -> Ints:
        """All at which the person's paths last."""
        paths = self.fused.paths
        first, last = np.searchsorted(paths.person, [person, person + 1])
        start, end = float(paths.knots.start[first]), float(paths.knots.end[last - 1])
        begin, stop = self.view.clock.during(start, end)
        return np.arange(min(begin, seen_at[0]), max(stop, seen_at[-1]) + 1)

    def _as_usual(self, own: Ints, steps: Ints, plain: Doubles) -> Doubles:
        """Expected boxes ``(M, 4)``: those of any person there, off as this one's are."""
        seen_at = self.sightings.steps[own]
        boxes, there = self.sightings.boxes[own], plain[seen_at - steps[0]]
        away = off(boxes, there)
        weights = _weights(self.view, boxes, self.fused.feet[own], self.fused.head[own])
        fine = np.isfinite(away).all(axis=1)
        return moved(plain, typical(away[fine], weights[fine]))


def typical(away: Doubles, weights: Doubles) -> Doubles:
    """``(D,)`` how boxes of one person in one camera are off as a rule: hardly, if little is known.

    Args:
        away: ``(N, D)`` as of ``off``.
        weights: ``(N, D)``.
    """
    known = np.vstack([np.clip(away, -MOST_OFF, MOST_OFF), np.zeros(away.shape[1])])
    heavy = np.vstack([weights, np.ones(away.shape[1])])
    return np.array([weighted_median(v, w) for v, w in zip(known.T, heavy.T, strict=True)])


def _weights(view: View, boxes: Doubles, feet: Doubles, head: Doubles) -> Doubles:
    """``(N, 4)`` how much middle, top, bottom and width of boxes tell of the person's."""
    aside = ~view.cut_aside(boxes)
    top = ~view.headless(boxes) * np.maximum(head, DOUBTFUL)
    return np.column_stack([aside, top, feet, aside]).astype(np.float64)


def _nearest(times: Doubles, wanted: Doubles) -> Doubles:
    """``(M,)`` s, how far from the nearest of ascending times."""
    padded = np.concatenate([[-np.inf], times, [np.inf]])
    after = np.searchsorted(padded[1:-1], wanted)
    nearest: Doubles = np.minimum(wanted - padded[after], padded[after + 1] - wanted)
    return nearest


def _unsure(
    view: View, points: Doubles, tall: Doubles, boxes: Doubles, covariances: Doubles
) -> Doubles:
    """``(N,)`` greater standard deviation of the middles and bottoms of boxes, in heights."""
    step = 0.05  # m
    moves = []
    for side in step * np.eye(2):
        there = view.calibration.standing(points + side, tall)
        middle = (there[:, [0, 2]] - boxes[:, [0, 2]]).mean(axis=1)
        moves.append(np.column_stack([middle, there[:, 3] - boxes[:, 3]]) / step)
    jacobian = np.stack(moves, axis=2) / (boxes[:, 3] - boxes[:, 1])[:, None, None]
    variance = np.einsum("nij,njk,nik->ni", jacobian, covariances, jacobian)
    return np.asarray(np.sqrt(np.maximum(variance, 0)).max(axis=1), np.float64)
