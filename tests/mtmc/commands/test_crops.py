import pytest

from mtmc.reid.data import open_dataset
from mtmc.run import run


@pytest.fixture
def results(two_cameras, tmp_path):
    settings = {"detector": {"name": "motion", "min_height": 0.2}, "output": {"video": False}}
    run(two_cameras, tmp_path / "run", settings)
    return tmp_path / "run"


def test_a_run_becomes_a_data_set(here, results, two_cameras, tmp_path):
    out = tmp_path / "set"
    code, said, _ = here("crops", results, two_cameras, "--out", out, "--each", 3)
    assert code == 0
    assert "people" in said
    dataset = open_dataset("folder", out)
    assert set(dataset.gallery.camids.tolist()) == {1, 2}
    assert 2 <= dataset.gallery.people <= 6
    assert all(len(list(person.glob("*_c1*"))) <= 3 for person in out.iterdir())
    assert len(dataset.query) == sum(
        len({path.name.split("s")[0] for path in person.iterdir()}) for person in out.iterdir()
    )
    code, _, said = here("crops", results, two_cameras, "--out", out)
    assert code == 2
    assert "is not empty" in said


def test_what_is_missing_is_named(here, results, two_cameras, tmp_path):
    def refused(folder):
        code, _, said = here("crops", folder, two_cameras, "--out", tmp_path / "s")
        assert code == 2
        return said

    assert "expected the --out folder of a run" in refused(tmp_path / "none")
    (two_cameras / "right.mp4").unlink()
    assert "has no pictures of camera 'right'" in refused(results)
    (results / "tracks.parquet").write_bytes(b"PAR1 damaged")
    assert "not a table" in refused(results)
