"""Where tracks of one camera go on while nobody sees them: in gaps, and at both ends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mtmc.trackers.kalman import VALUE, VELOCITY
from mtmc.trackers.offline.ends import track_ends
from mtmc.trackers.offline.link import evidence
from mtmc.trackers.offline.rows import Paths, cut, join

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mtmc.trackers.offline.config import RefineFrames

    Array = NDArray[np.float64]
    Ints = NDArray[np.int64]


def expected(
    paths: Paths, config: RefineFrames, beyond: int, last_step: int, *, lines: bool = True
) -> Paths:
    """Straight lines across gaps, and the way on at both ends, at the speed there.

    Who comes back elsewhere, or from elsewhere, did not walk straight from there to here: across a
    long gap there is a line where motion and size alone would link both sides; in others the way
    goes on from both.

    Args:
        paths: of the tracks.
        config: of the refinement.
        beyond: steps by which ends go on, at most.
        last_step: of the video.
        lines: whether there are any.

    Returns:
        Boxes of steps in which the tracks were not seen, each once; without a source.
    """
    chains, whose = _chains(paths, config)
    parts = [_lines(chains, config.fill_gap if lines else 0)]
    for at_start in (True, False):
        parts.append(_on(chains, whose, config, beyond, at_start=at_start))
    found = join(parts)
    found = found[(found.frames >= 1) & (found.frames <= last_step)]
    return replace(found, track=whose[found.track])


def _chains(paths: Paths, config: RefineFrames) -> tuple[Paths, Ints]:
    """Pieces of tracks across whose gaps one may draw a line, and the track of each."""
    pieces = cut(paths, config.cut_gap)
    whose = paths.track[pieces.first()]
    before = np.flatnonzero(np.diff(whose) == 0)
    ends = track_ends(pieces, config.noise, config.link_window, at_start=False)
    starts = track_ends(pieces, config.noise, config.link_window, at_start=True)
    pairs = before, before + 1
    likely = evidence(ends, starts, pairs, config) > config.link_evidence
    new = np.ones(len(whose), bool)
    new[before[likely] + 1] = False
    chain = np.cumsum(new) - 1
    return replace(pieces, track=chain[pieces.track]), whose[new]


def _lines(paths: Paths, longest: int) -> Paths:
    """Straight lines across gaps of up to ``longest`` steps."""
    gap = np.where(np.diff(paths.track) == 0, np.diff(paths.frames), 1)
    before = np.flatnonzero((gap > 1) & (gap <= longest + 1))
    count = gap[before] - 1
    row = np.repeat(before, count)
    step = _counted(count)
    share = step / np.repeat(count + 1, count)

    def between(column: Array) -> Array:
        weight = share.reshape(-1, *[1] * (column.ndim - 1))
        line: Array = column[row] + weight * (column[row + 1] - column[row])
        return line

    nothing = np.full(len(row), -1)
    frames = paths.frames[row] + step
    return Paths(paths.track[row], frames, between(paths.values), between(paths.scores), nothing)


def _on(chains: Paths, whose: Ints, config: RefineFrames, beyond: int, *, at_start: bool) -> Paths:
    """The way on from one end of all chains, up to half of the gap to the track's next."""
    ends = track_ends(chains, config.noise, config.link_window, at_start=at_start)
    outermost = chains.first() if at_start else chains.last()
    gap = chains.frames[chains.first()[1:]] - chains.frames[chains.last()[:-1]] - 1
    count = np.full(len(whose), beyond)
    here = count[1:] if at_start else count[:-1]
    here[:] = np.where(whose[1:] == whose[:-1], np.minimum(gap // 2, beyond), beyond)
    chain, step = np.repeat(np.arange(len(whose)), count), _counted(count)
    centre = ends.state[VALUE][chain] + step[:, None] * ends.state[VELOCITY][chain]
    values = np.concatenate([centre, ends.size[chain]], axis=1)
    frames = ends.frames[chain] + (-step if at_start else step)
    return Paths(chain, frames, values, chains.scores[outermost[chain]], np.full(len(chain), -1))


def _counted(count: Ints) -> Ints:
    """1, 2, … up to each count, one after the other."""
    steps: Ints = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + 1
    return steps
