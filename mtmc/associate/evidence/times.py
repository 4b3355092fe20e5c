"""When people come from one camera to another, learned from all tracks of the footage at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mtmc.associate.evidence.config import EvidenceConfig
from mtmc.associate.evidence.links import BLOCK, Links
from mtmc.tracking.tracklet import Tracklet
from mtmc.types import Doubles, Ints

# Seconds from the end of one track to the start of a later one; negative where they overlap.
EDGES = np.array([-16.0, -8, -4, -2, -1, 0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64])
BINS = len(EDGES) + 1
NEXT_BIN = 0.5  # how much a time says of the adjacent bins
DOUBT = 4.0  # people who weigh as much as the guess that time says nothing
SHARE = 0.1  # of one person's among all pairs, before anything is known of them
LOCATED = 0.5  # of what time says of two whose places on the floor say much of it, too
ROUNDS = 4  # of expectation maximisation; it settles in two or three
IMPOSSIBLE = -6.0  # log odds of a time that the given topology rules out

Topology = Mapping[str, Mapping[str, tuple[float, float]]]


def with_times(tracklets: Sequence[Tracklet], links: Links, config: EvidenceConfig) -> Links:
    """The evidence, and what the times between the tracklets add to it."""
    if config.topology:
        links = replace(links, floor=links.floor + topology_evidence(tracklets, config.topology))
    if config.passage is None:
        return links
    return replace(links, floor=links.floor + passage_evidence(tracklets, links, config.passage))


def passage_evidence(tracklets: Sequence[Tracklet], links: Links, limit: float) -> sparse.csr_array:
    """Log odds by the time from each tracklet to the next ones, for each pair of cameras.

    Nobody says who is who: with what else speaks for two tracklets being one person, expectation
    maximisation learns the times of one person's pairs beside those of all pairs, both as
    histograms. People move on from camera to camera in a usual time; where all cameras see one
    place, there is none, and nothing is learned. A person's several tracks in one camera are no
    further witnesses: they count as one, when it is learned and when it is told. Between tracklets
    with floor positions, it counts half.

    Args:
        tracklets: ``N``.
        links: all other evidence about them; tracklets without looks are left out, as are those
            that are but what is left of earlier ones, with a start at minus infinity.
        limit: time never speaks louder than this, log odds.

    Returns:
        ``(N, N)`` symmetric; empty for pairs that lie more than a minute apart.

    Source: the learned times are those of D. Makris, T. Ellis and J. Black, Bridging the Gaps
    between Cameras, CVPR 2004, with the evidence for each pair in the place of the count of all.
    """
    count = len(tracklets)
    pairs = _Pairs.of(tracklets, links)
    odds = np.zeros(len(pairs.first))
    for _ in range(ROUNDS if len(odds) else 0):
        same = 1 / (1 + np.exp(-(pairs.other_odds + odds + np.log(SHARE / (1 - SHARE)))))
        witnesses = pairs.witnesses(same)
        odds = np.clip(pairs.learned(same / witnesses), -limit, limit) / witnesses
    located = np.array([bool(tracklet.path.ticks) for tracklet in tracklets], bool)
    odds = np.where(located[pairs.first] & located[pairs.second], LOCATED, 1.0) * odds
    place = (
        np.concatenate([pairs.first, pairs.second]),
        np.concatenate([pairs.second, pairs.first]),
    )
    return sparse.csr_array((np.tile(odds, 2).astype(np.float32), place), shape=(count, count))


def topology_evidence(tracklets: Sequence[Tracklet], topology: Topology) -> sparse.csr_array:
    """Log odds against pairs between which there was less time than the way takes.

    The greatest time says nothing: between the two they may have been elsewhere, but for
    ``late_evidence``.

    Args:
        tracklets: ``N``.
        topology: see ``EvidenceConfig``.

    Returns:
        ``(N, N)`` symmetric.
    """
    times = _Times.of(tracklets)
    least = np.full((len(times.names), len(times.names)), -np.inf)
    for row, before in enumerate(times.names):
        for column, after in enumerate(times.names):
            shortest = topology.get(before, {}).get(after, (0.0, 0.0))[0]
            least[row, column] = shortest if shortest > 0 else -np.inf
    longest = max(least.max(initial=-np.inf), 0.0)
    first, second, gap = times.following(np.ones(len(tracklets), bool), longest)
    soon = gap < least[times.cameras[first], times.cameras[second]]
    odds = np.full(int(soon.sum()), IMPOSSIBLE, np.float32)
    upper = sparse.csr_array((odds, (first[soon], second[soon])), shape=(len(tracklets),) * 2)
    return sparse.csr_array(upper + upper.T)


def late_evidence(
    tracklets: Sequence[Tracklet], new: Ints, last: Ints, topology: Topology
) -> sparse.csr_array:
    """Log odds against new tracks that come later than the way takes from where somebody was last.

    Args:
        tracklets: ``N``.
        new: rows of the new ones.
        last: row of the last one of each person.
        topology: see ``EvidenceConfig``.

    Returns:
        ``(N, N)`` symmetric.
    """
    place = []
    for row in new.tolist():
        for other in last.tolist():
            before, after = tracklets[other], tracklets[row]
            ways = topology.get(before.key.camera, {})
            most = ways.get(after.key.camera, (0.0, np.inf))[1]
            if after.start - before.end > most:
                place += [(row, other), (other, row)]
    odds = np.full(len(place), IMPOSSIBLE, np.float32)
    where = tuple(np.array(place, np.int64).reshape(-1, 2).T)
    return sparse.csr_array((odds, where), shape=(len(tracklets), len(tracklets)))


@dataclass(frozen=True, eq=False)
class _Times:
    """When and where ``N`` tracklets were seen.

    Args:
        start: ``(N,)`` s.
        end: ``(N,)`` s.
        cameras: ``(N,)`` numbers.
        names: of the cameras, by number.
    """

    start: Doubles
    end: Doubles
    cameras: Ints
    names: list[str]

    @classmethod
    def of(cls, tracklets: Sequence[Tracklet]) -> Self:
        start, end = (np.array([getattr(t, n) for t in tracklets]) for n in ("start", "end"))
        names, cameras = np.unique([t.key.camera for t in tracklets], return_inverse=True)
        return cls(start, end, cameras.astype(np.int64), names.tolist())

    def following(self, chosen: NDArray[np.bool_], within: float) -> tuple[Ints, Ints, Doubles]:
        """Pairs of the chosen, the first of which begins first, and the time between, s.

        The second begins at most ``within`` s after the first ends, and perhaps before that.
        """
        rows = np.flatnonzero(chosen & np.isfinite(self.start))
        order = rows[np.lexsort((self.cameras[rows], self.end[rows], self.start[rows]))]
        last = np.searchsorted(self.start[order], self.end[order] + within, "right")
        partners = np.maximum(last - np.arange(len(order)) - 1, 0)
        left = np.repeat(np.arange(len(order)), partners)
        first_partner = np.repeat(np.cumsum(partners) - partners, partners)
        right = left + 1 + np.arange(len(left)) - first_partner
        first, second = order[left], order[right]
        return first, second, self.start[second] - self.end[first]


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Pairs of tracklets that may be one person's.

    Args:
        first: ``(P,)`` the tracklet that begins first.
        second: ``(P,)`` the other one.
        bins: ``(P,)`` of the time between, for each pair of cameras.
        cameras: ``(N,)`` number of each tracklet's camera.
        other_odds: ``(P,)`` all other evidence.
    """

    first: Ints
    second: Ints
    bins: Ints
    cameras: Ints
    other_odds: Doubles

    @classmethod
    def of(cls, tracklets: Sequence[Tracklet], links: Links) -> Self:
        """Those with known looks that no frame shows at once."""
        times = _Times.of(tracklets)
        first, second, gap = times.following(links.weights > 0, EDGES[-1])
        allowed = ~_at(links.apart, first, second).astype(bool)
        first, second = first[allowed], second[allowed]
        cameras = times.cameras
        route = cameras[first] * (cameras.max(initial=0) + 1) + cameras[second]
        bins = route * BINS + np.searchsorted(EDGES, gap[allowed])
        odds = _looks(links, first, second) + _at(links.floor, first, second)
        return cls(first, second, bins, cameras, odds)

    def witnesses(self, same: Doubles) -> Doubles:
        """``(P,)`` how many pairs of the same two people's tracks in the same two cameras."""
        count = self.cameras.max(initial=0) + 1
        tracks = np.zeros((len(self.cameras), count))
        tracks[np.arange(len(tracks)), self.cameras] = 1
        np.add.at(tracks, (self.first, self.cameras[self.second]), same)
        np.add.at(tracks, (self.second, self.cameras[self.first]), same)
        there = np.maximum(tracks[self.first, self.cameras[self.second]], 1)
        result: Doubles = there * np.maximum(tracks[self.second, self.cameras[self.first]], 1)
        return result

    def learned(self, same: Doubles) -> Doubles:
        """``(P,)`` log odds by the times of one person's pairs against those of all pairs."""
        size = (self.cameras.max() + 1) ** 2 * BINS
        every = smooth(np.bincount(self.bins, minlength=size))
        mine = smooth(np.bincount(self.bins, same, size))
        return route_odds(every, mine).ravel()[self.bins]


def route_odds(every: Doubles, mine: Doubles) -> Doubles:
    """``(routes, BINS)`` log odds by the times of one person's pairs against those of all pairs."""
    usual = (every + 1 / BINS) / (every.sum(axis=1, keepdims=True) + 1)
    likely = (mine + DOUBT * usual) / (mine.sum(axis=1, keepdims=True) + DOUBT)
    result: Doubles = np.log(likely / usual)
    return result


def smooth(counts: NDArray[np.number]) -> Doubles:
    """``(routes, BINS)`` histograms of all routes, one after the other, a little blurred."""
    histogram = counts.astype(np.float64).reshape(-1, BINS)
    spread = histogram.copy()
    spread[:, 1:] += NEXT_BIN * histogram[:, :-1]
    spread[:, :-1] += NEXT_BIN * histogram[:, 1:]
    return spread / (1 + 2 * NEXT_BIN)


def _at(matrix: sparse.csr_array, rows: Ints, columns: Ints) -> Doubles:
    """``(P,)`` some elements of a matrix."""
    if matrix.nnz == 0 or len(rows) == 0:
        return np.zeros(len(rows))
    return np.asarray(matrix[rows, columns], np.float64).reshape(-1)


def _looks(links: Links, first: Ints, second: Ints) -> Doubles:
    """``(P,)`` log odds by appearance, block by block of rows."""
    result = np.zeros(len(first))
    every = np.arange(len(links))
    for start in range(0, len(links), BLOCK):
        mine = np.flatnonzero((first >= start) & (first < start + BLOCK))
        if len(mine):
            block = links.appearance(every[start : start + BLOCK], every)
            result[mine] = block[first[mine] - start, second[mine]]
    return result
