import dataclasses

import numpy as np
import pytest

from mtmc.errors import UserError
from mtmc.evaluate.protocol import CameraRows, ScoringProtocol, make_scene
from mtmc.evaluate.scores import Scores, score
from tests.mtmc.evaluate.trackeval_oracle import rows_of

ONE_PERSON = rows_of({1: {1: 0}, 2: {1: 0}})


def scores_of(truth, result, protocol=ScoringProtocol.MOT, frames=(1, 2)):
    return score(make_scene([CameraRows("s", truth, result, *frames)], protocol))


def marked(rows, *, flag=1, class_=1):
    count = len(rows)
    return dataclasses.replace(
        rows, scores=np.full(count, float(flag)), classes=np.full(count, class_)
    )


@pytest.mark.parametrize("class_", [2, 7, 8, 12])
def test_a_distractor_found_is_no_mistake(class_):
    counts = scores_of(marked(ONE_PERSON, flag=0, class_=class_), ONE_PERSON).counts()
    assert (counts["FP"], counts["FN"]) == (0, 0)


@pytest.mark.parametrize(("flag", "class_"), [(0, 1), (1, 3), (0, 9)])
def test_other_ignored_ground_truth_found_is_a_mistake_in_mot(flag, class_):
    truth = marked(ONE_PERSON, flag=flag, class_=class_)
    assert scores_of(truth, ONE_PERSON).counts()["FP"] == 2
    assert scores_of(truth, ONE_PERSON, ScoringProtocol.IGNORE).counts()["FP"] == 0


def test_a_distractor_takes_only_the_box_that_fits_it_best():
    person, distractor = rows_of({1: {1: 0}}), rows_of({1: {2: 3}})
    truth = type(person).concatenate([marked(person), marked(distractor, flag=0, class_=7)])
    both = scores_of(truth, rows_of({1: {1: 0, 2: 3}})).counts()
    assert (both["TP"], both["FP"], both["FN"]) == (1, 0, 0)
    nearer_to_person = scores_of(truth, rows_of({1: {1: 1}})).counts()
    assert (nearer_to_person["TP"], nearer_to_person["FN"]) == (1, 0)
    nearer_to_distractor = scores_of(truth, rows_of({1: {1: 2}})).counts()
    assert (nearer_to_distractor["TP"], nearer_to_distractor["FN"]) == (0, 1)


def test_a_distractor_at_the_threshold_takes_the_box():
    """10 px wide boxes, 10/3 px apart, have an IoU of (20/3) / (40/3) = 1/2."""
    truth = marked(ONE_PERSON, flag=0, class_=7)
    assert scores_of(truth, rows_of({1: {1: 10 / 3}})).counts()["FP"] == 0
    assert scores_of(truth, rows_of({1: {1: 3.4}})).counts()["FP"] == 1


def test_frames_outside_are_left_out():
    truth = rows_of({frame: {1: 0} for frame in range(1, 9)})
    result = rows_of({frame: {1: 0, 2: 50} for frame in range(1, 9)})
    counts = scores_of(truth, result, frames=(3, 4)).counts()
    assert (counts["TP"], counts["FP"], counts["frames"]) == (2, 2, 2)


def test_order_of_rows_does_not_matter():
    rng = np.random.default_rng(0)
    truth = rows_of({frame: {1: 0, 2: 4, 3: 9} for frame in range(1, 9)})
    result = rows_of({frame: {1: frame, 2: 4.5, 3: 8} for frame in range(1, 9)})
    shuffled = (truth[rng.permutation(len(truth))], result[rng.permutation(len(result))])
    expected = scores_of(truth, result, frames=(1, 8))
    assert scores_of(*shuffled, frames=(1, 8)).ratios() == pytest.approx(expected.ratios())


def test_results_of_other_classes_are_refused():
    with pytest.raises(UserError, match="class 3 in frame 1"):
        scores_of(ONE_PERSON, marked(ONE_PERSON, class_=3))


def test_unknown_ground_truth_classes_are_refused():
    with pytest.raises(UserError, match="class 80 in frame 1"):
        scores_of(marked(ONE_PERSON, class_=80), ONE_PERSON)


class TestSeveralCameras:
    """The time axis is (camera, frame)."""

    HERE = rows_of({1: {1: 0}, 2: {1: 0}})
    SAME = rows_of({1: {7: 0}, 2: {7: 0}})
    OTHER = rows_of({1: {8: 0}, 2: {8: 0}})

    def scene(self, *results):
        return make_scene(
            [CameraRows(f"cam{n}", self.HERE, rows, 1, 2) for n, rows in enumerate(results)]
        )

    def test_one_identity_everywhere_is_perfect(self):
        ratios = score(self.scene(self.SAME, self.SAME, self.SAME)).ratios()
        for metric in ("MOTA", "IDF1", "HOTA", "AssA"):
            assert ratios[metric] == 1

    def test_another_identity_in_the_next_camera(self):
        scores = score(self.scene(self.SAME, self.OTHER, self.OTHER))
        assert scores.ratios()["IDF1"] == pytest.approx(4 / 6)
        assert scores.ratios()["AssA"] == pytest.approx((2 * 2 / 6 + 4 * 4 / 6) / 6)
        assert scores.clear.IDSW == 1
        assert scores.ratios()["MOTA"] == pytest.approx(1 - 1 / 6)

    def test_per_camera_figures_are_perfect_all_the_same(self):
        for rows in (self.SAME, self.OTHER):
            assert scores_of(self.HERE, rows).ratios()["IDF1"] == 1

    def test_a_match_is_not_kept_into_the_next_camera(self):
        """There the other track fits better; in the camera before it did not exist."""
        nearer_is_8 = rows_of({1: {7: 2, 8: 0}, 2: {7: 2, 8: 0}})
        scores = score(self.scene(self.SAME, nearer_is_8))
        assert scores.clear.IDSW == 1
        assert scores.clear.similarity == 4

    def test_clear_counts_are_the_sum_of_the_cameras_and_switches_between_them(self):
        rng = np.random.default_rng(3)
        cameras = []
        for name in "abc":
            truth = rows_of({f: {1: 0, 2: 6 + rng.normal(), 3: 30} for f in range(1, 30)})
            result = rows_of(
                {
                    f: {5: rng.normal(), 6: 6 + rng.normal(0, 2), 7: 29 + rng.normal(0, 3)}
                    for f in range(1, 30)
                    if rng.random() < 0.8
                }
            )
            cameras.append(CameraRows(name, truth, result, 1, 29))
        together = score(make_scene(cameras)).clear
        alone = sum((score(make_scene([camera])) for camera in cameras), Scores()).clear
        for count in ("TP", "FN", "FP", "Frag", "frames"):
            assert getattr(together, count) == getattr(alone, count)
        assert together.similarity == pytest.approx(alone.similarity)
        assert alone.IDSW <= together.IDSW <= alone.IDSW + 2 * 3  # two changes of camera, 3 people
