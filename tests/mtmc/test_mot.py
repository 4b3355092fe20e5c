import numpy as np
import pytest

from mtmc.errors import UserError
from mtmc.mot import MotKind, MotRows, format_mot, is_mot, read_mot, write_mot


def read(tmp_path, text, kind=MotKind.TRACKS, last_frame=None):
    path = tmp_path / "tracks.txt"
    path.write_text(text)
    return read_mot(path, kind, last_frame)


def test_boxes_become_xyxy(tmp_path):
    rows = read(tmp_path, "1,3,10,20,5,6.5,0.9,-1,-1,-1\n2,3,11,20,5,6.5,0.8,-1,-1,-1\n")
    assert rows.boxes.tolist() == [[10, 20, 15, 26.5], [11, 20, 16, 26.5]]
    assert (rows.frames.tolist(), rows.ids.tolist()) == ([1, 2], [3, 3])
    assert rows.scores.tolist() == [0.9, 0.8]
    assert rows.classes.tolist() == [-1, -1]


def test_ground_truth_columns(tmp_path):
    rows = read(tmp_path, "1,3,10,20,5,6,0,7,0.25\n", MotKind.TRUTH)
    assert (rows.scores[0], rows.classes[0], rows.visibility[0]) == (0, 7, 0.25)


def test_mot15_world_coordinates_are_no_class(tmp_path):
    rows = read(tmp_path, "1,3,10,20,5,6,1,7.5,2.5,0\n", MotKind.TRUTH)
    assert (rows.classes[0], rows.visibility[0]) == (-1, -1)


def test_detection_ids_mean_nothing(tmp_path):
    rows = read(tmp_path, "1,-1,10,20,5,6,1\n1,-1,10,20,5,6,1\n", MotKind.DETECTIONS)
    assert rows.ids.tolist() == [-1, -1]


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_empty_file_has_no_rows(tmp_path, text):
    assert len(read(tmp_path, text)) == 0


def test_blanks_windows_line_ends_and_byte_order_mark(tmp_path):
    path = tmp_path / "tracks.txt"
    path.write_bytes(b"\xef\xbb\xbf1, 3, 10, 20, 5, 6, 1\r\n\r\n2 ,3,10,20,5,6,1\r\n")
    assert read_mot(path, MotKind.TRACKS).frames.tolist() == [1, 2]
    path.write_text("1 3 10 20 5 6 1\n2 3 10 20 5 6 1\n")
    assert read_mot(path, MotKind.TRACKS).frames.tolist() == [1, 2]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_encodings(tmp_path, encoding):
    path = tmp_path / "tracks.txt"
    path.write_bytes("1,3,10,20,5,6,1\r\n2,3,10,20,5,6,1\r\n".encode(encoding))
    assert read_mot(path, MotKind.TRACKS).frames.tolist() == [1, 2]


@pytest.mark.parametrize(
    "text",
    [
        "1,3,10,20,5,6,1\n2,3,10,20,5,6,1\n  \n\t\n",
        "1,3,10,20,5,6,1,\n2,3,10,20,5,6,1,\n",
        "1,3,10,20,5,6,1 , \n2,3,10,20,5,6,1\n,,\n",
        "1,3,10,20,5,6,1\t\r\n   \r\n2,3,10,20,5,6,1\x1a",
        "1 3 10 20 5 6 1 \n\t\n2 3 10 20 5 6 1  \n",
        "1,3,10,20,5,6,1\n\ufeff2,3,10,20,5,6,1\n",  # two files with marks, put together
    ],
)
def test_what_stands_at_the_ends_of_lines_means_nothing(tmp_path, text):
    path = tmp_path / "tracks.txt"
    path.write_text(text, encoding="utf-8")
    rows = read_mot(path, MotKind.TRACKS)
    assert (rows.frames.tolist(), rows.scores.tolist()) == ([1, 2], [1, 1])


def test_blanks_at_the_end_do_not_hide_what_is_wrong(tmp_path):
    with pytest.raises(UserError, match=r"txt:3: 8 columns; expected 7 as in the lines before"):
        read(tmp_path, "1,1,0,0,5,5,1\n  \n2,1,0,0,5,5,1,1\n")


@pytest.mark.parametrize(
    ("cells", "known"),
    [
        ("1,0.5,-1", (1, 0.5)),
        ("3,-1,-1", (3, -1)),
        ("-1,-1,-1", (-1, -1)),
        ("0,0,0", (-1, -1)),  # zeros fill up
        ("7.5,2.5,0", (-1, -1)),  # a place in the world
        ("7,2,0", (-1, -1)),
    ],
)
def test_ten_columns_with_a_class_or_a_place(tmp_path, cells, known):
    rows = read(tmp_path, f"1,3,10,20,5,6,1,{cells}\n", MotKind.TRUTH)
    assert (rows.classes[0], rows.visibility[0]) == known


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("person\n", False),
        ("1\n2\n3\n", False),
        ("name, of, six, words, in, line\n", False),
        ("", True),
        ("frame,id,x,y,w,h,flag\n1,1,0,0,5,5,1\n", True),
        ("1 1 0 0 5 5 1\n", True),
    ],
)
def test_what_could_be_a_mot_file(tmp_path, text, expected):
    (tmp_path / "a.txt").write_text(text)
    assert is_mot(tmp_path / "a.txt") is expected


GOOD = "1,1,0,0,5,5,1\n\n"  # the blank line counts: what follows is line 3


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1,1,0,0,5,5,1", "id 1 again in frame 1"),
        ("9,1,0,0,5,5,1", "frame 9; expected at most 8"),
        ("0,1,0,0,5,5,1", "frame 0"),
        ("1.5,1,0,0,5,5,1", "frame 1.5; expected a whole number"),
        ("2,1.5,0,0,5,5,1", "id 1.5; expected a whole number"),
        ("2,1,nan,0,5,5,1", "not a finite number"),
        ("2,1,0,0,inf,5,1", "not a finite number"),
        ("2,1,0,0,5,5", "6 columns; expected 7 to 10"),
        ("2,1,0,0,5,5,1,1,1,1,1", "11 columns; expected 7 to 10"),
        ("2,1,0,0,5,5,1,1", "8 columns; expected 7 as in the lines before"),
        ("2,1,0,left,5,5,1", "column 4 is 'left'; expected a number"),
        ("2,1,0,,5,5,1", "column 4 is ''; expected a number"),
        ("1_0,1,0,0,5,5,1", "column 1 is '1_0'; expected a number"),
    ],
)
def test_bad_lines_are_named(tmp_path, line, reason):
    with pytest.raises(UserError) as error:
        read(tmp_path, GOOD + line + "\n", last_frame=8)
    assert f"tracks.txt:3: {reason}" in str(error.value)
    assert "\n" not in str(error.value)


def test_the_same_wrong_number_of_columns_everywhere(tmp_path):
    with pytest.raises(UserError, match=r"tracks.txt:1: 7 columns; expected 8 to 10.*visibility"):
        read(tmp_path, GOOD, MotKind.TRUTH)


def test_missing_and_binary_files(tmp_path):
    with pytest.raises(UserError, match=r"none\.txt: cannot be read"):
        read_mot(tmp_path / "none.txt", MotKind.TRACKS)
    (tmp_path / "image.txt").write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(UserError, match="not a text file"):
        read_mot(tmp_path / "image.txt", MotKind.TRACKS)


@pytest.mark.parametrize("kind", [MotKind.TRACKS, MotKind.TRUTH])
def test_round_trip(tmp_path, kind):
    boxes = np.array([[1.25, 2, 10.5, 20], [-3, 4, 8, 9]])
    rows = MotRows.make(
        np.array([1, 2]),
        np.array([4, 4]),
        boxes,
        scores=np.array([1.0, 0.0]),
        classes=np.array([1, 7]),
        visibility=np.array([0.5, 1]),
    )
    path = tmp_path / "new" / "cam.txt"
    write_mot(path, rows, kind)
    again = read_mot(path, kind)
    np.testing.assert_allclose(again.boxes, rows.boxes)
    np.testing.assert_array_equal(again.scores, rows.scores)
    if kind is MotKind.TRUTH:
        np.testing.assert_array_equal(again.classes, rows.classes)
        np.testing.assert_array_equal(again.visibility, rows.visibility)


def test_nothing_is_written_as_nothing():
    assert format_mot(MotRows.empty()) == ""


def test_columns_must_fit():
    with pytest.raises(ValueError, match="ids must have shape"):
        MotRows.make(np.array([1]), np.array([1, 2]), np.zeros((1, 4)))
