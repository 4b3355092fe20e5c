"""What the core installs is enough to run; what needs an extra says in one line which."""

import os
import subprocess
import sys

import pytest

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


def call(command, *arguments, without=WITHOUT, cwd=None):
    """A command in a process that has no package of the extras."""
    code = without + CALL.format("reid." if command == "reid" else "", command)
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], cwd=cwd, check=False,
        capture_output=True, text=True, timeout=120, env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip


def results(out):
    return {path.name: path.read_bytes() for path in (out / "tracks").iterdir()}


def test_a_run_needs_no_extra_and_is_the_same_with_them(two_cameras, tmp_path):
    run = ("run", two_cameras, "--config", "simulated", "--no-video", "--out")
    bare = call("mtmc", *run, tmp_path / "bare")
    assert bare.returncode == 0, bare.stderr
    full = call("mtmc", *run, tmp_path / "full", without="import torch, torchvision\n")
    assert full.returncode == 0, full.stderr
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


@pytest.mark.parametrize(
    ("command", "arguments", "extra"),
    [
        ("mtmc", ["run", "videos", "--config", "simulated", "--reid", "best.pt"], "reid"),
        ("mtmc", ["run", "videos", "--detector", "yolo.pt"], "ultralytics"),
        ("mtmc", ["train-detector", "videos"], "reid"),
        ("mtmc", ["simulate", "room"], "sim"),
        ("reid", ["eval", "best.pt", "--dataset", "folder", "--data", "people"], "reid"),
        ("reid", ["train", "tiny", "--data", "people"], "reid"),
        ("reid", ["export", "best.pt"], "reid"),
    ],
)
def test_what_needs_an_extra_names_it(command, arguments, extra, two_cameras, tmp_path):
    import cv2
    import numpy as np

    (tmp_path / "best.pt").write_bytes(b"PK")
    (tmp_path / "yolo.pt").write_bytes(b"PK")
    for part in ("bounding_box_train", "query", "bounding_box_test"):
        (tmp_path / "people" / part).mkdir(parents=True)
        for camera in (1, 2):
            picture = tmp_path / "people" / part / f"0001_c{camera}s1_000001_00.png"
            cv2.imwrite(str(picture), np.zeros((20, 10, 3), np.uint8))
    done = call(command, *arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert f"pip install 'mtmc[{extra}]'" in done.stderr
