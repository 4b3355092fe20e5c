from types import SimpleNamespace

import numpy as np
import pytest

from mtmc.associate.cuts.change import Change
from mtmc.associate.cuts.parts import Pieces
from mtmc.associate.decisions import Association
from mtmc.corrections.telling import Telling
from mtmc.offline.completion import CompletionConfig
from mtmc.offline.refinement import CameraRefinement
from mtmc.run import finishing
from mtmc.run.finishing import Finishing, without_ghosts
from mtmc.run.parts import Progress
from mtmc.run.stopwatch import Stopwatch
from mtmc.trackers.offline import RefineConfig
from mtmc.tracking.memory import Memory
from mtmc.tracking.tracklet import Tracklet
from mtmc.tracking.view import View
from mtmc.types import TrackKey
from tests.mtmc.offline.test_refinement import SIZE, make_rows, ticking
from tests.mtmc.rooms import room


def test_scraps_are_nobody_and_people_are_counted_on():
    keys = [TrackKey(camera, track) for camera in "ab" for track in (1, 2)]
    ids = dict(zip(keys, (1, 2, 3, 3), strict=True))
    evidence = dict(zip(keys, (2.0, 0.9, 0.6, 0.6), strict=True))
    assert without_ghosts(ids, evidence) == {keys[0]: 1, keys[2]: 2, keys[3]: 2}
    assert without_ghosts(ids, evidence, {ids[keys[0]]}) == {keys[2]: 1, keys[3]: 1}
    assert without_ghosts(ids, {}) == {}


@pytest.mark.parametrize(("fps", "share"), [(30.0, 0.9), (15.0, 1.8)])
def test_evidence_is_the_scores_over_time(fps, share):
    refinement = CameraRefinement(RefineConfig(ghost_age=1 / 3), View("a", fps, SIZE, None))
    rows = np.concatenate([make_rows(7, np.arange(10)), make_rows(7, [11], detected=False)])
    assert refinement.evidence(rows) == {7: pytest.approx(share)}
    assert refinement.evidence(rows[:0]) == {}
    anybody = CameraRefinement(RefineConfig(ghost_age=0), View("a", fps, SIZE, None))
    assert anybody.evidence(rows)[7] > 1


class Cuts:
    """An association that cuts each track behind a frame; every piece is somebody."""

    online = False

    def __init__(self, frame):
        self.frame = frame

    def finish(self, tracklets):
        pieces = Pieces(tracklets)
        pieces.cut([Change(t.key, t.before(self.frame + 1), 1.0) for t in tracklets])
        ids = {piece.key: person for person, piece in enumerate(pieces.now(), 1)}
        return Association(ids, pieces.of_those_cut())


def finishing_of(rows, associator, model=None, joint=None, **tracks):
    """The end of a run of one camera, and what it shows of how far it is."""
    view, memory, progress = ticking(30.0), Memory(keep=True), Progress(tracks={"a": 0})
    if model is not None:
        view = View("a", 30.0, SIZE, model)
        for number in range(400):
            view.clock.add(1 + number, number / 30)
    for track in np.unique(rows["track"]).tolist():
        tracklet = Tracklet(TrackKey("a", track), 0.0, 0.0, person=tracks.get(f"track{track}"))
        memory._ended["a"].append(tracklet)
    readers = [SimpleNamespace(name="a")]
    parts = SimpleNamespace(associator=associator, readers=readers, known=None)
    tracking = SimpleNamespace(cameras={"a": SimpleNamespace(view=view)}, joint=joint)
    config = SimpleNamespace(
        refine=RefineConfig(extend=0, link_gap=0), completion=CompletionConfig()
    )
    telling = Telling([], ["a"])
    return Finishing(config, parts, tracking, memory, Stopwatch(), progress, telling), progress


def test_the_rows_of_a_track_that_is_cut_go_to_the_piece_that_was_seen_there():
    rows = make_rows(7, np.arange(1, 121))
    end, progress = finishing_of(rows, Cuts(60))
    ids = {}
    found, pieces = end.finish(rows, ids)
    assert sorted(ids.values()) == [1, 2]
    assert [piece.frames for piece in pieces] == [[[1, 60]], [[61, 120]]]
    for piece in pieces:
        frames = found["frame"][found["track"] == piece.key.track_id]
        assert frames.tolist() == list(range(piece.frames[0][0], piece.frames[-1][1] + 1))
        mine = found["track"] == piece.key.track_id
        assert (found["person"][mine] == ids[piece.key]).all()
    assert progress.tracks == {"a": 2}


def test_a_scrap_that_a_cut_leaves_is_nobody():
    """Its detections are free, and the walker who goes on takes them up."""
    rows = make_rows(7, np.arange(1, 121))
    ids = {}
    end, _ = finishing_of(rows, Cuts(4))
    found, pieces = end.finish(rows, ids)
    assert ids == {pieces[1].key: 1}
    assert (found["person"] == 1).all()


def test_the_stages_come_in_their_order(monkeypatch):
    """People are told apart, tracks linked, cut and associated, others asked, then all is drawn."""
    told = []

    def spy(name, owner, attribute):
        plain = getattr(owner, attribute)

        def told_and_done(*args, **options):
            told.append(name)
            return plain(*args, **options)

        monkeypatch.setattr(owner, attribute, told_and_done)

    rows = make_rows(7, np.arange(1, 121))
    monkeypatch.setattr(
        finishing, "relink_people", lambda rows, *_: told.append("relink") or rows["track"]
    )
    monkeypatch.setattr(finishing, "complete_scene", lambda rows, *_: told.append("ask") or rows)
    spy("link", CameraRefinement, "linked")
    spy("draw", CameraRefinement, "completed")
    spy("cut", Finishing, "_cut")
    spy("associate", Cuts, "finish")
    model = room()["cam0"]
    end, _ = finishing_of(rows, Cuts(60), model, joint=object(), track7=7)
    end.finish(rows, {})
    assert told == ["relink", "link", "associate", "cut", "ask", "draw"]
