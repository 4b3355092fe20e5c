"""A second look at finished tracks, with the future known."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from mtmc.trackers.camera_motion import common_shift
from mtmc.trackers.offline.adopt import adopt
from mtmc.trackers.offline.config import RefineConfig, RefineFrames
from mtmc.trackers.offline.ends import track_ends
from mtmc.trackers.offline.expectation import expected
from mtmc.trackers.offline.link import best_links, candidate_pairs, chain_labels, evidence
from mtmc.trackers.offline.rows import NOBODY, Paths, Rows, corners, cut, join, mean_looks
from mtmc.trackers.offline.smoothing import smooth
from mtmc.trackers.offline.things import on_things
from mtmc.trackers.offline.whole import make_whole
from mtmc.trackers.rate import NOMINAL_FPS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mtmc.trackers.offline.link import Pairs

    Array = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Looks = NDArray[np.float32]


DEFAULTS = RefineConfig().at_rate(NOMINAL_FPS)


def refine(
    rows: Rows,
    config: RefineFrames | None = None,
    last_step: int | None = None,
    looks: Looks | None = None,
) -> Rows:
    """Links tracks across gaps, removes ghosts, and completes what remains.

    Args:
        rows: the tracks of one video, and the detections that none of them took, if these are to
            be made use of; rows without a detection are dropped and made anew.
        config: settings; the defaults where None.
        last_step: length of the video; the last step of `rows` where None.
        looks: ``(len(rows), D) float32`` unit embeddings, NaN where there is none; None for none.

    Returns:
        Rows sorted by step and person, whose number is that of the first track that was linked.
    """
    config = config or DEFAULTS
    found = rows["detected"]
    rows, looks = rows[found], None if looks is None else looks[found]
    if last_step is None:
        last_step = int(rows["step"].max(initial=0))
    rows["person"] = linked(rows, config, looks)
    persons = ~on_things(rows, config)
    looks = None if looks is None else looks[persons]
    return complete(rows[persons], config, last_step, looks)


def linked(rows: Rows, config: RefineFrames | None = None, looks: Looks | None = None) -> Ints:
    """Who is who: the first half of `refine`.

    Args:
        rows: as for `refine`, each with its detection; each ``person`` is a track.
        config: settings; the defaults where None.
        looks: as for `refine`.

    Returns:
        ``(len(rows),)`` the persons of linked tracks, 0 for what is nobody.
    """
    config = config or DEFAULTS
    people = np.full(len(rows), NOBODY)
    tracks = rows["person"] != NOBODY
    if not tracks.any():
        return people
    paths = to_paths(rows, tracks, camera_path(rows[tracks], int(rows["step"].max())))
    paths = link(cut(paths, config.cut_gap), looks, config)
    paths = remove_ghosts(paths, config.ghost_score)
    first = rows["person"][paths.source[paths.first()]]
    people[paths.source] = _person_ids(first)[paths.track]
    return people


def complete(
    rows: Rows,
    config: RefineFrames | None = None,
    last_step: int | None = None,
    looks: Looks | None = None,
) -> Rows:
    """Who is where: the second half of `refine`, with persons that are final.

    Args:
        rows: as for `refine`; the detections of nobody are taken up by the people they fit.
        config: settings; the defaults where None.
        last_step: as for `refine`.
        looks: as for `refine`.

    Returns:
        As `refine`. What is new has the other columns of the person's row before it, or the first.
    """
    config = config or DEFAULTS
    tracks = rows["person"] != NOBODY
    if not tracks.any():
        return rows[:0].copy()
    last_step = int(rows["step"].max()) if last_step is None else last_step
    camera = camera_path(rows[tracks], last_step)
    paths = to_paths(rows, tracks, camera)
    people = rows["person"][paths.source[paths.first()]]
    headless = rows["box"][paths.source, 1] < 1  # px
    paths = make_whole(paths, headless, config.whole_period, config.fill_gap)
    paths = adopt(paths, to_paths(rows, ~tracks, camera), config, last_step, looks)
    paths = join([paths, expected(paths, config, config.extend, last_step)])
    paths = smooth(paths, config)
    return to_rows(paths, people, rows, camera)


def smoothed(rows: Rows, config: RefineFrames) -> Rows:
    """People's rows with smooth boxes, sorted by step and person.

    Args:
        rows: of people, each with its detection.
        config: settings.
    """
    if not len(rows):
        return rows
    last_step = int(rows["step"].max())
    camera = camera_path(rows, last_step)
    paths = to_paths(rows, np.ones(len(rows), bool), camera)
    people = rows["person"][paths.source[paths.first()]]
    paths = smooth(join([paths, expected(paths, config, 0, last_step)]), config)
    result = to_rows(paths, people, rows, camera)
    seen: Rows = result[result["detected"]]
    return seen


def _person_ids(first_ids: Ints) -> Ints:
    """The tracks' ids; the later pieces of one that was cut and not linked again get new ones."""
    ids = first_ids.copy()
    again = np.ones(len(ids), bool)
    again[np.unique(ids, return_index=True)[1]] = False
    ids[again] = ids.max(initial=0) + 1 + np.arange(again.sum())
    return ids


def camera_path(rows: Rows, last_step: int) -> Array:
    """Where the camera has moved the image content since the first frame, told from the tracks.

    Returns:
        ``(last_step + 1, 2)`` pixels, by step.
    """
    rows = rows[np.lexsort((rows["step"], rows["person"]))]
    frames, ids, boxes = rows["step"], rows["person"], rows["box"].astype(np.float64)
    centres = 0.5 * (boxes[:, :2] + boxes[:, 2:])
    next_to = np.flatnonzero((np.diff(ids) == 0) & (np.diff(frames) == 1)) + 1
    next_to = next_to[np.argsort(frames[next_to], kind="stable")]
    moved = centres[next_to] - centres[next_to - 1]
    cuts = np.searchsorted(frames[next_to], np.arange(last_step + 2))
    steps = [common_shift(moved[a:b]) for a, b in pairwise(cuts)]
    return np.cumsum(steps, axis=0)


def to_paths(rows: Rows, chosen: NDArray[np.bool_], camera: Array) -> Paths:
    """Some of the rows as paths with the camera held still.

    Raises:
        ValueError: somebody is twice in one step.
    """
    order = np.flatnonzero(chosen)
    order = order[np.lexsort((rows["step"][order], rows["person"][order]))]
    boxes = rows["box"][order].astype(np.float64)
    steps, people = rows["step"][order], rows["person"][order]
    if ((np.diff(steps) == 0) & (np.diff(people) == 0) & (people[1:] != NOBODY)).any():
        raise ValueError("a track is twice in one frame")
    values = np.empty_like(boxes)
    values[:, :2] = 0.5 * (boxes[:, :2] + boxes[:, 2:]) - camera[steps]
    values[:, 2:] = boxes[:, 2:] - boxes[:, :2]
    track = np.unique(people, return_inverse=True)[1].astype(np.int64)
    return Paths(track, steps, values, rows["score"][order].astype(np.float64), order)


def to_rows(paths: Paths, people: Ints, rows: Rows, camera: Array) -> Rows:
    """Paths as rows in the moving image."""
    old, tracks = paths.source >= 0, np.full(len(paths), NOBODY)
    tracks[old] = rows["track"][paths.source[old]]
    nearby = _nearby(paths.track, old)
    result = rows[paths.source[nearby]]
    result["track"] = tracks[_nearby(paths.track, tracks != NOBODY)]
    result["detected"] &= old
    result["step"], result["person"] = paths.frames, people[paths.track]
    result["box"] = corners(paths.values) + np.tile(camera[paths.frames], 2)
    result["score"] = paths.scores
    return result[np.lexsort((result["person"], result["step"]))]


def _nearby(track: Ints, good: NDArray[np.bool_]) -> Ints:
    """``(M,)`` the last good row of the same track up to each, or else the first one after it."""
    some = np.flatnonzero(good)
    every = np.arange(len(track))
    if not len(some):
        return every
    last = some[np.maximum(np.searchsorted(some, every, "right") - 1, 0)]
    following = some[np.minimum(np.searchsorted(some, every), len(some) - 1)]
    return np.where((track[last] == track) & (last <= every), last, following)


def link(paths: Paths, looks: Looks | None, config: RefineFrames) -> Paths:
    """Tracks that are one person made one."""
    if not config.link_gap or paths.count < 2:
        return paths
    ends = track_ends(paths, config.noise, config.link_window, at_start=False)
    starts = track_ends(paths, config.noise, config.link_window, at_start=True)
    pairs = candidate_pairs(ends, starts, config.link_gap)
    gain = evidence(ends, starts, pairs, config) - config.link_evidence
    if looks is not None:
        likeness = _likeness(paths, looks, pairs, unknown=config.appearance_middle)
        gain += config.appearance_weight * (likeness - config.appearance_middle)
    links = best_links(pairs, gain, paths.count)
    return paths.relabel(chain_labels(links, paths.count))


def _likeness(paths: Paths, embeddings: Looks, pairs: Pairs, *, unknown: float) -> Array:
    """Cosine similarity of the tracks' mean embeddings, `unknown` where one has none."""
    looks = mean_looks(paths, embeddings)
    known: NDArray[np.bool_] = np.any(looks, axis=1)
    likeness = (looks[pairs[0]] * looks[pairs[1]]).sum(axis=1)
    return np.where(known[pairs[0]] & known[pairs[1]], likeness, unknown)


def remove_ghosts(paths: Paths, least: float) -> Paths:
    """Tracks without those whose scores sum up to less than ``least``."""
    total = np.bincount(paths.track, weights=paths.scores, minlength=paths.count)
    return paths.select(total[paths.track] >= least)
