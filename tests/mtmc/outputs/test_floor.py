import av
import cv2
import numpy as np
import pytest

from mtmc.calibration import CameraModel, FloorHomography
from mtmc.outputs.drawing import id_color
from mtmc.outputs.floor import (
    BORDER,
    Extent,
    FloorPlan,
    draw_all_paths,
    draw_moments,
    floor_view,
    write_picture,
    write_video,
)
from mtmc.outputs.paths import FloorPaths, PersonPath, floor_paths
from mtmc.outputs.tracks import TrackTable
from mtmc.tracking.rows import ROW
from mtmc.types import TrackKey

SIZE = (640, 480)
# Looks straight down: 100 px/m, y upwards, the image's middle is the origin.
FROM_ABOVE = FloorHomography(np.array([[0.01, 0, -3.2], [0, -0.01, 2.4], [0, 0, 1]]), SIZE)


def camera(x=0.0, y=-4.0, height=3.0):
    """Stands at ``(x, y)`` and looks along +y, 30 degrees below the horizon."""
    rotation = np.array([[1, 0, 0], [0, -0.5, -(0.75**0.5)], [0, 0.75**0.5, -0.5]])
    extrinsic = np.eye(4)
    extrinsic[:3, :3], extrinsic[:3, 3] = rotation, -rotation @ [x, y, height]
    matrix = np.array([[500.0, 0, 320], [0, 500, 240], [0, 0, 1]])
    return CameraModel(matrix, np.zeros(5), extrinsic, SIZE)


def table(walks, cameras=("a", "b"), rate=10.0):
    """A run in which each camera tells of a person's places ``(T, 2)`` m, NaN where it does not."""
    rows, ids = [], {}
    for number, name in enumerate(cameras):
        for track, (identity, places) in enumerate(walks[name], 1):
            ids[TrackKey(name, track)] = identity
            part = np.zeros(len(places), ROW)
            part["camera"], part["frame"] = number, np.arange(len(places)) + 1
            part["time"], part["track"], part["floor"] = (
                np.arange(len(places)) / rate,
                track,
                places,
            )
            rows.append(part)
    return TrackTable(np.concatenate(rows), list(cameras), ids)


def line(start, end, count=41):
    return np.linspace(start, end, count)


def test_rows_of_all_cameras_become_one_path():
    walk = line([-2.0, 0.0], [2.0, 0.0])
    one, other = walk.copy(), walk + np.array([0, 0.2])
    one[25:], other[:15] = np.nan, np.nan
    paths = floor_paths(table({"a": [(7, one)], "b": [(7, other)]}), 10)
    assert list(paths.people) == [7]
    found = paths.people[7].points
    assert found == pytest.approx(np.column_stack([walk[:, 0], 15 * [0] + 10 * [0.1] + 16 * [0.2]]))


def test_a_path_goes_on_over_a_moment_and_breaks_where_nobody_sees_the_person():
    walk = line([-2.0, 0.0], [2.0, 0.0], 61)
    seen = walk.copy()
    seen[5:12], seen[20:50] = np.nan, np.nan
    found = floor_paths(table({"a": [(1, seen)]}, ("a",)), 10).people[1].points
    known = np.isfinite(found).all(axis=1)
    assert known.tolist() == 20 * [True] + 30 * [False] + 11 * [True]
    assert found[known] == pytest.approx(walk[known])


def test_without_places_there_are_no_paths():
    nothing = floor_paths(table({"a": [(1, np.full((9, 2), np.nan))]}, ("a",)), 10)
    assert nothing.people == {}
    extent = Extent.around(nothing, {"a": FROM_ABOVE})
    assert draw_all_paths(FloorPlan(extent, {"a": FROM_ABOVE}, 320, 240), nothing).any()


def test_one_wild_position_does_not_shrink_the_plan():
    points = np.random.default_rng(0).uniform(-3, 3, (1000, 2))
    points[500] = [90, -70]
    extent = Extent.around(FloorPaths(0.0, 10, 1000, {1: PersonPath(0, points)}), {})
    assert (extent.low > -4.1).all()
    assert (extent.high < 4.1).all()


@pytest.fixture
def walked():
    cameras = {"whole": camera(), "plane": FROM_ABOVE}
    people = {
        1: PersonPath(0, line([-2.0, 1.0], [2.0, 1.0])),
        5: PersonPath(20, line([-2.0, -1.0], [2.0, -1.0], 11)),
    }
    paths = FloorPaths(3.0, 10, 41, people)
    plan = FloorPlan(Extent.around(paths, cameras), cameras, 800, 600)
    return plan, paths


def color_at(plan, image, point, dx=0):
    x, y = plan.pixels(np.array([point]))[0].round().astype(int)
    return tuple(image[y, x + dx].tolist())


def test_the_plan_is_metric_and_inside_its_limits(walked):
    plan, _ = walked
    width, height = plan.size
    assert width <= 800
    assert height <= 600
    assert width % 2 == height % 2 == 0
    low, right, up = plan.pixels(np.array([[0.0, 0], [1, 0], [0, 1]]))
    assert right[0] - low[0] == pytest.approx(low[1] - up[1])
    assert low[1] > up[1]
    beside = plan.blank()[2 * BORDER : -2 * BORDER, 4 - BORDER :]
    assert beside.max() < 60  # nothing of what the cameras see beyond the axes


def test_paths_have_the_colour_of_the_id_and_end_with_its_number(walked):
    plan, paths = walked
    image = draw_all_paths(plan, paths)
    assert color_at(plan, image, [2, 1], dx=-9) == id_color(1)
    assert color_at(plan, image, [2, -1], dx=-9) == id_color(5)
    assert color_at(plan, image, [1.0, 1.0]) == pytest.approx(np.array(id_color(1)) * 0.82, abs=40)
    assert color_at(plan, image, [0, 0.4]) == color_at(plan, plan.blank(), [0, 0.4])


def test_the_video_shows_who_is_there_now(walked):
    plan, paths = walked
    moments = list(draw_moments(plan, paths))
    assert [time for time, _ in moments] == pytest.approx(np.arange(41) / 10 + 3)
    assert color_at(plan, moments[10][1], [-1, 1], dx=9) == id_color(1)
    assert id_color(5) not in set(map(tuple, moments[10][1].reshape(-1, 3).tolist()))
    assert color_at(plan, moments[30][1], [2, -1], dx=-9) == id_color(5)
    # Gone, with a trail that fades.
    gone = color_at(plan, moments[40][1], [2, -1], dx=-9)
    assert gone != id_color(5)
    assert gone != color_at(plan, plan.blank(), [2, -1], dx=-9)


def test_files(walked, tmp_path):
    plan, paths = walked
    write_picture(tmp_path / "floor.png", plan, paths)
    assert cv2.imread(str(tmp_path / "floor.png")).shape[1::-1] == plan.size
    write_video(tmp_path / "floor.mp4", plan, paths)
    with av.open(str(tmp_path / "floor.mp4")) as container:
        frames = list(container.decode(video=0))
    assert len(frames) == 41
    assert (frames[0].width, frames[0].height) == plan.size


def test_the_view_of_a_camera_begins_at_the_lower_image_border():
    model = camera()
    view = floor_view(model)
    bottom = model.to_floor(np.array([[0.0, 479], [639, 479]]))
    assert view[0] == pytest.approx(bottom[0])
    assert np.linalg.norm(view - bottom[1], axis=1).min() == pytest.approx(0, abs=1e-6)
    far = np.linalg.norm(view - model.position[:2], axis=1).max()
    assert 10 < far <= 25
    rectangle = floor_view(FROM_ABOVE)
    assert rectangle.min(axis=0) == pytest.approx([-3.2, -2.39])
    assert rectangle.max(axis=0) == pytest.approx([3.19, 2.4])
