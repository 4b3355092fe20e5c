"""What a lag is worth, in a scene where that can be counted."""

from dataclasses import replace

import numpy as np
import pytest

from mtmc.errors import UserError
from mtmc.evaluate.lag import LagListener
from mtmc.evaluate.protocol import CameraRows
from mtmc.evaluate.run import parse_lags
from mtmc.mot import MotRows
from mtmc.run import Listener
from mtmc.run.lag import Told
from mtmc.trackers.offline import RefineConfig
from mtmc.tracking.messages import Decisions, Revision
from tests.mtmc.run.test_lag import CAMERAS, A, told


@pytest.fixture(scope="module")
def figures():
    """One person for 4 s, said to be 7 and found to be 3 after 2 s."""
    late = LagListener([0.0, 1.0, 5.0], RefineConfig(), Listener())
    late.begin(CAMERAS)
    moments = [told(frame, [1], {1: 7} if frame == 1 else {}) for frame in range(1, 22)]
    found = replace(moments[-1].decisions, revised=[Revision(A[1], 3, 1)])
    moments[-1] = replace(moments[-1], decisions=found)
    moments += [told(22, [2], {2: 3}, renewed=[(1, 2)]), *(told(f, [2]) for f in range(23, 41))]
    for moment in moments:
        late.answered(moment)
    late.answered(Told.last(Decisions()))
    rows = np.concatenate([moment.rows for moment in moments])
    truth = MotRows.make(rows["frame"], np.ones(40, int), rows["box"])
    return late.figures([CameraRows("a", truth, truth, 1, 40)], ["person"])


@pytest.mark.parametrize(
    ("lag", "idf1", "changed", "revisions", "final"),
    [("0 s", 21 / 40, 21 / 40, 15, 2.1), ("1 s", 30 / 40, 10 / 40, 15, 2.0), ("5 s", 1, 0, 0, 3.9)],
)
def test_each_lag_has_its_figures(figures, lag, idf1, changed, revisions, final):
    row = figures[lag]
    assert row.ratios["IDF1"] == pytest.approx(idf1)
    assert row.ratios["changed"] == pytest.approx(changed)
    assert row.counts == {
        "revisions_per_minute": pytest.approx(revisions),
        "final_p50": pytest.approx(final),
        "final_p90": pytest.approx(final),
    }


@pytest.mark.parametrize("text", ["", "x", "1,,2", "-1", "61", "nan"])
def test_lags_are_seconds(text):
    with pytest.raises(UserError, match="expected seconds from 0 to 60"):
        parse_lags(text)
    assert parse_lags("0,2.5,2.5,10") == [0, 2.5, 10]
