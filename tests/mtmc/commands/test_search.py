"""``mtmc search`` as it is called."""

import json

import pytest

from mtmc.errors import UserError
from mtmc.results import Results
from mtmc.run import run
from tests.mtmc.commands.test_people import call
from tests.mtmc.conftest import SETTINGS, write_scene


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = write_scene(tmp_path_factory.mktemp("scene"))
    run(folder, folder / "out", SETTINGS)
    return folder / "out"


def test_a_picture_finds_its_person(out, tmp_path):
    results = Results.open(out)
    for crop in list(results.crops)[::5]:
        (tmp_path / "crop.jpg").write_bytes(crop.jpeg)
        call("search", out, "--image", tmp_path / "crop.jpg", "--json", tmp_path / "found.json")
        people = json.loads((tmp_path / "found.json").read_text())["people"]
        assert people[0]["person"] == results.owners[crop.key]
        assert people[0]["probability"] > 0.5 > people[-1]["probability"]


def test_people_are_asked_for_by_number_camera_and_time(out):
    assert "right" not in call("search", out, "--id", 1, "--camera", "left")
    assert "somebody else" in call("search", out, "--id", 1)  # who walks beside them
    assert "left" not in call("search", out, "--id", 1, "--from", 60)


def test_what_makes_no_sense_is_refused(out, tmp_path):
    (tmp_path / "text.jpg").write_text("no picture")
    crop = next(iter(Results.open(out).crops))
    (tmp_path / "crop.jpg").write_bytes(crop.jpeg)
    for words, message in [
        ((), "expected either --image FILE or --id NUMBER"),
        (("--id", 99), "--id 99: nobody"),
        (("--id", 1, "--camera", "lef"), "left"),
        (("--image", tmp_path / "text.jpg"), "is no picture"),
        (("--image", tmp_path / "nothing.jpg"), "No such file"),
        (("--image", tmp_path / "crop.jpg", "--model", "simulated"), "as something else"),
    ]:
        with pytest.raises(UserError, match=message):
            call("search", out, *words)
