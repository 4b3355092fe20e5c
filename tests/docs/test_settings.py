"""The pages of settings are what the commands write, and everything in them is explained."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from mtmc.cli import app
from mtmc.errors import UserError
from mtmc.reid.cli import app as reid_app
from mtmc.reid.commands.settings import sections as reid_sections
from mtmc.run.reference import sections

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
PROGRAMS = {"mtmc": (app, "settings.md"), "reid": (reid_app, "reid-settings.md")}
OURS = list(sections(others=False))


def shown(program, *words):
    result = CliRunner().invoke(PROGRAMS[program][0], ["settings", *words], env={"COLUMNS": "200"})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.stdout


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_page_is_what_the_command_writes(program):
    page = REFERENCE / PROGRAMS[program][1]
    written = shown(program, "--markdown")
    assert page.read_text() == written, f"{program} settings --markdown > {page}"


@pytest.mark.parametrize("section", OURS, ids=[section.title for section in OURS])
def test_every_setting_of_a_run_is_explained(section):
    assert section.about
    assert [entry.key for entry in section.entries if len(entry.meaning) < 3] == []


def test_every_setting_of_a_training_is_explained():
    assert [e.key for rows in reid_sections().values() for e in rows if not e.meaning] == []


def test_few_are_shown_and_all_are_there_for_experts():
    few, all_ = shown("mtmc"), shown("mtmc", "--expert")
    assert "tracker.max_age" in few
    assert "crops.min_quality" not in few
    assert "crops.min_quality" in all_
    default = [section for section in OURS if section.is_default]
    assert sum(entry.public for section in default for entry in section.entries) <= 30


def test_one_section_and_one_plug_in_of_it():
    assert "tracker: sort" in shown("mtmc", "tracker")
    assert "detector" not in shown("mtmc", "tracker")
    assert "tracker: coast" not in shown("mtmc", "tracker.sort")
    assert "people" in shown("reid", "sampler")
    with pytest.raises(UserError, match="did you mean 'tracker'"):
        shown("mtmc", "trackr")
    with pytest.raises(Exception, match="did you mean 'sampler'"):
        shown("reid", "smpler")
