"""Every figure equals TrackEval's: on random sequences, and on the shared ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtmc.mot import MotKind, MotRows, read_mot, write_mot
from tests.mtmc.evaluate.trackeval_oracle import check_against_trackeval, score_files


@st.composite
def mot_rows(draw, frames, truth):
    """Boxes on a coarse grid, so that equal similarities and thresholds met exactly are common."""
    corner, size = st.integers(0, 6), st.integers(1, 6)
    rows = draw(
        st.lists(
            st.tuples(st.integers(1, frames), st.integers(1, 5), corner, corner, size, size),
            max_size=40,
            unique_by=lambda row: row[:2],
        )
    )
    table = np.array(rows, float).reshape(-1, 6)
    boxes = np.concatenate([table[:, 2:4], table[:, 2:4] + table[:, 4:6]], axis=1)
    flags = classes = None
    if truth:
        count = {"min_size": len(rows), "max_size": len(rows)}
        flags = np.array(draw(st.lists(st.sampled_from([1, 1, 1, 0]), **count)), float)
        classes = np.array(draw(st.lists(st.sampled_from([1, 1, 1, 3, 7, 8, 12]), **count)), int)
    return MotRows.make(
        table[:, 0].astype(int), table[:, 1].astype(int), boxes, scores=flags, classes=classes
    )


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_random_sequences_with_ties_and_distractors(data):
    frames = data.draw(st.integers(1, 6))
    check_against_trackeval(
        {
            name: (
                data.draw(mot_rows(frames, truth=True)),
                data.draw(mot_rows(frames, truth=False)),
                frames,
            )
            for name in ("one", "two")
        }
    )


def people_walking(rng, frames, people):
    """Rows of people who wander about; some are distractors."""
    path = rng.uniform(0, 400, (people, 2)) + rng.normal(0, 4, (frames, people, 2)).cumsum(axis=0)
    size = np.tile(rng.uniform([30, 80], [60, 160], (people, 2)), (frames, 1))
    corner = path.reshape(-1, 2)
    frame, person = np.divmod(np.arange(frames * people), people)
    classes = np.where(rng.random(people) < 0.2, 7, 1)[person]
    boxes = np.concatenate([corner, corner + size], axis=1)
    rows = MotRows.make(frame + 1, person + 1, boxes, scores=classes == 1, classes=classes)
    return rows[rng.random(len(rows)) < 0.9]


def tracked(rng, truth):
    """What a middling tracker makes of it: boxes missed and off, broken tracks, ghosts."""
    found = truth[rng.random(len(truth)) < 0.8]
    boxes = found.boxes + rng.normal(0, 6, found.boxes.shape)
    ghosts = rng.integers(0, len(found), len(found) // 10)
    ghost_boxes = found.boxes[ghosts] + rng.normal(0, 30, (len(ghosts), 1))
    return MotRows.make(
        np.concatenate([found.frames, found.frames[ghosts]]),
        np.concatenate([found.ids * 100 + found.frames // 20, 100_000 + np.arange(len(ghosts))]),
        np.concatenate([boxes, ghost_boxes]),
    )


@pytest.mark.parametrize("seed", range(6))
def test_random_walks(seed):
    rng = np.random.default_rng(seed)
    sequences = {}
    for name, people in (("few", 4), ("many", 25)):
        truth = people_walking(rng, 60, people)
        sequences[name] = (truth, tracked(rng, truth), 60)
    check_against_trackeval(sequences)


def test_mot15_has_no_classes():
    rng = np.random.default_rng(0)
    truth = people_walking(rng, 60, 10)
    check_against_trackeval(
        {"s": (MotRows.make(truth.frames, truth.ids, truth.boxes), tracked(rng, truth), 60)},
        "MOT15",
    )


@pytest.mark.parametrize("benchmark", ["MOT17", "MOT20"])
def test_vehicles(benchmark):
    rng = np.random.default_rng(0)
    truth = people_walking(rng, 60, 10)
    classes = np.where(truth.ids <= 3, 6, truth.classes)
    truth = MotRows.make(truth.frames, truth.ids, truth.boxes, scores=truth.scores, classes=classes)
    check_against_trackeval({"s": (truth, tracked(rng, truth), 60)}, benchmark)


def test_identical_boxes_of_many_people():
    """Many equal similarities per box: ties must fall alike."""
    rng = np.random.default_rng(0)
    frame, person = (part.reshape(-1) for part in np.mgrid[1:21, 1:13])
    corner = rng.integers(0, 3, (len(frame), 2)) * 2.0
    boxes = np.concatenate([corner, corner + 7], axis=1)
    truth = MotRows.make(frame, person, boxes, classes=np.ones_like(frame))
    result = MotRows.make(frame, person, np.roll(boxes, 5, axis=0))
    check_against_trackeval({"crowd": (truth, result[rng.random(len(result)) < 0.8], 20)})


@pytest.fixture(scope="module")
def mot17(shared_data):
    """``{name: (folder, ground truth, length)}``."""
    root = shared_data / "mot17" / "train"
    if not root.is_dir():
        pytest.skip(f"MOT17 not found at {root}")
    sequences = {}
    for folder in sorted(root.iterdir()):
        length = int((folder / "seqinfo.ini").read_text().split("seqLength=")[1].split()[0])
        truth = read_mot(folder / "gt" / "gt.txt", MotKind.TRUTH, length)
        sequences[folder.name] = (folder, truth, length)
    return sequences


def test_mot17_noisy_tracks(mot17):
    rng = np.random.default_rng(1)
    check_against_trackeval(
        {
            name: (truth, tracked(rng, truth[np.isin(truth.classes, [1, 2, 7, 8])]), length)
            for name, (_, truth, length) in mot17.items()
        }
    )


def test_mot17_detections_as_tracks(mot17):
    """Boxes of a detector, each linked to the frames around it by its position alone."""
    sequences = {}
    for name, (folder, truth, length) in mot17.items():
        found = read_mot(folder / "det" / "det.txt", MotKind.DETECTIONS, length)
        cell = found.boxes[:, 0] // 200 * 1000 + found.boxes[:, 1] // 200
        _, first = np.unique(np.stack([found.frames, cell]), axis=1, return_index=True)
        found, cell = found[first], cell[first]
        sequences[name] = (truth, MotRows.make(found.frames, cell.astype(int), found.boxes), length)
    check_against_trackeval(sequences)


def test_mot17_ground_truth_scores_100(mot17, tmp_path):
    for name, (folder, truth, length) in mot17.items():
        result_file = tmp_path / f"{name}.txt"
        write_mot(result_file, truth[(truth.classes == 1) & (truth.scores != 0)])
        ratios = score_files(folder / "gt" / "gt.txt", result_file, length).ratios()
        for metric in ("HOTA", "DetA", "AssA", "LocA", "MOTA", "IDF1", "IDP", "IDR"):
            assert ratios[metric] == pytest.approx(1, abs=1e-12)
