"""A second look at finished tracks, with the future known."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from mtmc.trackers.camera_motion import common_shift
from mtmc.trackers.offline.adopt import adopt
from mtmc.trackers.offline.config import RefineConfig, RefineFrames
from mtmc.trackers.offline.ends import track_ends
from mtmc.trackers.offline.link import (
    best_links,
    candidate_pairs,
    chain_labels,
    motion_evidence,
    size_evidence,
)
from mtmc.trackers.offline.polish import extend, fill_likely, smooth
from mtmc.trackers.offline.rows import NOBODY, Paths, TrackRows, cut, mean_looks
from mtmc.trackers.offline.things import on_things
from mtmc.trackers.offline.whole import make_whole
from mtmc.trackers.rate import NOMINAL_FPS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mtmc.trackers.offline.link import Pairs

    Array = NDArray[np.float64]


DEFAULTS = RefineConfig().at_rate(NOMINAL_FPS)


def refine(
    rows: TrackRows, config: RefineFrames | None = None, last_frame: int | None = None
) -> TrackRows:
    """Links tracks across gaps, removes ghosts, and completes what remains.

    Args:
        rows: the tracks of one video, and the detections that none of them took, if these are to
            be made use of; rows without a detection are dropped and made anew.
        config: settings; the defaults where None.
        last_frame: length of the video; the last frame of `rows` where None.

    Returns:
        Rows sorted by frame and id. A person's id is that of the first track that was linked.
        Embeddings are not carried over.
    """
    config = config or DEFAULTS
    rows = rows[rows.det_index >= 0]
    if last_frame is None:
        last_frame = int(rows.frames.max(initial=0))
    rows = rows.renamed(linked(rows, config))
    return complete(rows[~on_things(rows, config)], config, last_frame)


def linked(rows: TrackRows, config: RefineFrames | None = None) -> NDArray[np.int64]:
    """Who is who: the first half of `refine`.

    Args:
        rows: as for `refine`, each with its detection.
        config: settings; the defaults where None.

    Returns:
        ``(len(rows),)`` the ids of linked tracks, 0 for what is nobody.
    """
    config = config or DEFAULTS
    ids = np.full(len(rows), NOBODY)
    tracks = rows.ids != NOBODY
    if not tracks.any():
        return ids
    paths = to_paths(rows, tracks, camera_path(rows[tracks], int(rows.frames.max())))
    paths = link(cut(paths, config.cut_gap), rows, config)
    paths = remove_ghosts(paths, config.ghost_score)
    ids[paths.source] = _person_ids(rows.ids[paths.source[paths.first()]])[paths.track]
    return ids


def complete(
    rows: TrackRows, config: RefineFrames | None = None, last_frame: int | None = None
) -> TrackRows:
    """Who is where: the second half of `refine`, with ids that are final.

    Args:
        rows: as for `refine`, each with its detection; the detections of nobody are taken up by
            the tracks they fit.
        config: settings; the defaults where None.
        last_frame: as for `refine`.

    Returns:
        As `refine`.
    """
    config = config or DEFAULTS
    tracks = rows.ids != NOBODY
    if not tracks.any():
        return rows[tracks]
    last_frame = int(rows.frames.max()) if last_frame is None else last_frame
    camera = camera_path(rows[tracks], last_frame)
    paths = to_paths(rows, tracks, camera)
    ids = rows.ids[paths.source[paths.first()]]
    headless = rows.boxes[paths.source, 1] < 1  # px
    paths = make_whole(paths, headless, config.whole_period, config.fill_gap)
    paths = adopt(paths, to_paths(rows, ~tracks, camera), config, rows.embeddings)
    paths = fill_likely(paths, config)
    paths = smooth(paths, config)
    paths = extend(paths, config, last_frame)
    return to_rows(paths, ids, rows, camera)


def _person_ids(first_ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """The tracks' ids; the later pieces of one that was cut and not linked again get new ones."""
    ids = first_ids.copy()
    again = np.ones(len(ids), bool)
    again[np.unique(ids, return_index=True)[1]] = False
    ids[again] = ids.max(initial=0) + 1 + np.arange(again.sum())
    return ids


def camera_path(rows: TrackRows, last_frame: int) -> Array:
    """Where the camera has moved the image content since the first frame, told from the tracks.

    Returns:
        ``(last_frame + 1, 2)`` pixels, by 1-based frame.
    """
    order = np.lexsort((rows.frames, rows.ids))
    frames, ids, boxes = rows.frames[order], rows.ids[order], rows.boxes[order].astype(np.float64)
    centres = 0.5 * (boxes[:, :2] + boxes[:, 2:])
    next_to = np.flatnonzero((np.diff(ids) == 0) & (np.diff(frames) == 1)) + 1
    next_to = next_to[np.argsort(frames[next_to], kind="stable")]
    moved = centres[next_to] - centres[next_to - 1]
    cuts = np.searchsorted(frames[next_to], np.arange(last_frame + 2))
    steps = [common_shift(moved[a:b]) for a, b in pairwise(cuts)]
    return np.cumsum(steps, axis=0)


def to_paths(rows: TrackRows, chosen: NDArray[np.bool_], camera: Array) -> Paths:
    """Some of the rows as paths with the camera held still."""
    order = np.flatnonzero(chosen)
    order = order[np.lexsort((rows.frames[order], rows.ids[order]))]
    boxes = rows.boxes[order].astype(np.float64)
    frames = rows.frames[order]
    values = np.empty_like(boxes)
    values[:, :2] = 0.5 * (boxes[:, :2] + boxes[:, 2:]) - camera[frames]
    values[:, 2:] = boxes[:, 2:] - boxes[:, :2]
    track = np.unique(rows.ids[order], return_inverse=True)[1].astype(np.int64)
    return Paths(track, frames, values, rows.scores[order].astype(np.float64), order)


def to_rows(paths: Paths, ids: NDArray[np.int64], rows: TrackRows, camera: Array) -> TrackRows:
    """Paths as rows in the moving image."""
    order = np.lexsort((ids[paths.track], paths.frames))
    frames, source = paths.frames[order], paths.source[order]
    centre = paths.values[order, :2] + camera[frames]
    half = 0.5 * np.maximum(paths.values[order, 2:], 1e-3)
    boxes = np.concatenate([centre - half, centre + half], axis=1).astype(np.float32)
    det_index = np.where(source >= 0, rows.det_index[source], -1)
    scores = paths.scores[order].astype(np.float32)
    return TrackRows(frames, ids[paths.track[order]], boxes, scores, det_index)


def link(paths: Paths, rows: TrackRows, config: RefineFrames) -> Paths:
    """Tracks that are one person made one."""
    if not config.link_gap or paths.count < 2:
        return paths
    ends = track_ends(paths, config.noise, config.link_window, at_start=False)
    starts = track_ends(paths, config.noise, config.link_window, at_start=True)
    pairs = candidate_pairs(ends, starts, config.link_gap)
    evidence = motion_evidence(ends, starts, pairs, config.noise)
    evidence += size_evidence(ends, starts, pairs)
    if rows.embeddings is not None:
        likeness = _likeness(paths, rows.embeddings, pairs, unknown=config.appearance_middle)
        evidence += config.appearance_weight * (likeness - config.appearance_middle)
    links = best_links(pairs, evidence - config.link_evidence, paths.count)
    return paths.relabel(chain_labels(links, paths.count))


def _likeness(
    paths: Paths, embeddings: NDArray[np.float32], pairs: Pairs, *, unknown: float
) -> Array:
    """Cosine similarity of the tracks' mean embeddings, `unknown` where one has none."""
    looks = mean_looks(paths, embeddings)
    known: NDArray[np.bool_] = np.any(looks, axis=1)
    likeness = (looks[pairs[0]] * looks[pairs[1]]).sum(axis=1)
    return np.where(known[pairs[0]] & known[pairs[1]], likeness, unknown)


def remove_ghosts(paths: Paths, least: float) -> Paths:
    """Tracks without those whose scores sum up to less than ``least``."""
    total = np.bincount(paths.track, weights=paths.scores, minlength=paths.count)
    return paths.select(total[paths.track] >= least)
