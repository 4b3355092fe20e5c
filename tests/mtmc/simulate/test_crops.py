import re
from dataclasses import replace

import pytest

from mtmc.errors import UserError
from mtmc.simulate.crops import CropsConfig, _part, write_crops

FOLDERS = ("bounding_box_train", "bounding_box_test", "query")


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"people": 1}, "ids must be"), ({"cameras": 1}, "crop-cameras"), ({"images": 0}, "images")],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        CropsConfig(**settings)


def test_every_tenth_person_is_for_testing_with_one_query_per_camera():
    assert [_part(person, True) for person in (0, 8, 9, 10, 19)] == [
        "bounding_box_train", "bounding_box_train", "query", "bounding_box_train", "query"
    ]  # fmt: skip
    assert _part(9, False) == "bounding_box_test"


def test_panoramas_that_are_not_there_are_missed_before_the_work_begins(tmp_path):
    pytest.importorskip("warp")
    config = CropsConfig(people=2, images=2, panoramas=tmp_path / "none")
    with pytest.raises(UserError, match="no such folder"):
        write_crops(config, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.parametrize("cameras", [2, 6])
def test_a_set_has_market1501s_layout_and_follows_from_the_seed(tmp_path, cameras):
    config = CropsConfig(people=10, images=4, cameras=cameras, seed=3)
    for name in ("one", "two"):
        write_crops(config, tmp_path / name, workers=1)
    files = {f: {p.name: p.read_bytes() for p in (tmp_path / "one" / f).iterdir()} for f in FOLDERS}
    again = {f: {p.name: p.read_bytes() for p in (tmp_path / "two" / f).iterdir()} for f in FOLDERS}
    assert files == again
    names = {
        f: [re.fullmatch(r"(\d{4})_c(\d)s\d_\d{6}_\d\d\.jpg", n) for n in files[f]] for f in FOLDERS
    }
    people = {f: {int(m[1]) for m in names[f]} for f in FOLDERS}
    assert people["bounding_box_train"] == set(range(1, 10))
    assert people["query"] | people["bounding_box_test"] == {10}
    assert names["bounding_box_test"]
    asked = [(m[1], m[2]) for m in names["query"]]
    assert len(asked) == len(set(asked))
    assert sum(map(len, files.values())) >= 38


@pytest.mark.slow
def test_more_people_add_to_those_there_and_other_settings_are_refused(tmp_path):
    def names():
        return {p: p.stat().st_mtime_ns for p in tmp_path.glob("bounding_box_*/*.jpg")}

    few = CropsConfig(people=9, images=2, cameras=2)
    write_crops(few, tmp_path, workers=1)
    before = names()
    write_crops(replace(few, people=17), tmp_path, workers=1)
    after = names()
    assert len(after) > len(before)
    full = {p for p in before if int(p.name[:4]) <= 8}  # whose group was finished
    assert all(after[p] == before[p] for p in full)
    with pytest.raises(UserError, match=r"made with other images \(2, not 3\)"):
        write_crops(replace(few, images=3), tmp_path)
