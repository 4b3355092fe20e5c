"""What the pages say can be done: links lead somewhere, commands exist, code runs."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import typer

from mtmc import cli, trackers
from mtmc.reid import cli as reid_cli

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
GUIDE = [page for page in PAGES if "research" not in page.parts]
APPS = {"mtmc": typer.main.get_command(cli.app), "reid": typer.main.get_command(reid_cli.app)}


def names(pages):
    return [str(page.relative_to(ROOT)) for page in pages]


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), flags=re.M | re.S)


def commands(page):
    """The command lines of a page, as lists of words; a usage line is none."""
    for block in blocks(page, "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            words = words[2:] if words[:2] == ["uv", "run"] else words
            if words and words[0] in APPS and not any(word.startswith("[") for word in words):
                yield words


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", GUIDE, ids=names(GUIDE))
def test_commands_exist_with_their_options(page):
    for program, *words in commands(page):
        group = APPS[program]
        context = group.make_context(program, list(words))
        while hasattr(group, "resolve_command"):
            rest = [*getattr(context, "_protected_args", ()), *context.args]
            if not rest:
                break
            name, group, rest = group.resolve_command(context, rest)
            context = group.make_context(name, list(rest), parent=context)


def pieces_of_a_video():
    boxes = np.array([[100, 100, 150, 250], [300, 120, 350, 260]], np.float32)
    frames = [(boxes + step, np.array([0.9, 0.8], np.float32)) for step in range(30)]
    floor = {
        "floor": np.array([[1.0, 2], [3, 4]]),
        "floor_covariance": np.tile(np.eye(2), (2, 1, 1)),
    }
    detections = [trackers.Detections(*frame, **floor) for frame in frames]
    return {
        "frames": frames,
        "steps": [(n / 2, [each, each]) for n, each in enumerate(detections)],
        "frame_numbers": np.repeat(np.arange(1, 31), 2),
        "ids": np.tile([1, 2], 30),
        "boxes": np.concatenate([frame[0] for frame in frames]),
        "scores": np.concatenate([frame[1] for frame in frames]),
        "det_index": np.arange(60),
        "crops": [np.zeros((64, 32, 3), np.uint8)],
    }


CODE = [(page, block) for page in GUIDE for block in blocks(page, "python")]


@pytest.mark.parametrize(
    ("page", "block"), CODE, ids=[f"{p.stem}-{n}" for n, (p, _) in enumerate(CODE)]
)
def test_code_runs(page, block):
    names = {}
    for earlier in (b for p, b in CODE if p == page):
        names |= pieces_of_a_video()
        exec(earlier.replace('"best.pt"', '"color"'), names)
        if earlier == block:
            break


@pytest.mark.parametrize(
    "page", sorted((ROOT / "docs" / "guide").glob("*.md")), ids=lambda p: p.stem
)
def test_guide_pages_have_short_sentences(page):
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
    prose = [line for line in text.splitlines() if line and line[0] not in "#|!<>-*`:0123456789"]
    sentences = re.split(r"(?<=[.!?:])\s+", " ".join(prose))
    lengths = [len(sentence.split()) for sentence in sentences if sentence]
    assert np.mean(lengths) <= 18, f"{np.mean(lengths):.1f} words a sentence"
