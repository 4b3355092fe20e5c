import pytest

from mtmc.trackers.coast import CoastConfig
from mtmc.trackers.offline import RefineConfig
from mtmc.trackers.rate import frames_at


def test_ages_keep_their_duration_and_none_stays_none():
    assert [frames_at(f, 10.0) for f in (60, 30, 2, 1, 0)] == [20, 10, 1, 1, 0]
    assert frames_at(60, 60.0) == 120


@pytest.mark.parametrize("config", [CoastConfig(), RefineConfig()])
def test_the_nominal_rate_changes_nothing(config):
    assert config.at_rate(30.0) == config


def test_a_slow_camera_lets_velocities_change_more():
    slow = CoastConfig().at_rate(7.5)
    assert slow.velocity_std == pytest.approx(8 * CoastConfig().velocity_std)
    assert (slow.max_age, slow.coast_age) == (15, 8)
    offline = RefineConfig().at_rate(10.0)
    assert (offline.link_gap, offline.extend) == (50, 1)
    assert offline.smooth_position == RefineConfig().smooth_position
