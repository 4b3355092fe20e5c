"""Nothing leaves the machine, and opening a file runs nothing that it holds."""

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from tests.mtmc.conftest import block_frames

ENTRANCES = (
    "from mtmc.detectors.network.onnx import OnnxConfig as C, OnnxDetector as D; "
    "D(C('simulated'), 0)",
    "import mtmc.reid; mtmc.reid.load('simulated')",
)


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_onnx_runtime_keeps_no_device_id(entrance, tmp_path):
    environment = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    code = f"{entrance}; import sys; assert 'onnxruntime' in sys.modules"
    subprocess.run(
        [sys.executable, "-c", code], env={**environment, "HOME": str(tmp_path)}, check=True
    )
    assert not list(tmp_path.iterdir())


OPENING = """
import os, sys
from pathlib import Path
import torch
from mtmc.detectors.ultralytics import UltralyticsConfig, UltralyticsDetector
from mtmc.errors import UserError

class Evil:
    def __reduce__(self):
        return os.mkdir, ("ran",)

def refused(name):
    try:
        UltralyticsDetector(UltralyticsConfig(weights=name, image_size=32), None)
    except UserError as error:
        print(error)
    else:
        sys.exit(f"{name} was opened")

torch.save({"model": Evil()}, "evil.pt")
refused("evil.pt")
Path("evil.yaml").write_text(
    "nc: 80\\nactivation: __import__('os').mkdir('ran') or torch.nn.ReLU()\\n"
    "backbone:\\n  - [-1, 1, Conv, [64, 3, 2]]\\nhead:\\n  - [[0], 1, Detect, [nc]]\\n"
)
refused("evil.yaml")
Path("yolo11n.pt").write_bytes(b"PK damaged")
refused("yolo11n.pt")
from ultralytics import YOLO, utils
YOLO("yolov8n.yaml").save("net.pt")
refused("net.pt")  # it opens: its classes are known, none of them a person
utils.SAFE_LOAD = False
refused("net.pt")
"""


def test_weights_run_no_code_and_fetch_none(tmp_path):
    if find_spec("ultralytics") is None:
        pytest.skip("needs ultralytics")
    # In a process of its own: the first import of ultralytics decides.
    environment = {k: v for k, v in os.environ.items() if k != "ULTRALYTICS_SAFE_LOAD"}
    done = subprocess.run(
        [sys.executable, "-c", OPENING], cwd=tmp_path, check=False, capture_output=True, text=True,
        env={**environment, "HOME": str(tmp_path / "home")},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (tmp_path / "home").exists()
    evil, described, damaged, genuine, unrestricted = done.stdout.splitlines()
    assert "evil.pt" in evil
    assert "types outside" in evil
    assert "evil.yaml: describes a network but holds no weights" in described
    assert "yolo11n.pt: not a model" in damaged
    assert "net.pt: no class is called person" in genuine
    assert "could run code" in unrestricted
    assert not (tmp_path / "ran").exists()
    assert (tmp_path / "yolo11n.pt").read_bytes() == b"PK damaged"


COMMANDS = """
import socket
tried = []
def refuse(*target, **options):
    tried.append(target)
    raise OSError("no network here")
socket.getaddrinfo = socket.create_connection = refuse
socket.socket.connect = socket.socket.connect_ex = socket.socket.sendto = refuse
from mtmc.cli import app as mtmc
from mtmc.reid.cli import app as reid
mtmc(["run", "videos", "--config", "simulated", "--out", "out"], standalone_mode=False)
mtmc(["run", "videos", "--config", "weights-free", "--out", "out2"], standalone_mode=False)
reid(["eval", "simulated", "--dataset", "folder", "--data", "people"], standalone_mode=False)
print("tried", tried)
"""


def without_network():
    """A prefix for commands that takes the network away, where that is allowed, and one that
    notes what is tried, where there is strace."""
    prefix = []
    for options in (["-n"], ["-rn"]):
        command = ["unshare", *options, "true"]
        if shutil.which("unshare") and not subprocess.run(command, check=False).returncode:
            prefix = ["unshare", *options]
            break
    strace = shutil.which("strace")
    return [
        *prefix,
        *([strace, "-f", "--seccomp-bpf", "-qq", "-e", "trace=connect"] if strace else []),
    ]


def test_the_commands_reach_for_nothing_and_write_nowhere_else(two_cameras, tmp_path):
    import cv2

    for number, image in enumerate(block_frames(4)):
        person = tmp_path / "people" / f"{number % 2}" / f"c{number // 2 + 1}.png"
        person.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(person), np.ascontiguousarray(image))
    home = tmp_path / "home"
    home.mkdir()
    drop = ("ORT_DISABLE_TELEMETRY", "XDG_", "YOLO_", "HF_")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(drop)}
    done = subprocess.run(
        [*without_network(), sys.executable, "-c", COMMANDS], cwd=tmp_path, check=False,
        capture_output=True, text=True, env={**environment, "HOME": str(home)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.splitlines()[-1] == "tried []"
    assert not re.findall(r".*sa_family=AF_INET.*", done.stderr)
    assert not list(home.rglob("*"))
    assert {p.name for p in tmp_path.iterdir()} == {
        "videos", "people", "home", "out", "out2"
    }  # fmt: skip


RAY = """
from mtmc.run.workers.cluster import import_ray
import_ray()
from ray._common.usage.usage_lib import usage_stats_enabled, usage_stats_prompt_enabled
assert not usage_stats_enabled()
assert not usage_stats_prompt_enabled()
"""


def test_ray_tells_nobody_that_it_is_used(tmp_path):
    if find_spec("ray") is None:
        pytest.skip("needs ray")
    (tmp_path / ".ray").mkdir()
    (tmp_path / ".ray" / "config.json").write_text('{"usage_stats": true}')
    asked = {"HOME": str(tmp_path), "RAY_USAGE_STATS_ENABLED": "1"}
    subprocess.run([sys.executable, "-c", RAY], env={**os.environ, **asked}, check=True)
