"""HOTA: detection and association weighed alike, over all localisation thresholds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mtmc.evaluate.scene import EPS, Contest

if TYPE_CHECKING:
    from mtmc.evaluate.scene import Floats, Ints, Mask, ScoredScene

ALPHAS = np.arange(0.05, 0.99, 0.05)
_TINY = 1e-10  # LocA of nothing is 1


def _zeros() -> Floats:
    return np.zeros(len(ALPHAS))


@dataclass(frozen=True, slots=True, eq=False)
class Hota:
    """Sums of one or more sequences; their sum is the sequences' combination.

    Args:
        TP: ``(19,) float64`` matches with similarity >= alpha, for alpha = 0.05, 0.10 ... 0.95.
        FN: ``(19,) float64`` ground-truth boxes without such a match.
        FP: ``(19,) float64`` result boxes without.
        similarity: ``(19,) float64`` sum of the matches' similarities.
        ass_a: ``(19,) float64`` sum over the matches of their association score A(c).
        ass_re: ``(19,) float64`` the same for association recall.
        ass_pr: ``(19,) float64`` the same for association precision.

    Source: Luiten et al., "HOTA: A Higher Order Metric for Evaluating Multi-Object Tracking", 2020,
    eq. 14 to 27.
    """

    TP: Floats = field(default_factory=_zeros)
    FN: Floats = field(default_factory=_zeros)
    FP: Floats = field(default_factory=_zeros)
    similarity: Floats = field(default_factory=_zeros)
    ass_a: Floats = field(default_factory=_zeros)
    ass_re: Floats = field(default_factory=_zeros)
    ass_pr: Floats = field(default_factory=_zeros)

    def __add__(self, other: Hota) -> Hota:
        return Hota(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    def curves(self) -> dict[str, Floats]:
        """``(19,) float64`` each: the scores at every alpha, as fractions."""
        matches = np.maximum(1, self.TP)
        curves = {
            "DetA": self.TP / np.maximum(1, self.TP + self.FN + self.FP),
            "AssA": self.ass_a / matches,
            "DetRe": self.TP / np.maximum(1, self.TP + self.FN),
            "DetPr": self.TP / np.maximum(1, self.TP + self.FP),
            "AssRe": self.ass_re / matches,
            "AssPr": self.ass_pr / matches,
            "LocA": np.maximum(_TINY, self.similarity) / np.maximum(_TINY, self.TP),
        }
        hota = np.sqrt(curves["DetA"] * curves["AssA"])
        owta = np.sqrt(curves["DetRe"] * curves["AssA"])
        return {"HOTA": hota, **curves, "OWTA": owta}

    def ratios(self) -> dict[str, float]:
        """The means over all alphas as fractions, and those at the lowest alpha, ``(0)``."""
        curves = self.curves()
        lowest = {name: float(curves[name][0]) for name in ("HOTA", "LocA")}
        return {name: float(curve.mean()) for name, curve in curves.items()} | {
            "HOTA(0)": lowest["HOTA"],
            "LocA(0)": lowest["LocA"],
            "HOTALocA(0)": lowest["HOTA"] * lowest["LocA"],
        }


def hota(scene: ScoredScene) -> Hota:
    """HOTA sums of one scene."""
    truth, result, pairs = scene.truth, scene.result, scene.pairs
    contest = Contest.among(scene, np.ones(len(pairs), bool))
    cells, cell = np.unique(
        truth.ids[pairs.truth] * max(1, result.num_ids) + result.ids[pairs.result],
        return_inverse=True,
    )
    person, track = np.divmod(cells, max(1, result.num_ids))
    person_boxes, track_boxes = truth.counts()[person], result.counts()[track]

    # Which identities belong together, over the whole scene and before any box is matched.
    shared = np.bincount(cell, _relative(pairs.similarity, contest), minlength=len(cells))
    alignment = shared / (person_boxes + track_boxes - shared)
    matched = contest.matches(alignment[cell] * pairs.similarity)

    similarity = pairs.similarity[matched]
    hit: Mask = similarity[:, None] >= ALPHAS - EPS  # (matches, 19)
    true = hit.sum(axis=0).astype(float)
    count = _counts(cell[matched], hit, len(cells))  # (cells, 19)
    boxes = (person_boxes + track_boxes)[:, None]
    return Hota(
        TP=true,
        FN=len(truth) - true,
        FP=len(result) - true,
        similarity=similarity @ hit,
        ass_a=(count * (count / np.maximum(1, boxes - count))).sum(axis=0),
        ass_re=(count * (count / np.maximum(1, person_boxes)[:, None])).sum(axis=0),
        ass_pr=(count * (count / np.maximum(1, track_boxes)[:, None])).sum(axis=0),
    )


def _relative(similarity: Floats, contest: Contest) -> Floats:
    """``(P,) float64``: each pair's share of all similarity that its two boxes have."""
    total = similarity.copy()
    for block in contest.blocks:
        matrix = block.matrix(similarity[block.rows])
        of_result, of_truth = matrix.sum(axis=0), matrix.sum(axis=1)
        total[block.rows] = of_result[block.result] + of_truth[block.truth]
        total[block.rows] -= similarity[block.rows]
    some = total > EPS
    return np.divide(similarity, total, out=np.zeros(len(total)), where=some)


def _counts(cell: Ints, hit: Mask, num_cells: int) -> Floats:
    """``(num_cells, 19) float64``: matches of each person and track at each alpha."""
    size = hit.shape[1]
    flat = (cell[:, None] * size + np.arange(size))[hit]
    return np.bincount(flat, minlength=num_cells * size).reshape(num_cells, size).astype(float)
