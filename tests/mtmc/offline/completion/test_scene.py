import numpy as np
import pytest

from mtmc.calibration import FloorHomography
from mtmc.offline.completion import CompletionConfig, complete_scene
from mtmc.offline.completion.fusion import fuse
from mtmc.offline.completion.sightings import Sightings
from mtmc.trackers.geometry import pair_iou
from mtmc.trackers.offline import NOBODY, RefineConfig
from mtmc.tracking.rows import ROW
from tests.mtmc.offline.completion.scenes import FPS, VIEWS, exact, rows_of, view_of, when
from tests.mtmc.rooms import SIZE, circling, room

HEIGHTS = [1.58, 1.9]
FILL_GAP = RefineConfig().fill_gap
DIAGONAL, ACROSS = np.array([[1, 1], [-1, 1]]) / np.sqrt(2)  # as the first camera looks
PATHS = circling(2, 200, FPS, radius=2.5, speed=1.2)
ROWS, PEOPLE = rows_of(PATHS, HEIGHTS)


def complete(rows, people, views=VIEWS, fill_gap=FILL_GAP, **settings):
    rows = rows.copy()
    rows["person"] = people
    for number, view in enumerate(views):
        mine = rows["camera"] == number
        rows["step"][mine] = view.clock.steps(rows["frame"][mine])
    result = complete_scene(rows, views, CompletionConfig(**settings), fill_gap)
    return result, result["person"]


def overlap(rows, people):
    return pair_iou(rows["box"].astype(float), exact(rows, people, PATHS, HEIGHTS))


def without_feet(rows, hidden, shown=0.55):
    rows = rows.copy()
    y1, y2 = rows["box"][hidden, 1], rows["box"][hidden, 3]
    rows["box"][hidden, 3] = y1 + shown * (y2 - y1)
    return rows


def test_people_seen_well_by_all_stay_as_they_are():
    random = np.random.default_rng(0)
    rows = ROWS.copy()
    tall = (rows["box"][:, 3] - rows["box"][:, 1])[:, None]
    noise = random.normal(0, 0.015, (len(rows), 4)) * tall
    rows["box"] = np.clip(rows["box"] + noise, 0, [*SIZE, *SIZE])
    result, people = complete(rows, PEOPLE)
    assert len(result) == len(rows)
    assert np.array_equal(people, PEOPLE)
    change = np.abs(result["box"] - rows["box"]) / tall
    assert change.max() < 0.03
    for name in ROW.names:
        if name not in {"box", "step", "person"}:
            assert np.array_equal(result[name], rows[name], equal_nan=name == "floor")


def test_hidden_feet_are_found_by_the_other_cameras():
    """For the whole time: the track itself never shows how tall the person is."""
    hidden = when(ROWS, 0, 1, 200) & (PEOPLE == 1)
    rows = without_feet(ROWS, hidden)
    result, people = complete(rows, PEOPLE)
    assert overlap(rows, people)[hidden].max() < 0.6
    assert overlap(result, people)[hidden].min() > 0.9
    assert overlap(result, people)[~hidden].min() > 0.95


def test_a_hidden_side_too():
    hidden = when(ROWS, 0, 60, 80) & (PEOPLE == 1)
    rows = ROWS.copy()
    x1, x2 = rows["box"][hidden, 0], rows["box"][hidden, 2]
    rows["box"][hidden, 2] = x1 + 0.45 * (x2 - x1)
    result, people = complete(rows, PEOPLE)
    assert overlap(rows, people)[hidden].max() < 0.5
    assert overlap(result, people)[hidden].min() > 0.75


def test_whom_a_camera_lost_is_drawn_where_the_others_see_them():
    lost = when(ROWS, 0, 80, 109) & (PEOPLE == 1)
    result, people = complete(ROWS[~lost], PEOPLE[~lost])
    new = np.flatnonzero(~result["detected"])
    assert result["frame"][new].tolist() == list(range(80, 110))
    assert (people[new] == 1).all()
    assert (result["camera"][new] == 0).all()
    assert result["time"][new] == pytest.approx((result["frame"][new] - 1) / FPS)
    assert (result["track"][new] == NOBODY).all()
    assert overlap(result[new], people[new]).min() > 0.8
    assert result["score"][new] == pytest.approx(0.9)


def test_nobody_is_drawn_whom_no_other_camera_sees():
    lost = when(ROWS, 0, 80, 109) & (PEOPLE == 1)
    others = (ROWS["camera"] != 0) & (ROWS["frame"] >= 70) & (ROWS["frame"] <= 120)
    kept = ~lost & ~(others & (PEOPLE == 1))
    result, _ = complete(ROWS[kept], PEOPLE[kept])
    assert not (~result["detected"] & (result["camera"] == 0)).any()
    assert (~result["detected"]).any()  # in the others, where camera 0 tells
    alone = ROWS["camera"] == 0
    result, _ = complete(ROWS[alone & ~lost], PEOPLE[alone & ~lost])
    assert result["detected"].all()


def test_nobody_is_drawn_where_the_camera_sees_them_under_another_id():
    other = when(ROWS, 0, 80, 109) & (PEOPLE == 1)
    result, people = complete(ROWS, np.where(other, 3, PEOPLE))
    drawn = ~result["detected"] & (result["camera"] == 0)
    assert not (drawn & (people == 1) & (result["frame"] > 80) & (result["frame"] < 109)).any()


def test_nobody_is_drawn_through_a_wall():
    """Camera 0 never sees who is in the far half of the room, though the others do."""
    behind = exact(ROWS, PEOPLE, PATHS, HEIGHTS)[:, 3] < 330
    gone = (ROWS["camera"] == 0) & behind
    assert 50 < gone.sum() < 250
    result, people = complete(ROWS[~gone], PEOPLE[~gone], fill_gap=0.0)
    drawn = result[~result["detected"]]
    assert len(drawn) <= 0.15 * gone.sum()  # at the very edge of the wall
    result, people = complete(ROWS[~gone], PEOPLE[~gone], fill_gap=100.0)
    between = ~result["detected"]
    assert between.sum() > 0.6 * gone.sum()
    assert overlap(result[between], people[between]).min() > 0.7


def test_nothing_is_drawn_outside_the_image_nor_behind_a_camera():
    """They walk out of camera 0's view and far behind it."""
    steps = np.arange(150) / FPS
    walk = np.stack([7 - 1.1 * steps, 7 - 1.1 * steps], axis=1)[:, None]
    rows, people = rows_of(walk, HEIGHTS[:1])
    inside = ((rows["box"][:, 2:] - rows["box"][:, :2]) > 20).all(axis=1)
    front = ~((rows["camera"] == 0) & (rows["frame"] > 75))
    rows, people = rows[inside & front], people[inside & front]
    result, _ = complete(rows, people, seen_share=0.0, fill_gap=100.0)
    boxes = result["box"]
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, 2:] <= SIZE).all()
    assert ((boxes[:, 2:] - boxes[:, :2]) > 0).all()
    assert not (~result["detected"] & (result["camera"] == 0) & (result["frame"] > 110)).any()


def test_weak_detections_of_whom_a_camera_lost_are_taken_up():
    lost = when(ROWS, 0, 60, 119) & (PEOPLE == 1)
    rows, people = without_feet(ROWS, lost), np.where(lost, NOBODY, PEOPLE)
    rows["track"][lost], rows["score"][lost] = np.where(rows["frame"][lost] < 90, NOBODY, 7), 0.2
    result, who = complete(rows, people)
    assert (result["track"][: len(rows)][lost] == NOBODY).all()  # 7 was nobody's
    assert (who[: len(rows)][lost] == 1).all()
    assert overlap(result[: len(rows)], who[: len(rows)])[lost].min() > 0.85
    assert len(np.unique(np.stack([result["camera"], result["frame"], who]), axis=1).T) == len(who)


def test_a_second_box_on_somebody_else_is_not_taken_up():
    lost = when(ROWS, 0, 60, 119) & (PEOPLE == 1)
    rows, people = ROWS[~lost], PEOPLE[~lost]
    twice = rows[when(rows, 0, 60, 119) & (people == 2)].copy()
    twice["track"], twice["score"] = NOBODY, 0.3
    twice["box"] += np.float32(3)
    rows = np.concatenate([rows, twice])
    people = np.concatenate([people, np.full(len(twice), NOBODY)])
    _, who = complete(rows, people)
    assert (who[len(people) - len(twice) : len(people)] == NOBODY).all()


def test_floor_homographies_will_do():
    views = []
    for model in room().values():
        corners = np.array([[0.0, 0], [10, 0], [10, 10], [0, 10]])
        pixels = model.from_floor(corners)
        matrix = _homography(pixels, corners)
        views.append(view_of(FloorHomography(matrix, SIZE, 0.02)))
    lost = when(ROWS, 0, 80, 109) & (PEOPLE == 1)
    result, people = complete(ROWS[~lost], PEOPLE[~lost], views)
    new = ~result["detected"]
    assert result["frame"][new].tolist() == list(range(80, 110))
    assert overlap(result[new], people[new]).min() > 0.75
    seen = np.flatnonzero(result["detected"])
    assert overlap(result[seen], people[seen]).min() > 0.9


def _homography(pixels, floor):
    import cv2

    return cv2.getPerspectiveTransform(pixels.astype(np.float32), floor.astype(np.float32))


def test_nobody_at_all():
    nobody = np.zeros(len(ROWS), np.int64)
    assert complete(ROWS, nobody)[0]["box"] == pytest.approx(ROWS["box"])
    empty = np.zeros(0, ROW)
    assert len(complete(empty, np.zeros(0, np.int64))[0]) == 0


def test_cameras_with_other_frame_rates_and_strides():
    """Every third frame of camera 1; of the others all."""
    views = list(VIEWS)
    views[1] = view_of(VIEWS[1].model, stride=3)
    kept = (ROWS["camera"] != 1) | ((ROWS["frame"] - 1) % 3 == 0)
    lost = when(ROWS, 1, 80, 109) & (PEOPLE == 1)
    rows, people = ROWS[kept & ~lost], PEOPLE[kept & ~lost]
    result, who = complete(rows, people, views)
    new = ~result["detected"]
    assert result["frame"][new].tolist() == list(range(82, 110, 3))
    assert overlap(result[new], who[new]).min() > 0.8


def test_people_may_be_given_in_any_order():
    lost = when(ROWS, 0, 80, 109) & (PEOPLE == 1)
    rows, people = ROWS[~lost], PEOPLE[~lost]
    mixed = np.random.default_rng(0).permutation(len(rows))
    a, _ = complete(rows, people)
    b, _ = complete(rows[mixed], people[mixed])
    new = len(rows)
    assert b["box"][new:] == pytest.approx(a["box"][new:], abs=1e-2)
    assert b["box"][:new] == pytest.approx(a["box"][mixed], abs=1e-2)


def drawn_by_camera_0(gone, **settings):
    result, _ = complete(ROWS[~gone], PEOPLE[~gone], **settings)
    return (~result["detected"] & (result["camera"] == 0)).sum()


@pytest.mark.parametrize("settings", [{"support": 0.0}, {"unsure": 0.0}])
def test_who_is_expected_nowhere_surely_is_not_drawn(settings):
    """Camera 0 loses somebody whom the others see now and then."""
    lost = when(ROWS, 0, 80, 109) & (PEOPLE == 1)
    gone = lost | ((ROWS["camera"] != 0) & (ROWS["frame"] % 6 > 0))
    assert drawn_by_camera_0(gone, **settings) < 0.7 * drawn_by_camera_0(gone)


@pytest.mark.parametrize("settings", [{"fill_gap": 100.0}, {"seen_share": 0.0}])
def test_more_is_drawn_behind_a_wall_where_that_is_asked_for(settings):
    behind = exact(ROWS, PEOPLE, PATHS, HEIGHTS)[:, 3] < 330
    gone, plain = (ROWS["camera"] == 0) & behind, {"fill_gap": 0.0, "seen_share": 0.4}
    assert drawn_by_camera_0(gone, **(plain | settings)) > 2 * drawn_by_camera_0(gone, **plain)


def test_a_few_boxes_tell_how_tall_somebody_is():
    few = ROWS["frame"] <= 10
    rows = ROWS[few].copy()
    rows["person"], rows["step"] = PEOPLE[few], rows["frame"]
    assert fuse(Sightings.of(rows), VIEWS).heights == pytest.approx(HEIGHTS, abs=0.02)


@pytest.mark.parametrize(("off", "drawn"), [(6.0, True), (7.0, False)])
def test_nobody_is_drawn_of_whom_hardly_anything_would_be_in_the_image(off, drawn):
    """Two steps aside and back, out of the first camera's view or not, which loses them then."""
    aside = off + 0.4 * np.clip(1.5 - np.abs(np.arange(120) / FPS - 6), 0, None)
    path = np.array([-2.0, -2.0]) + 7 * DIAGONAL + aside[:, None] * ACROSS
    rows, people = rows_of(path[:, None], [1.7])
    lost = when(rows, 0, 57, 64)
    result, _ = complete(rows[~lost], people[~lost])
    new = ~result["detected"] & (result["camera"] == 0)
    assert result["frame"][new].tolist() == (list(range(57, 65)) if drawn else [])


def test_whose_head_a_camera_never_sees_is_drawn_as_it_sees_them():
    rows = ROWS.copy()
    mine = (rows["camera"] == 0) & (PEOPLE == 1)
    rows["box"][mine, 1] += 0.45 * (rows["box"][mine, 3] - rows["box"][mine, 1])
    lost = when(rows, 0, 80, 89) & (PEOPLE == 1)
    result, people = complete(rows[~lost], PEOPLE[~lost])
    new = np.flatnonzero(~result["detected"])
    plain = exact(result[new], people[new], PATHS, HEIGHTS)
    lower = (result["box"][new, 1] - plain[:, 1]) / (plain[:, 3] - plain[:, 1])
    assert len(new) == 10
    assert (lower > 0.2).all()


def test_a_box_that_the_border_cuts_stays_wrong_and_says_little():
    """For six seconds, in the same way each time; one other camera sees where they stand."""
    place = np.array([-2.0, -2.0]) + 7 * DIAGONAL + 7.05 * ACROSS
    rows, people = rows_of(np.repeat(place[None, None], 60, axis=0), [1.7])
    rows["person"], rows["step"] = people, rows["frame"]
    cut = rows["camera"] == 0
    assert (rows["box"][cut, 0] == 0).all()
    rows["box"][cut, 2] += 0.3 * (rows["box"][cut, 3] - rows["box"][cut, 1])
    sightings = Sightings.of(rows[rows["camera"] <= 1])
    at = fuse(sightings, VIEWS).paths.at(0, np.array([3.0]))[0]
    assert np.linalg.norm(at - place) < 0.25
