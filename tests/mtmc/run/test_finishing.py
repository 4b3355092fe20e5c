import numpy as np
import pytest

from mtmc.offline.refinement import CameraRefinement
from mtmc.run.finishing import without_ghosts
from mtmc.trackers.offline import RefineConfig
from mtmc.tracking.view import View
from mtmc.types import TrackKey
from tests.mtmc.offline.test_refinement import SIZE, make_rows


def test_scraps_are_nobody_and_people_are_counted_on():
    keys = [TrackKey(camera, track) for camera in "ab" for track in (1, 2)]
    ids = dict(zip(keys, (1, 2, 3, 3), strict=True))
    evidence = dict(zip(keys, (2.0, 0.9, 0.6, 0.6), strict=True))
    assert without_ghosts(ids, evidence) == {keys[0]: 1, keys[2]: 2, keys[3]: 2}
    assert without_ghosts(ids, {}) == {}


@pytest.mark.parametrize(("fps", "share"), [(30.0, 0.9), (15.0, 1.8)])
def test_evidence_is_the_scores_over_time(fps, share):
    refinement = CameraRefinement(RefineConfig(ghost_age=1 / 3), View("a", fps, SIZE, None))
    rows = np.concatenate([make_rows(7, np.arange(10)), make_rows(7, [11], detected=False)])
    assert refinement.evidence(rows) == {7: pytest.approx(share)}
    assert refinement.evidence(rows[:0]) == {}
    anybody = CameraRefinement(RefineConfig(ghost_age=0), View("a", fps, SIZE, None))
    assert anybody.evidence(rows)[7] > 1
