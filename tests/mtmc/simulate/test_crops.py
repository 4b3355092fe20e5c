import re

import pytest

from mtmc.simulate.crops import CropsConfig

FOLDERS = ("bounding_box_train", "bounding_box_test", "query")


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"people": 1}, "ids must be"), ({"cameras": 1}, "crop-cameras"), ({"images": 0}, "images")],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        CropsConfig(**settings)


@pytest.mark.slow
def test_a_set_has_market1501s_layout_and_follows_from_the_seed(tmp_path):
    from mtmc.simulate.crops import write_crops

    config = CropsConfig(people=4, images=6, cameras=2, seed=3)
    for name in ("one", "two"):
        write_crops(config, tmp_path / name, workers=1)
    files = {f: {p.name: p.read_bytes() for p in (tmp_path / "one" / f).iterdir()} for f in FOLDERS}
    again = {f: {p.name: p.read_bytes() for p in (tmp_path / "two" / f).iterdir()} for f in FOLDERS}
    assert files == again
    names = {
        f: [re.fullmatch(r"(\d{4})_c(\d)s\d_\d{6}_\d\d\.jpg", n) for n in files[f]] for f in FOLDERS
    }
    people = {f: {int(m[1]) for m in names[f]} for f in FOLDERS}
    assert people["bounding_box_train"] <= {1, 2}
    assert people["query"] | people["bounding_box_test"] <= {3, 4}
    asked = [(m[1], m[2]) for m in names["query"]]
    assert len(asked) == len(set(asked))
    assert sum(map(len, files.values())) >= 12
