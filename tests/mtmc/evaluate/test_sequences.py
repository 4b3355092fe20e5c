import numpy as np
import pytest

from mtmc.errors import UserError
from mtmc.evaluate.protocol import Protocol
from mtmc.evaluate.sequences import find_sequences, read_cameras, result_files
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
    assert protocols == [Protocol.MOT, Protocol.MOT20]


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
