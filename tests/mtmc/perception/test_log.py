import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mtmc.errors import UserError
from mtmc.perception.log import Inference, InferenceLog, remove_log
from mtmc.trackers import Detections

ABOUT = {"detector": {"name": "motion"}, "cameras": [["a", 1]]}


def inference(seed):
    random = np.random.default_rng(seed)
    corners = random.uniform(0, 50, (3, 2))
    boxes = np.hstack([corners, corners + 10]).astype(np.float32)
    vectors = random.normal(size=(2, 4)).astype(np.float32)
    found = Detections(boxes, random.uniform(size=3).astype(np.float32))
    return Inference(found, np.array([0, 2]), vectors)


def test_what_was_recorded_comes_back_exactly(tmp_path):
    log = InferenceLog(tmp_path / "log", ABOUT)
    log.record([("a", 1, inference(1)), ("b", 1, Inference(Detections()))])
    log.close()
    log = InferenceLog(tmp_path / "log", ABOUT)
    assert log.recorded == {"a": 1, "b": 1}
    back, expected = log.read("a", 1), inference(1)
    assert np.array_equal(back.detections.boxes, expected.detections.boxes)
    assert np.array_equal(back.detections.scores, expected.detections.scores)
    assert np.array_equal(back.rows, expected.rows)
    assert np.array_equal(back.embeddings, expected.embeddings)
    assert len(log.read("b", 1).detections) == 0
    assert log.read("a", 2) is None
    assert log.read("c", 1) is None
    log.close()
    remove_log(tmp_path / "log")
    assert list(tmp_path.iterdir()) == []


def test_other_settings_are_refused_and_named(tmp_path):
    InferenceLog(tmp_path / "log", ABOUT).close()
    with pytest.raises(UserError, match="made with other settings of 'detector'"):
        InferenceLog(tmp_path / "log", {**ABOUT, "detector": {"name": "onnx"}})


def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "log").write_text("something else, and longer than a database's header " * 9)
    with pytest.raises(UserError, match="cannot be used as the log of a run"):
        InferenceLog(tmp_path / "log", ABOUT)
    remove_log(tmp_path / "log")
    remove_log(tmp_path / "log")
    InferenceLog(tmp_path / "log", ABOUT).close()


def change(path, *command):
    log = sqlite3.connect(path)
    log.execute(*command)
    log.commit()
    log.close()


DAMAGE = {
    "one bit": ("UPDATE frames SET boxes = ? WHERE frame = 2", [b"\x01" + bytes(47)]),
    "another frame's": (
        "REPLACE INTO frames SELECT 'a', 4, boxes, scores, rows, embeddings, checksum FROM frames "
        "WHERE frame = 3",
    ),
    "moved bytes": ("UPDATE frames SET boxes = scores, scores = boxes WHERE frame = 2",),
    "a frame is missing": ("DELETE FROM frames WHERE frame = 2",),
    "the number is another": ("UPDATE frames SET frame = 99 WHERE frame = 5",),
    "no number": ("UPDATE frames SET frame = 'five' WHERE frame = 5",),
    "no bytes": ("UPDATE frames SET rows = NULL WHERE frame = 1",),
    "no checksum": ("UPDATE frames SET checksum = NULL WHERE frame = 1",),
    "no camera": ("UPDATE frames SET camera = x'ff' WHERE frame = 1",),
    "another version": ("ALTER TABLE frames DROP COLUMN checksum",),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_log_is_not_believed(tmp_path, damage):
    log = InferenceLog(tmp_path / "log", ABOUT)
    log.record([("a", frame, inference(frame)) for frame in range(1, 6)])
    log.close()
    change(tmp_path / "log", *DAMAGE[damage])

    def use():
        log = InferenceLog(tmp_path / "log", ABOUT, gapless=True)
        try:
            for frame in range(1, 6):
                log.read("a", frame)
        finally:
            log.close()

    with pytest.raises(UserError, match="start anew without --resume") as error:
        use()
    assert "\n" not in str(error.value)


def test_a_killed_process_leaves_whole_steps(tmp_path):
    code = f"""
import sys; sys.path.insert(0, {str(Path.cwd())!r})
import mtmc.perception.log as module
from tests.mtmc.perception.test_log import ABOUT, inference
module.COMMIT_EVERY = 0.0
log = module.InferenceLog(__import__("pathlib").Path({str(tmp_path / "log")!r}), ABOUT)
for step in range(1, 100000):
    log.record([("a", step, inference(step)), ("b", step, inference(-step % 7))])
    print(step, flush=True)
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if int(line) > 50:
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    log = InferenceLog(tmp_path / "log", ABOUT)
    assert log.recorded["a"] == log.recorded["b"] >= 50
    assert np.array_equal(log.read("a", 50).embeddings, inference(50).embeddings)
    log.close()
