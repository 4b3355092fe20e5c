import subprocess
import sys

import pytest

from tests.mtmc.test_run import write_detections


def mtmc(*arguments):
    command = [sys.executable, "-c", "from mtmc.cli import main; main()", *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run"], "Missing argument"),
        (["rnu"], "No such command 'rnu'"),
        (["run", "/gone"], "/gone: no such file or folder"),
        (["run", "/gone", "--foo"], "No such option: --foo"),
        (["run", "/gone", "--set", "x"], "expected key=value"),
        (["run", "/gone", "--config", "nope.yaml"], "nope.yaml: no such configuration file"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_2(arguments, message):
    done = mtmc(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert message in done.stderr
    assert done.stdout == ""


def test_a_run_prints_a_summary_and_writes_where_told(two_cameras, tmp_path):
    write_detections(two_cameras)
    out = tmp_path / "out"
    done = mtmc(
        "run", two_cameras, "--detector", "motfile", "--reid", "color", "--online",
        "--set", "output.width=320", "--set", "crops.interval=0.5", "--out", out,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "2 people in 2 cameras" in done.stdout
    assert str(out) in done.stdout
    assert (out / "mosaic.mp4").stat().st_size > 1000
    assert "online" in (out / "config.yaml").read_text()


def test_help_and_version():
    assert "--calibration" in mtmc("run", "--help").stdout
    assert mtmc("--version").stdout.startswith("mtmc 0.")
    assert mtmc().returncode == 0
