import numpy as np
import pytest

from mtmc.evaluate.motmetrics import motmetrics_rows
from mtmc.evaluate.protocol import CameraRows, ScoringProtocol, make_scene
from mtmc.mot import MotKind, write_mot
from tests.mtmc.evaluate.test_against_trackeval import people_walking, tracked
from tests.mtmc.evaluate.trackeval_oracle import rows_of, scene_of

motmetrics = pytest.importorskip("motmetrics")


def test_a_story():
    truth = {frame: {1: 0} for frame in range(1, 6)}
    result = {1: {7: 0}, 2: {7: 0, 9: 50}, 4: {8: 0}, 5: {8: 2}}
    rows, combined = motmetrics_rows({"s": scene_of(truth, result)})
    assert rows["s"].ratios["MOTA"] == pytest.approx(1 - 3 / 5)
    assert rows["s"].ratios["MOTP"] == pytest.approx((3 + 8 / 12) / 4)
    assert rows["s"].ratios["IDF1"] == pytest.approx(2 / (2 + 3 / 2 + 3 / 2))
    assert rows["s"].counts["IDSW"] == 1
    assert combined.as_dict() == pytest.approx(rows["s"].as_dict())


@pytest.mark.filterwarnings("ignore:Operation with tuple is deprecated")  # the library's reader
def test_as_the_library_reads_the_files(tmp_path, monkeypatch):
    # The library's own distances need what NumPy 2 no longer has.
    monkeypatch.setattr(np, "asfarray", lambda a: np.asarray(a, float), raising=False)
    rng = np.random.default_rng(0)
    scenes, accumulators = {}, []
    for name in ("one", "two"):
        truth = people_walking(rng, 40, 8)
        result = tracked(rng, truth)
        scenes[name] = make_scene([CameraRows(name, truth, result, 1, 40)], ScoringProtocol.PLAIN)
        write_mot(tmp_path / "gt.txt", truth, MotKind.TRUTH)
        write_mot(tmp_path / "result.txt", result)
        accumulators.append(
            motmetrics.utils.compare_to_groundtruth(
                motmetrics.io.load_motchallenge(tmp_path / "gt.txt", min_confidence=1),
                motmetrics.io.load_motchallenge(tmp_path / "result.txt"),
            )
        )
    expected = motmetrics.metrics.create().compute_many(
        accumulators, names=list(scenes), metrics=["mota", "idf1", "motp"], generate_overall=True
    )
    rows, combined = motmetrics_rows(scenes)
    for name, row in {**rows, "OVERALL": combined}.items():
        assert row.ratios["MOTA"] == pytest.approx(expected.loc[name, "mota"])
        assert row.ratios["IDF1"] == pytest.approx(expected.loc[name, "idf1"])
        assert row.ratios["MOTP"] == pytest.approx(1 - expected.loc[name, "motp"], abs=1e-3)


def test_ignored_ground_truth_found_is_a_mistake():
    truth, result = rows_of({1: {1: 0}, 2: {1: 0}}), rows_of({1: {1: 0}, 2: {1: 0}})
    truth.scores[1] = 0
    scene = make_scene([CameraRows("s", truth, result, 1, 2)], ScoringProtocol.PLAIN)
    rows, _ = motmetrics_rows({"s": scene})
    assert rows["s"].counts["FP"] == 1
