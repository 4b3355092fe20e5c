import numpy as np

from mtmc.tracking.messages import Decisions
from mtmc.types import TrackKey
from mtmc.zones.associator import ZonesAssociator, ZonesConfig
from mtmc.zones.obeying import Obeying, original
from tests.mtmc.zones.walks import Walks, looks


def test_tracks_are_ended_and_renamed_at_the_next_step():
    walks, obeying, ids = Walks([("a", 0, 0, 8), ("a", 1, 0, 4)]), Obeying(), []
    answers = {
        2: Decisions(renewed=[TrackKey("a", 1)]),
        4: Decisions(ended=[TrackKey("a", original(1) + (1 << 32))]),
    }
    for tick, (_, (step,)) in enumerate(walks.moments()):
        told = obeying(step)
        ids.append(sorted(map(divmod, told.ids.tolist(), [1 << 32] * len(told.ids))))
        assert [original(track) for track in told.ids.tolist()] == step.ids.tolist()
        if tick == 3:
            assert told.renewed.tolist() == [[1, 1 + (1 << 32)]]
        if tick == 5:
            assert told.ended.tolist() == [1 + (1 << 32)]
        if tick == 7:
            assert told.ended.tolist() == [2]
        obeying.obey(answers.get(tick, Decisions()))
    assert ids[2] == [(0, 1), (0, 2)]
    assert ids[3] == [(0, 2), (1, 1)]
    assert ids[5] == [(2, 1)]


def test_who_turns_out_to_be_known_goes_on_under_that_id():
    """At first somebody's looks are hidden; later they are clearly the one who left before."""
    walks = Walks([("a", 0, 0, 20), ("b", 0, 25, 60)])
    known, hidden = looks(1)[0], np.eye(1, 32)[0]
    early = (0.4 * known + hidden) / np.linalg.norm(0.4 * known + hidden)
    for track in walks._tracks:
        if track[0] == "b":
            track[4][:3] = early
    config = ZonesConfig(topology={"a": {"b": (2.0, 20.0)}}, zone_cameras=1, max_distance=0.4)
    associator, obeying, ids, merged = ZonesAssociator(config, 0.4, ["a", "b"]), Obeying(), {}, {}
    for now, steps in walks.moments():
        decisions = associator.update(now, [obeying(step) for step in steps])
        obeying.obey(decisions)
        ids |= decisions.ids
        merged |= decisions.merged
    assert ids == {TrackKey("a", 1): 1, TrackKey("b", 1): 2, TrackKey("b", 1 + (1 << 32)): 1}
    assert merged == {2: 1}
