import errno
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time

import pytest
import yaml

from mtmc import cli
from mtmc.commands.interrupts import like_ctrl_c
from mtmc.commands.run import _result_name


def mtmc(*arguments, **environment):
    command = [sys.executable, "-c", "from mtmc.cli import main; main()", *map(str, arguments)]
    return subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run"], "Missing argument"),
        (["run", "/gone"], "/gone: no such file or folder"),
        (["run", "/gone", "--foo"], "No such option: --foo"),
        (["run", "/gone", "--set", "x"], "expected key=value"),
        (["run", "/gone", "--classes", "--tracker", "sort"], "--classes: expected a value, got"),
        (["run", "/gone", "--config", "nope.yaml"], "nope.yaml: no such configuration file"),
        (["run", "/gone", "--out", "/gone"], "--out /gone: is the folder of the videos"),
        (["run", "a" * 300], "name too long"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_2(here, arguments, message):
    code, printed, said = here(*arguments)
    assert code == 2
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert message in said
    assert printed == ""


def test_so_it_is_in_a_process_of_its_own():
    done = mtmc("rnu")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: No such command 'rnu'")
    assert done.stderr.count("\n") == 1


def test_a_run_prints_a_summary_and_writes_where_told(here, scene, tmp_path):
    out = tmp_path / "out"
    code, printed, said = here(
        "run", scene, "--detector", "motfile", "--reid", "color", "--online",
        "--set", "output.width=320", "--set", "crops.interval=0.5", "--out", out,
    )  # fmt: skip
    assert not code, said
    assert "2 people sure" in printed
    assert str(out) in printed.replace("\n", "")
    assert (out / "mosaic.mp4").stat().st_size > 1000
    assert "online" in (out / "config.yaml").read_text()


def test_any_name_shows_as_it_is(here, tmp_path):
    folder = tmp_path / "[red] :door: ünï"
    folder.mkdir()
    (folder / "cameras.yaml").write_text(
        "cameras: [{name: 'cäm [bold] x', fps: 5, size: [64, 48], frames: 3}]"
    )
    (folder / "det").mkdir()
    (folder / "det" / "cäm [bold] x.txt").write_text("1,-1,10,10,10,20,0.9,-1,-1,-1\n")
    out = tmp_path / "[/red] out ü"
    arguments = ["run", folder, "--detector", "motfile", "--reid", "none", "--no-video"]
    arguments += ["--out", out]
    code, printed, said = here(*arguments)
    assert not code, said
    assert "cäm [bold] x" in printed
    assert f"results: {out}" in printed
    done = mtmc(*arguments, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "c?m [bold] x" in done.stdout


def test_what_results_are_called(tmp_path):
    for name in ("2024.11.20", "2024.11.21"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cameras.yaml").touch()
        assert _result_name([str(tmp_path / name)]) == name
        assert _result_name([str(tmp_path / name / "cameras.yaml")]) == name
    for video in ("door.mp4", "hall.mp4"):
        (tmp_path / video).touch()
    assert _result_name([str(tmp_path / "door.mp4")]) == "door"
    assert _result_name([str(tmp_path / v) for v in ("door.mp4", "hall.mp4")]) == tmp_path.name
    assert _result_name(["rtsp://me:pw@10.0.0.7/yard?x=1"]) == "yard"
    assert _result_name(["0"]) == "video0"
    assert _result_name(["/"]) == "run"


@pytest.fixture
def settings_of(monkeypatch, tmp_path):
    """Runs the command line with arguments; gives its exit code and what it would have run."""
    seen = {}

    def call(*arguments, status="complete", live=False):
        def run(video_dir, out, settings, resume, listener):
            seen.update(settings)
            listener.live = live
            return {
                "status": status, "cameras": {}, "identities": 0, "stage_seconds": {}, "frames": 0,
                "seconds": 0.0, "frames_per_second": 0.0,
            }  # fmt: skip

        monkeypatch.setattr("mtmc.run.run", run)
        monkeypatch.setattr("sys.argv", ["mtmc", "run", str(tmp_path), *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code, seen

    return call


@pytest.mark.parametrize("section", ["color", {"weights": "color"}])
def test_options_replace_what_the_file_says(settings_of, tmp_path, section):
    path = tmp_path / "a.yaml"
    path.write_text(yaml.safe_dump({"reid": section, "detector": "onnx", "tracker": "sort"}))
    code, settings = settings_of(
        "--config", path, "--reid", "none", "--detector", "motion", "--tracker", "bytetrack"
    )
    assert not code
    assert settings["reid"] == {"weights": "none"}
    assert settings["detector"] == {"name": "motion"}
    assert settings["tracker"] == {"name": "bytetrack"}


def test_exit_codes(settings_of):
    assert not settings_of()[0]
    assert settings_of(status="interrupted")[0] == 130
    assert not settings_of(status="interrupted", live=True)[0]  # how such a run ends


def test_what_the_system_refuses_is_one_line(settings_of, monkeypatch, capsys):
    def full(*_, **__):
        raise OSError(28, "No space left on device", "/data/out/x")

    monkeypatch.setattr("mtmc.commands.display.print_summary", full)
    assert settings_of()[0] == 2
    assert capsys.readouterr().err == "error: /data/out/x: No space left on device\n"


@pytest.mark.parametrize("number", [errno.EIO, errno.EPIPE])
def test_a_terminal_that_is_gone_is_no_failure(settings_of, monkeypatch, number):
    def gone(*_, **__):
        raise OSError(number, "gone")

    monkeypatch.setattr("mtmc.commands.display.print_summary", gone)
    assert not settings_of()[0]


def test_help_and_version(here):
    text = here("run", "--help")[1]
    assert "--calibration" in text
    assert "out/VIDEO_DIR" in text
    assert here("--version")[1].startswith("mtmc 0.")
    assert not here()[0]


SLOW = """
import sys, time
from mtmc import cli
from mtmc.commands import display as console
step = console.RunDisplay.step
def slow(self, progress):
    step(self, progress)
    if progress.frames["left"] == 5:
        print("five", flush=True)
    time.sleep(0.05)
console.RunDisplay.step = slow
cli.main()
"""


def test_what_ends_a_program_ends_a_run_like_ctrl_c(scene, tmp_path):
    out = tmp_path / "out"
    options = ["--detector", "motfile", "--reid", "none", "--no-video", "--out", str(out)]
    command = [sys.executable, "-c", SLOW, "run", str(scene), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "five\n"
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGHUP)  # as systemd may
    _, errors = process.communicate(timeout=60)
    assert process.returncode == cli.INTERRUPTED
    assert "Traceback" not in errors
    assert json.loads((out / "run.json").read_text())["status"] == "interrupted"
    assert (out / "tracks.parquet").exists()


def idle(ready):
    ready.set()
    time.sleep(60)


def test_signals_that_somebody_else_takes_stay_theirs():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        with like_ctrl_c():
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGINT)  # at once: the same again
            context = multiprocessing.get_context("fork")
            ready = context.Event()
            worker = context.Process(target=idle, args=(ready,))
            worker.start()
            assert ready.wait(10)
            worker.terminate()
            worker.join(10)
            assert worker.exitcode == -signal.SIGTERM
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        with like_ctrl_c(), pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
