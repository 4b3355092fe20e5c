import hashlib
import subprocess
import sys

import pytest

from mtmc.errors import UserError
from mtmc.simulate import extra

SHORT = {"place": "lab", "cameras": 2, "people": 3, "seconds": 0.5, "fps": 10.0, "seed": 5}


def digests(folder):
    files = [p for name in ("gt", "calibration") for p in sorted((folder / name).iterdir())]
    files += [folder / "floor.txt", folder / "cameras.yaml"]
    return [hashlib.sha256(p.read_bytes()).hexdigest() for p in files]


@pytest.fixture
def refused(here):
    """What ``mtmc simulate`` says when it is refused, with code 2."""

    def call(*arguments):
        code, _, said = here("simulate", *arguments)
        assert code == 2
        return said

    return call


def test_importing_the_package_is_light():
    code = (
        "import sys, mtmc.commands.simulate; print('torch' in sys.modules, 'warp' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "False"]


def test_without_the_extra_there_is_one_clear_line(monkeypatch):
    monkeypatch.setattr(extra, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'mtmc\[sim\]'"):
        extra.require_sim()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--cameras", "0"], "--cameras must be between 1 and 64, got 0"),
        (["--people", "-1"], "--people must be between 0 and 1000, got -1"),
        (["--place", "moon"], "--place must be one of lab, corridor, plaza, got moon"),
        (["--crops", "--ids", "1"], "--ids must be between 2 and 9999, got 1"),
    ],
)
def test_wrong_options_get_one_line_and_code_2(refused, tmp_path, arguments, expected):
    said = refused(tmp_path / "out", *arguments)
    assert expected in said
    assert len(said.strip().splitlines()) == 1


def test_an_output_that_cannot_be_written_gets_one_line(refused, tmp_path):
    (tmp_path / "file").write_text("in the way")
    said = refused(tmp_path / "file" / "out")
    assert "cannot be written" in said
    assert "Traceback" not in said


@pytest.mark.slow
def test_the_truth_follows_from_the_seed_alone(tmp_path):
    from mtmc.simulate.output import simulate
    from mtmc.simulate.scene import SceneConfig

    simulate(SceneConfig(**SHORT), tmp_path / "one", workers=1)
    simulate(SceneConfig(**SHORT), tmp_path / "two", workers=2)
    simulate(SceneConfig(**SHORT | {"seed": 6}), tmp_path / "other", workers=1)
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    assert digests(tmp_path / "one") != digests(tmp_path / "other")


@pytest.mark.slow
def test_what_is_written_is_what_the_pipeline_reads(tmp_path):
    from mtmc.mot import MotKind, read_mot
    from mtmc.simulate.output import simulate
    from mtmc.simulate.scene import SceneConfig
    from mtmc.sources import find_cameras

    simulate(SceneConfig(**SHORT), tmp_path, workers=1)
    assert [c.name for c in find_cameras(tmp_path)] == ["cam0", "cam1"]
    rows = read_mot(tmp_path / "gt" / "cam0.txt", MotKind.TRUTH)
    assert set(rows.ids.tolist()) <= {1, 2, 3}
    assert rows.last_frame <= 5
    assert ((rows.visibility >= 0) & (rows.visibility <= 1)).all()
    assert (rows.boxes[:, 2:] <= [640, 480]).all()


@pytest.mark.slow
def test_an_empty_scene_has_videos_and_no_truth(tmp_path):
    from mtmc.simulate.output import simulate
    from mtmc.simulate.scene import SceneConfig

    simulate(SceneConfig(**SHORT | {"people": 0, "cameras": 1}), tmp_path, workers=1)
    assert (tmp_path / "videos" / "cam0.mp4").stat().st_size > 1000
    assert (tmp_path / "gt" / "cam0.txt").read_text() == ""
