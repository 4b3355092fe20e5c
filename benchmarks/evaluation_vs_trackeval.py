"""Our scoring, TrackEval's and motrics' on the same files in one run: how fast, how far apart.

    uv run --with motrics python benchmarks/evaluation_vs_trackeval.py [MOT17_TRAIN] [RESULTS]

RESULTS holds one `<sequence>.txt` per sequence; without it a middling tracker's results are made up
from the ground truth. All read the files, preprocess them and compute CLEAR, Identity and HOTA;
motrics, which is in Rust, of each sequence by itself.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import motrics
import numpy as np
from rich.console import Console
from rich.table import Table
from trackeval.datasets import MotChallenge2DBox
from trackeval.metrics import CLEAR, HOTA, Identity

from mtmc.evaluate.protocol import make_scene
from mtmc.evaluate.scores import Scores, score
from mtmc.evaluate.sequences import MotSequence, find_sequences, result_files
from mtmc.mot import MotKind, MotRows, read_mot, write_mot

DATA = os.environ.get("MTMC_TEST_DATA") or Path(__file__).parents[2] / "shared" / "data"
ROUNDS = 5
NAMES = {"TP": "CLR_TP", "FN": "CLR_FN", "FP": "CLR_FP", "frames": "CLR_Frames"}
NAMES |= {"Recall": "CLR_Re", "Precision": "CLR_Pr", "F1": "CLR_F1"}


def make_results(sequences: list[MotSequence], folder: Path):
    """80 % of all people and distractors, boxes a little off, ids that last 60 frames."""
    rng = np.random.default_rng(0)
    for sequence in sequences:
        truth = read_mot(sequence.truth_file, MotKind.TRUTH)
        truth = truth[np.isin(truth.classes, [1, 2, 7, 8])]
        seen = truth[rng.random(len(truth)) < 0.8]
        boxes = seen.boxes + rng.normal(0, 4, seen.boxes.shape)
        rows = MotRows.make(seen.frames, seen.ids * 100 + seen.frames // 60, boxes)
        write_mot(folder / f"{sequence.name}.txt", rows)


def ours(sequences: list[MotSequence], results: Path) -> list[Scores]:
    """Of each sequence."""
    files = result_files(results, [sequence.name for sequence in sequences])
    return [score(make_scene([sequence.rows(files[sequence.name])])) for sequence in sequences]


def in_rust(sequences: list[MotSequence], results: Path) -> list[dict[str, float]]:
    """Of each sequence, by our names."""
    figures = []
    for sequence in sequences:
        said = motrics.load_motchallenge(results / f"{sequence.name}.txt")
        truth = motrics.load_motchallenge_gt(sequence.truth_file)
        columns = motrics.preprocess_motchallenge(truth, said)
        found = motrics.evaluate(motrics.Frames(*columns[:2]), motrics.Frames(*columns[2:]))
        figures.append({
            "HOTA": found.hota.hota, "DetA": found.hota.deta, "AssA": found.hota.assa,
            "MOTA": found.clear.mota, "IDSW": found.clear.num_switches,
            "IDF1": found.identity.idf1, "IDP": found.identity.idp, "IDR": found.identity.idr,
        })  # fmt: skip
    return figures


def theirs(sequences: list[MotSequence], results: Path) -> dict[str, float]:
    """All sequences combined, by TrackEval's names."""
    dataset = MotChallenge2DBox(
        {
            "GT_FOLDER": str(sequences[0].folder.parent),
            "TRACKERS_FOLDER": str(results.parent),
            "TRACKERS_TO_EVAL": [results.name],
            "TRACKER_SUB_FOLDER": "",
            "SKIP_SPLIT_FOL": True,
            "SEQ_INFO": {sequence.name: sequence.length for sequence in sequences},
            "PRINT_CONFIG": False,
        }
    )
    metrics = [CLEAR({"PRINT_CONFIG": False}), Identity({"PRINT_CONFIG": False}), HOTA()]
    parts = {}
    for sequence in sequences:
        raw = dataset.get_raw_seq_data(results.name, sequence.name)
        data = dataset.get_preprocessed_seq_data(raw, "pedestrian")
        parts[sequence.name] = [metric.eval_sequence(data) for metric in metrics]
    combined = {}
    for number, metric in enumerate(metrics):
        combined |= metric.combine_sequences({name: part[number] for name, part in parts.items()})
    return {name: float(np.mean(value)) for name, value in combined.items()}


def seconds(work) -> float:
    """The time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", nargs="?", type=Path, default=Path(DATA) / "mot17")
    parser.add_argument("results", nargs="?", type=Path)
    options = parser.parse_args()
    sequences = find_sequences(options.root)
    with tempfile.TemporaryDirectory() as temporary:
        results = (options.results or Path(temporary) / "made-up").resolve()
        if options.results is None:
            make_results(sequences, results)
        work = {"mtmc": ours, "trackeval": theirs, "motrics": in_rust}
        each, their_scores, rust = (by(sequences, results) for by in work.values())
        times = {name: [] for name in work}
        for _ in range(ROUNDS):
            for name, by in work.items():
                times[name].append(seconds(lambda by=by: by(sequences, results)))
    figures = told(sum(each, Scores()))
    apart = {
        "trackeval": max(abs(figures[n] - their_scores[NAMES.get(n, n)]) for n in figures),
        "motrics": max(
            abs(told(mine)[name] - value)
            for mine, other in zip(each, rust, strict=True)
            for name, value in other.items()
        ),
    }
    frames = sum(sequence.length for sequence in sequences)
    table = Table(title=f"{len(sequences)} sequences, {frames} frames, median of {ROUNDS} rounds")
    for heading in ("", "seconds", "frames/s", "times ours", "largest difference"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, spent in times.items():
        median = statistics.median(spent)
        ratios = [their / our for our, their in zip(times["mtmc"], spent, strict=True)]
        ratio = f"{statistics.median(ratios):.1f} ({min(ratios):.1f}-{max(ratios):.1f})"
        differs = f"{apart[name]:.1e}" if name in apart else ""
        table.add_row(name, f"{median:.3f}", f"{frames / median:.0f}", ratio, differs)
    console = Console()
    console.print(table)
    console.print(", ".join(f"{n} {100 * figures[n]:.3f}" for n in ("HOTA", "MOTA", "IDF1")))


def told(scores: Scores) -> dict[str, float]:
    """All figures by name."""
    return scores.ratios() | scores.counts()


if __name__ == "__main__":
    main()
