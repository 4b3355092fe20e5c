"""TrackEval as the oracle, and small scenes to write by hand."""

import tempfile
from pathlib import Path

import numpy as np
import pytest

from mtmc.evaluate.protocol import CameraRows, ScoringProtocol, make_scene
from mtmc.evaluate.scores import Scores, score
from mtmc.mot import MotKind, MotRows, read_mot, write_mot

# Our names where TrackEval's differ.
TRACKEVAL_NAMES = {
    "TP": "CLR_TP",
    "FN": "CLR_FN",
    "FP": "CLR_FP",
    "Recall": "CLR_Re",
    "Precision": "CLR_Pr",
    "F1": "CLR_F1",
    "frames": "CLR_Frames",
}


def rows_of(story):
    """MOT rows of ``{frame: {id: x}}``: boxes of 10 x 10 px whose left side is at ``x``."""
    cells = [(frame, id_, x) for frame, boxes in story.items() for id_, x in boxes.items()]
    frames, ids, left = np.array(cells, float).reshape(-1, 3).T
    boxes = np.stack([left, left * 0, left + 10, left * 0 + 10], axis=1)
    return MotRows.make(frames.astype(int), ids.astype(int), boxes)


def scene_of(truth, result, frames=5, protocol=ScoringProtocol.MOT):
    """A scene of two stories as in ``rows_of``."""
    return make_scene([CameraRows("s", rows_of(truth), rows_of(result), 1, frames)], protocol)


def score_files(truth_file, result_file, frames, protocol=ScoringProtocol.MOT):
    truth = read_mot(truth_file, MotKind.TRUTH, frames)
    result = read_mot(result_file, MotKind.TRACKS, frames)
    return score(make_scene([CameraRows(result_file.stem, truth, result, 1, frames)], protocol))


def trackeval_scores(folder, lengths, benchmark):
    """``{sequence: {metric: value}}`` of ``folder/gt`` and ``folder/ours``, and ``COMBINED``."""
    from trackeval.datasets import MotChallenge2DBox
    from trackeval.metrics import CLEAR, HOTA, Identity

    dataset = MotChallenge2DBox(
        {
            "GT_FOLDER": str(folder / "gt"),
            "TRACKERS_FOLDER": str(folder),
            "TRACKERS_TO_EVAL": ["ours"],
            "BENCHMARK": benchmark,
            "SKIP_SPLIT_FOL": True,
            "SEQ_INFO": dict(lengths),
            "PRINT_CONFIG": False,
        }
    )
    metrics = [CLEAR({"PRINT_CONFIG": False}), Identity({"PRINT_CONFIG": False}), HOTA()]
    results = {}
    for name in lengths:
        raw = dataset.get_raw_seq_data("ours", name)
        data = dataset.get_preprocessed_seq_data(raw, "pedestrian")
        results[name] = [metric.eval_sequence(data) for metric in metrics]
    combined = [
        metric.combine_sequences({name: of_metric[i] for name, of_metric in results.items()})
        for i, metric in enumerate(metrics)
    ]
    return {
        name: {field: np.mean(value) for part in parts for field, value in part.items()}
        for name, parts in {**results, "COMBINED": combined}.items()
    }


def assert_same(scores, reference):
    """Every one of our figures equals TrackEval's to 1e-9."""
    ours = scores.ratios() | scores.counts()
    theirs = {name: reference[TRACKEVAL_NAMES.get(name, name)] for name in ours}
    assert ours == pytest.approx(theirs, abs=1e-9, rel=0)


def check_against_trackeval(sequences, benchmark="MOT17"):
    """Score ``{name: (truth, result, frames)}`` with both, from the same files."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        ours = {}
        for name, (truth, result, frames) in sequences.items():
            truth_file = folder / "gt" / name / "gt" / "gt.txt"
            result_file = folder / "ours" / "data" / f"{name}.txt"
            write_mot(truth_file, truth, MotKind.TRUTH)
            write_mot(result_file, result)
            protocol = ScoringProtocol.MOT20 if benchmark == "MOT20" else ScoringProtocol.MOT
            ours[name] = score_files(truth_file, result_file, frames, protocol)
        lengths = {name: frames for name, (_, _, frames) in sequences.items()}
        reference = trackeval_scores(folder, lengths, benchmark)
    for name, scores in ours.items():
        assert_same(scores, reference[name])
    assert_same(sum(ours.values(), Scores()), reference["COMBINED"])
