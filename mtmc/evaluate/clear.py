"""CLEAR MOT: how many boxes were found, and how often a person's identity changed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mtmc.evaluate.scene import EPS, SIMILAR, Contest

if TYPE_CHECKING:
    from mtmc.evaluate.scene import Floats, Ints, Mask, ScoredScene

_CONTINUES = 1000.0  # outweighs any similarity: a match of the frame before is kept


@dataclass(frozen=True, slots=True)
class Clear:
    """Counts of one or more sequences; their sum is the sequences' combination.

    Args:
        TP: ground-truth boxes with a matched result box.
        FN: ground-truth boxes without.
        FP: result boxes without.
        IDSW: identity switches: matches to another identity than the person's match before.
        Frag: fragmentations: times a person is found again after not having been.
        MT: mostly tracked people, in more than 80 % of their boxes.
        PT: partly tracked people.
        ML: mostly lost people, in less than 20 % of their boxes.
        frames: time steps.
        similarity: sum of the matches' IoU.
        one_sided: a single sequence without any ground truth or without any result: TrackEval
            reports its ratios as 0 and MLR as 1 and does not count its time steps.

    Source: Bernardin and Stiefelhagen, "Evaluating Multiple Object Tracking Performance: The CLEAR
    MOT Metrics", 2008; MODA, MOTAL as in the MOTChallenge development kit; sMOTA: Voigtlaender
    et al., "MOTS", 2019, eq. 4.
    """

    TP: int = 0
    FN: int = 0
    FP: int = 0
    IDSW: int = 0
    Frag: int = 0
    MT: int = 0
    PT: int = 0
    ML: int = 0
    frames: int = 0
    similarity: float = 0.0
    one_sided: bool = False

    def __add__(self, other: Clear) -> Clear:
        return Clear(
            *(getattr(self, name) + getattr(other, name) for name in self.__slots__[:-1]),
        )

    def ratios(self) -> dict[str, float]:
        """The figures made from the counts, as fractions.

        ``MOTA = 1 - (FN + FP + IDSW) / (TP + FN)``, at most 1, possibly negative;
        ``MOTP`` mean IoU of the matches; ``MODA`` MOTA without the switches; ``MOTAL`` with their
        logarithm; ``sMOTA`` with IoU in place of TP; ``Recall``, ``Precision`` and their harmonic
        mean ``F1``; ``MTR``, ``PTR``, ``MLR`` shares of people; ``FP_per_frame``.
        """
        people = max(1, self.MT + self.PT + self.ML)
        boxes = max(1, self.TP + self.FN)
        switches = math.log10(self.IDSW) if self.IDSW > 0 else 0.0
        values = {
            "MOTA": (self.TP - self.FP - self.IDSW) / boxes,
            "MOTP": self.similarity / max(1, self.TP),
            "MODA": (self.TP - self.FP) / boxes,
            "MOTAL": (self.TP - self.FP - switches) / boxes,
            "sMOTA": (self.similarity - self.FP - self.IDSW) / boxes,
            "Recall": self.TP / boxes,
            "Precision": self.TP / max(1, self.TP + self.FP),
            "F1": self.TP / max(1, self.TP + 0.5 * self.FN + 0.5 * self.FP),
            "MTR": self.MT / people,
            "PTR": self.PT / people,
            "MLR": self.ML / people,
            "FP_per_frame": self.FP / max(1, self.frames),
        }
        if self.one_sided:
            return dict.fromkeys(values, 0.0) | {"MLR": 1.0}
        return values


def clear(scene: ScoredScene) -> Clear:
    """CLEAR MOT counts of one scene.

    In each time step boxes of similarity >= 0.5 are matched one to one: pairs that were
    matched in the time step before are kept, then the total similarity is maximal. A time step
    without ground truth or without results is no step at all: what was matched before it counts as
    the time step before. Cameras do not continue one another's matches, yet an identity that
    changes from one camera to the next is a switch.
    """
    truth, result = scene.truth, scene.result
    if not len(truth) or not len(result):
        return Clear(FN=len(truth), FP=len(result), ML=truth.num_ids, one_sided=True)
    rank = _ranks(scene)
    matched = _match(scene, rank)
    pairs = scene.pairs[matched]
    person, track = truth.ids[pairs.truth], result.ids[pairs.result]
    steps = truth.steps[pairs.truth]

    by_person = np.argsort(person, kind="stable")  # thus by person, then by time
    person, track, steps = person[by_person], track[by_person], steps[by_person]
    same_person = np.diff(person) == 0
    same_camera = np.diff(scene.cameras[steps]) == 0
    switches = same_person & (np.diff(track) != 0)
    fragments = same_person & same_camera & (np.diff(rank[steps]) != 1)

    share = np.bincount(person, minlength=truth.num_ids) / truth.counts()
    mostly, partly = int((share > 0.8).sum()), int((share >= 0.2).sum())
    return Clear(
        TP=len(pairs),
        FN=len(truth) - len(pairs),
        FP=len(result) - len(pairs),
        IDSW=int(switches.sum()),
        Frag=int(fragments.sum()),
        MT=mostly,
        PT=partly - mostly,
        ML=truth.num_ids - partly,
        frames=len(scene.cameras),
        similarity=float(pairs.similarity.sum()),
    )


def _ranks(scene: ScoredScene) -> Ints:
    """``(T,) int64``: number of each time step among those with boxes on both sides.

    One number is left out between two cameras, so that nothing continues across them.
    """
    both = (np.diff(scene.starts(scene.truth)) > 0) & (np.diff(scene.starts(scene.result)) > 0)
    _, camera = np.unique(scene.cameras, return_inverse=True)
    return np.cumsum(both) + camera.reshape(-1)


def matches(scene: ScoredScene) -> Mask:
    """``(P,) bool``: the pairs that are matched, see `clear`."""
    return _match(scene, _ranks(scene))


def _match(scene: ScoredScene, rank: Ints) -> Mask:
    pairs = scene.pairs
    candidates = pairs.similarity >= SIMILAR - EPS
    scores: Floats = np.where(candidates, pairs.similarity, 0.0)
    contest = Contest.among(scene, candidates)
    person, track = scene.truth.ids[pairs.truth], scene.result.ids[pairs.result]
    pair_rank = rank[scene.truth.steps[pairs.truth]]
    ranks = np.array([rank[block.step] for block in contest.blocks], np.int64)
    before = np.searchsorted(pair_rank, np.stack([ranks - 1, ranks]), side="left").T.tolist()

    matched = contest.free.copy()
    held = np.full(scene.truth.num_ids, -1)  # track of each person in the time step before
    for block, (start, stop) in zip(contest.blocks, before, strict=True):
        kept = np.flatnonzero(matched[start:stop]) + start
        held[person[kept]] = track[kept]
        continues = (held[person[block.rows]] == track[block.rows]) & candidates[block.rows]
        held[person[kept]] = -1
        matched[block.rows] = block.assign(scores[block.rows] + _CONTINUES * continues)
        matched[block.rows] &= candidates[block.rows]
    return matched
