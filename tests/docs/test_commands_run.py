"""The commands of the first pages, one after the other, in a folder as a reader has it."""

import sys

import numpy as np
import pytest

from mtmc import cli
from tests.docs.test_pages import ROOT, commands
from tests.mtmc.conftest import block_frames, write_video

# What a reader has to bring; a command that lacks one is refused by its name.
TO_BRING = (
    "yolo.xml",
    "yolo11n.pt",
    "yolox_nano",
    "yolox_nano.onnx",
    "osnet_x0_25_msmt17.onnx",
    "aligned.pt",
)
PAGES = [ROOT / "README.md", *(ROOT / "docs" / "guide" / f"{p}.md" for p in ("run", "identities"))]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "videos").mkdir()
    for files in ("detections", "described"):
        (tmp_path / files).mkdir()
    for name in ("left", "right"):
        write_video(tmp_path / "videos" / f"{name}.mp4", block_frames(12))
        rows = [f"{n},-1,{5 + 2 * n},30,22,60,0.9" for n in range(1, 13)]
        (tmp_path / "detections" / f"{name}.txt").write_text("\n".join(rows) + "\n")
        described = {str(n): [[5 + 2 * n, 30, 27 + 2 * n, 90, 0.9, 1, 0]] for n in range(1, 13)}
        np.savez(tmp_path / "described" / f"{name}.npz", **described)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))  # no weights fetched before
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_the_page_says_works(page, folder, monkeypatch, capsys):
    def call(words):
        monkeypatch.setattr(sys, "argv", [str(word) for word in words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code, capsys.readouterr().err

    if page.stem == "identities":  # where it begins, there is a run
        call(["mtmc", "run", "videos/", "--config", "weights-free", "--no-video"])
    for words in commands(page):
        if words[:2] == ["mtmc", "demo"] or words[:3] == ["mtmc", "weights", "get"]:
            continue  # by tests of their own
        if "--resume" in words:  # a run of the same settings
            call([word for word in words if word != "--resume"])
        code, said = call(words)
        missing = [file for file in TO_BRING if file in words]
        if missing:
            assert code == 2, words
            assert any(file in said for file in missing), said
        else:
            assert code in {0, None}, said
    assert page.stem == "README" or (folder / "out" / "videos" / "run.json").is_file()
