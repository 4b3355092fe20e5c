"""What the core installs is enough to run; what needs an extra says in one line which."""

import os
import subprocess
import sys

from typer.testing import CliRunner

from mtmc.cli import app

EXTRAS = ("torch", "torchvision", "timm", "ultralytics", "openvino", "anny", "warp", "matplotlib")
WITHOUT = f"""
import sys
class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {EXTRAS!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, NotInstalled())
"""
CALL = "import sys; from mtmc.{}cli import main; sys.argv[0] = '{}'; main()"


def call(command, *arguments):
    """A command in a process that has no package of the extras."""
    code = WITHOUT + CALL.format("reid." if command == "reid" else "", command)
    return python(code, *map(str, arguments))


def python(code, *arguments, cwd=None):
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=cwd, check=False,
        capture_output=True, text=True, timeout=120, env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip


def results(out):
    return {path.name: path.read_bytes() for path in (out / "tracks").iterdir()}


def test_a_run_needs_no_extra_and_is_the_same_with_them(two_cameras, tmp_path):
    run = ("run", two_cameras, "--config", "simulated", "--no-video", "--out")
    bare = call("mtmc", *run, tmp_path / "bare")
    assert bare.returncode == 0, bare.stderr
    import torch  # noqa: F401, as where the extra is installed

    full = CliRunner().invoke(app, [str(word) for word in (*run, tmp_path / "full")])
    assert full.exit_code == 0, full.output
    assert results(tmp_path / "bare") == results(tmp_path / "full")


def test_models_in_onnx_are_scored_without_torch(tmp_path, two_cameras):
    import cv2

    from tests.mtmc.conftest import block_frames

    for number, image in enumerate(block_frames(4)):
        person = tmp_path / "people" / f"{number % 2}" / f"c{number // 2 + 1}.png"
        person.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(person), image)
    for model in ("simulated", "color"):
        done = call("reid", "eval", model, "--dataset", "folder", "--data", tmp_path / "people",
                    "--rerank")  # fmt: skip
        assert done.returncode == 0, done.stderr
    for command in (["list"], ["settings"]):
        assert call("reid", *command).returncode == 0


# One process for all: each is refused at the first import of what is missing.
REFUSED = [
    ("mtmc", ["run", "videos", "--config", "simulated", "--reid", "best.pt"], "reid"),
    ("mtmc", ["run", "videos", "--detector", "yolo.pt"], "ultralytics"),
    ("mtmc", ["run", "videos", "--detector", "m.xml"], "openvino"),
    ("mtmc", ["run", "videos", "--config", "simulated", "--reid", "m.xml"], "openvino"),
    ("mtmc", ["train-detector", "videos"], "reid"),
    ("mtmc", ["simulate", "room"], "sim"),
    ("reid", ["eval", "best.pt", "--dataset", "folder", "--data", "people"], "reid"),
    ("reid", ["train", "tiny", "--data", "people"], "reid"),
    ("reid", ["export", "best.pt"], "reid"),
]
EACH = """
from mtmc.cli import main as mtmc
from mtmc.reid.cli import main as reid
for command, arguments, _ in {}:
    sys.argv = [command, *arguments]
    try:
        {{"mtmc": mtmc, "reid": reid}}[command]()
    except SystemExit as ended:
        print("exit code", ended.code, file=sys.stderr)
"""


def test_what_needs_an_extra_names_it(two_cameras, tmp_path):
    import cv2
    import numpy as np

    (tmp_path / "best.pt").write_bytes(b"PK")
    (tmp_path / "yolo.pt").write_bytes(b"PK")
    (tmp_path / "m.xml").touch()
    for part in ("bounding_box_train", "query", "bounding_box_test"):
        (tmp_path / "people" / part).mkdir(parents=True)
        for camera in (1, 2):
            picture = tmp_path / "people" / part / f"0001_c{camera}s1_000001_00.png"
            cv2.imwrite(str(picture), np.zeros((20, 10, 3), np.uint8))
    done = python(WITHOUT + EACH.format(REFUSED), cwd=tmp_path)
    lines = done.stderr.splitlines()
    assert len(lines) == 2 * len(REFUSED), done.stderr
    for said, code, (*called, extra) in zip(lines[::2], lines[1::2], REFUSED, strict=True):
        assert code == "exit code 2", called
        assert f"pip install 'mtmc[{extra}]'" in said, called
