import numpy as np
import pytest

from mtmc.errors import UserError
from mtmc.evaluate.protocol import ScoringProtocol, make_scene
from mtmc.evaluate.sequences import (
    find_sequences,
    read_cameras,
    result_files,
    taken_split,
)
from mtmc.mot import MotKind, MotRows, write_mot


def rows(*frames):
    count = len(frames)
    boxes = np.tile([0, 0, 10, 10], (count, 1))
    return MotRows.make(np.array(frames, int), np.ones(count, int), boxes)


def sequence(folder, info="[Sequence]\nseqLength=9\nframeRate=14\n", frames=(1, 7)):
    write_mot(folder / "gt" / "gt.txt", rows(*frames), MotKind.TRUTH)
    if info is not None:
        (folder / "seqinfo.ini").write_text(info)


@pytest.fixture
def benchmark(tmp_path):
    for name in ("MOT17-02-FRCNN", "MOT17-02-DPM", "MOT17-04-FRCNN"):
        sequence(tmp_path / "train" / name)
    (tmp_path / "test" / "MOT17-01-FRCNN").mkdir(parents=True)
    return tmp_path


def names(found):
    return [sequence.name for sequence in found]


def test_benchmark_train_folder_or_single_sequence(benchmark):
    everything = ["MOT17-02-DPM", "MOT17-02-FRCNN", "MOT17-04-FRCNN"]
    assert names(find_sequences(benchmark)) == everything
    assert names(find_sequences(benchmark / "train")) == everything
    assert names(find_sequences(benchmark / "train" / "MOT17-04-FRCNN")) == ["MOT17-04-FRCNN"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (["MOT17-04-FRCNN"], ["MOT17-04-FRCNN"]),
        (["02"], ["MOT17-02-DPM", "MOT17-02-FRCNN"]),
        (["*-02-F*"], ["MOT17-02-FRCNN"]),
        (["04", "DPM"], ["MOT17-02-DPM", "MOT17-04-FRCNN"]),
    ],
)
def test_some_sequences(benchmark, wanted, found):
    assert names(find_sequences(benchmark, wanted)) == found


@pytest.mark.parametrize("wanted", ["2", "17", "MOT17-02", "MOT17-05-FRCNN"])
def test_unknown_sequence_lists_what_there_is(benchmark, wanted):
    with pytest.raises(UserError, match=rf"--sequences {wanted}: .*MOT17-04-FRCNN"):
        find_sequences(benchmark, [wanted])


def test_length_and_frame_rate(tmp_path):
    sequence(tmp_path / "a")
    sequence(tmp_path / "b", info=None)
    sequence(tmp_path / "c", info=None)
    (tmp_path / "c" / "img1").mkdir()
    for number in range(1, 6):
        (tmp_path / "c" / "img1" / f"{number:06d}.jpg").touch()
    found = find_sequences(tmp_path)
    assert [s.length for s in found] == [9, 7, 5]
    assert [s.fps for s in found] == [14, 30, 30]


def test_preprocessing_by_benchmark(tmp_path):
    for name in ("MOT16-02", "MOT20-02"):
        sequence(tmp_path / name)
    protocols = [s.protocol for s in find_sequences(tmp_path)]
    assert protocols == [ScoringProtocol.MOT, ScoringProtocol.MOT20]


@pytest.mark.parametrize(
    "info", ["", "[Sequence]\n", "[Sequence]\nseqLength=many\n", "seqLength=9"]
)
def test_bad_seqinfo(tmp_path, info):
    sequence(tmp_path / "a", info=info)
    with pytest.raises(UserError, match=r"seqinfo\.ini: .*expected \[Sequence\] with seqLength"):
        find_sequences(tmp_path)


def test_nothing_there(tmp_path):
    with pytest.raises(UserError, match=r"no sequences; expected folders with gt/gt\.txt"):
        find_sequences(tmp_path)
    with pytest.raises(UserError, match="no such folder"):
        find_sequences(tmp_path / "missing")


def test_frames_past_the_end_are_refused(tmp_path):
    sequence(tmp_path / "a")
    write_mot(tmp_path / "a.txt", rows(9, 10))
    (found,) = find_sequences(tmp_path)
    with pytest.raises(UserError, match=r"a\.txt:2: frame 10; expected at most 9"):
        found.rows(tmp_path / "a.txt")


def test_a_link_goes_by_its_own_name(tmp_path):
    for name in ("store/aa", "store/MOT20-01"):
        sequence(tmp_path / name)
    train = tmp_path / "bench" / "train"
    train.mkdir(parents=True)
    for link, target in (("MOT17-02", "aa"), ("MOT17-03", "aa"), ("mine", "MOT20-01")):
        (train / link).symlink_to(tmp_path / "store" / target)
    found = find_sequences(tmp_path / "bench")
    assert names(found) == ["MOT17-02", "MOT17-03", "mine"]
    assert [s.protocol for s in found] == [
        ScoringProtocol.MOT,
        ScoringProtocol.MOT,
        ScoringProtocol.MOT20,
    ]
    assert names(find_sequences(train / "MOT17-03")) == ["MOT17-03"]


def test_benchmarks_in_small_letters(tmp_path):
    sequence(tmp_path / "mot20-01")
    assert find_sequences(tmp_path)[0].protocol is ScoringProtocol.MOT20


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_seqinfo_in_other_encodings(tmp_path, encoding):
    sequence(tmp_path / "a", info=None)
    text = "[Sequence]\nseqLength=9\nframeRate=14\n"
    (tmp_path / "a" / "seqinfo.ini").write_text(text, encoding=encoding)
    assert find_sequences(tmp_path)[0].length == 9


def test_sparse_sequences_are_scored_where_they_are_annotated(tmp_path):
    sequence(tmp_path / "a", frames=(1, 4, 7))
    write_mot(tmp_path / "a.txt", rows(*range(1, 10)))
    (found,) = find_sequences(tmp_path)
    assert found.rows(tmp_path / "a.txt").frames.tolist() == [1, 4, 7]
    assert found.rows(tmp_path / "a.txt", every=1).num_frames == 9
    assert found.rows(tmp_path / "a.txt", every=2).frames.tolist() == [1, 3, 5, 7, 9]


@pytest.mark.parametrize("layout", ["", "tracks", "data"])
def test_layouts_of_results(tmp_path, layout):
    write_mot(tmp_path / layout / "a.txt", rows(1))
    assert result_files(tmp_path, ["a"])["a"].is_file()
    with pytest.raises(UserError, match=r"b\.txt: missing"):
        result_files(tmp_path, ["a", "b"])


class TestCameras:
    @pytest.fixture(autouse=True)
    def folders(self, tmp_path):
        self.truth, self.results = tmp_path / "gt", tmp_path / "out"
        write_mot(self.truth / "a.txt", rows(3, 4), MotKind.TRUTH)
        write_mot(self.truth / "b.txt", rows(4, 5, 6), MotKind.TRUTH)
        for name in ("a", "b", "other"):
            write_mot(self.results / "tracks" / f"{name}.txt", rows(1, 4, 9))

    def frames(self, *args):
        return [(c.name, c.first_frame, c.last_frame) for c in read_cameras(*args)]

    def test_all_frames_that_any_camera_has_ground_truth_for(self):
        assert self.frames(self.truth, self.results) == [("a", 3, 6), ("b", 3, 6)]

    def test_frames_as_told(self):
        assert self.frames(self.truth, self.results, (1, 9)) == [("a", 1, 9), ("b", 1, 9)]

    def only(self, **frames):
        """Which frames of a and b are scored."""
        for name, numbers in frames.items():
            write_mot(self.truth / f"{name}.txt", rows(*numbers), MotKind.TRUTH)
            write_mot(self.results / "tracks" / f"{name}.txt", rows(*range(1, 50)))
        found = read_cameras(self.truth, self.results)
        return [None if c.only is None else c.only.tolist() for c in found]

    def test_annotated_at_a_distance(self, caplog):
        # Nobody was there in frame 21.
        assert self.only(a=(1, 11, 31, 41), b=(11,)) == [[1, 11, 21, 31, 41]] * 2
        assert "one frame in 10 only (5 of 41)" in caplog.text
        assert len(caplog.records) == 1

    def test_cameras_annotated_at_frames_of_their_own(self, caplog):
        assert self.only(a=(1, 11, 21), b=(4, 14, 24)) == [[1, 11, 21], [4, 14, 24]]
        assert len(caplog.records) == 1

    def test_key_frames_at_any_distance(self):
        assert self.only(a=(1, 9, 14, 30), b=range(1, 31)) == [[1, 9, 14, 30], None]

    @pytest.mark.parametrize("frames", [range(1, 31), (1, 2, 3, 9, 10, 20, 21), (5,), (5, 9)])
    def test_all_frames_of_people_who_come_and_go(self, caplog, frames):
        assert self.only(a=frames, b=frames) == [None, None]
        assert not caplog.records

    def test_results_of_the_same_frames_need_no_word(self, caplog):
        for folder, kind in (
            (self.truth, MotKind.TRUTH),
            (self.results / "tracks", MotKind.TRACKS),
        ):
            for name in "ab":
                write_mot(folder / f"{name}.txt", rows(1, 6, 11), kind)
        assert len(read_cameras(self.truth, self.results)) == 2
        assert not caplog.records

    def test_notes_beside_ground_truth(self, caplog):
        (self.truth / "labels.txt").write_text("person\n")
        (self.truth / "._a.txt").write_bytes(b"\0\5\x16\7")
        (self.truth / "c.TXT").write_text("4,1,0,0,9,9,1,1,1\n")
        with pytest.raises(UserError, match=r"out/tracks/c\.txt: missing for .*gt/c\.TXT"):
            read_cameras(self.truth, self.results)
        (self.truth / "c.TXT").unlink()
        caplog.clear()
        assert [c.name for c in read_cameras(self.truth, self.results)] == ["a", "b"]
        assert [r.getMessage().partition(": ")[2] for r in caplog.records] == [
            "holds no MOT rows, and no result has its name; passed over"
        ]

    def test_broken_ground_truth_is_no_note(self):
        (self.truth / "a.txt").write_text("3,1,0,0,9\n")
        with pytest.raises(UserError, match=r"a\.txt:1: 5 columns"):
            read_cameras(self.truth, self.results)

    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ("4,1,0,0,10,10,0.87,1,1", "column 7 holds 0.87"),
            ("4,1,0,0,10,10,0,1,1", "none of its rows counts (flag 0"),
            ("4,1,0,0,10,10,1,2,1", "none of its rows counts (class 2"),
        ],
    )
    def test_ground_truth_that_hardly_counts(self, caplog, line, said):
        (self.truth / "a.txt").write_text(line + "\n")
        cameras = read_cameras(self.truth, self.results)
        assert said in caplog.text
        assert len(caplog.records) == 1
        if "0.87" in line:
            assert len(make_scene(cameras[:1], ScoringProtocol.IGNORE).truth) == 1

    def test_missing_results(self):
        (self.results / "tracks" / "b.txt").unlink()
        with pytest.raises(UserError, match=r"b\.txt: missing"):
            read_cameras(self.truth, self.results)

    def test_no_ground_truth(self, tmp_path):
        with pytest.raises(UserError, match="no ground truth"):
            read_cameras(tmp_path, self.results)
        (tmp_path / "a.txt").touch()
        with pytest.raises(UserError, match="empty; name the frames"):
            read_cameras(tmp_path, self.results / "tracks")


@pytest.fixture(params=["", "dataset"])
def splits(tmp_path, request):
    """As DanceTrack and, with a folder in between, SportsMOT are laid out."""
    root = tmp_path / request.param
    for split, name in (("train", "a_1"), ("val", "b_2"), ("test", "c_3")):
        sequence(root / split / name)
    (root / "test" / "c_3" / "gt" / "gt.txt").unlink()
    (tmp_path / "splits_txt").mkdir(exist_ok=True)
    return tmp_path, root


def test_splits_of_a_benchmark(splits):
    top, root = splits
    found = find_sequences(top)
    assert names(found) == ["a_1"]
    assert taken_split(top, found) == "train, not val"
    assert names(find_sequences(root / "val")) == ["b_2"]
    assert taken_split(root / "val", find_sequences(root / "val")) == ""
    (root / "train" / "a_1" / "gt" / "gt.txt").unlink()
    found = find_sequences(top)
    assert names(found) == ["b_2"]
    assert taken_split(top, found) == ""
    tested = find_sequences(root / "test")
    assert names(tested) == ["c_3"]
    assert (tested[0].has_truth, tested[0].length) == (False, 9)
