"""The figures of the motmetrics library, for those who compare with it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from mtmc.errors import UserError
from mtmc.evaluate.report import Row
from mtmc.reid.extras import install

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mtmc.evaluate.scene import ScoredScene

_MAX_DISTANCE = 0.5  # 1 - IoU, the library's default
_OVERALL = "OVERALL"  # the library's name of the combined row
_RATIOS = {
    "mota": "MOTA",
    "motp": "MOTP",
    "idf1": "IDF1",
    "idp": "IDP",
    "idr": "IDR",
    "recall": "Recall",
    "precision": "Precision",
}
_COUNTS = {
    "num_switches": "IDSW",
    "num_fragmentations": "Frag",
    "num_false_positives": "FP",
    "num_misses": "FN",
    "mostly_tracked": "MT",
    "partially_tracked": "PT",
    "mostly_lost": "ML",
}


def motmetrics_rows(scenes: Mapping[str, ScoredScene]) -> tuple[dict[str, Row], Row]:
    """CLEAR and identity figures of each scene and of all, by the motmetrics library.

    MOTP, a distance there, is given as IoU like everywhere else.

    Raises:
        UserError: the library is not installed.
    """
    try:
        import motmetrics
    except ImportError as error:
        raise UserError(
            f"--protocol motmetrics needs the motmetrics package: {install('motmetrics')}"
        ) from error
    summary = motmetrics.metrics.create().compute_many(
        [_accumulate(motmetrics.MOTAccumulator(), scene) for scene in scenes.values()],
        names=list(scenes),
        metrics=[*_RATIOS, *_COUNTS],
        generate_overall=True,
    )
    rows = {str(name): _row(values) for name, values in summary.to_dict("index").items()}
    return rows, rows.pop(_OVERALL)


def _accumulate(accumulator: Any, scene: ScoredScene) -> Any:
    """Feed a scene's time steps; the similarities are ours, the matching is the library's."""
    pairs = scene.pairs[scene.pairs.similarity >= 1 - _MAX_DISTANCE]
    truth_start, result_start = scene.starts(scene.truth), scene.starts(scene.result)
    steps = scene.truth.steps[pairs.truth]
    pair_start = np.searchsorted(steps, np.arange(len(scene.cameras) + 1))
    row, column = pairs.truth - truth_start[steps], pairs.result - result_start[steps]
    for step in range(len(scene.cameras)):
        people = scene.truth.ids[truth_start[step] : truth_start[step + 1]]
        tracks = scene.result.ids[result_start[step] : result_start[step + 1]]
        here = slice(pair_start[step], pair_start[step + 1])
        distance = np.full((len(people), len(tracks)), np.nan)
        distance[row[here], column[here]] = 1 - pairs.similarity[here]
        accumulator.update(people, tracks, distance, frameid=step)
    return accumulator


def _row(values: Mapping[str, Any]) -> Row:
    ratios = {ours: float(values[name]) for name, ours in _RATIOS.items()}
    ratios["MOTP"] = 1 - ratios["MOTP"]
    ratios = {name: ratio for name, ratio in ratios.items() if not math.isnan(ratio)}  # of nothing
    return Row(ratios, {ours: int(values[name]) for name, ours in _COUNTS.items()})
