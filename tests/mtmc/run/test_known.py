"""Two runs with one gallery: who is known keeps the id and the name."""

import pytest

from mtmc.errors import UserError
from mtmc.known import KnownPeople
from mtmc.results import Results
from mtmc.run import run
from tests.mtmc.conftest import SETTINGS


@pytest.mark.parametrize("mode", ["offline", "online"])
def test_ids_and_names_outlast_a_run(scene, tmp_path, mode):
    path = tmp_path / "people.sqlite"
    settings = {**SETTINGS, "associator": mode, "gallery": str(path), "output": {"video": False}}
    run(scene, tmp_path / "one", settings)
    known = KnownPeople.open(path)
    first = Results.open(tmp_path / "one").people
    sure = [person["id"] for person in first if not person["doubt"]]
    assert sorted(known.people) == sure
    assert len(sure) == 2
    known.last = 40
    known.people = {30 + number: person for number, person in known.people.items()}
    known.people[30 + sure[0]].name = "Ann"
    known.save()
    moved = tmp_path / "tuesday"  # the same people on another day
    scene.rename(moved)
    run(moved, tmp_path / "two", settings)
    people = {person["id"]: person["name"] for person in Results.open(tmp_path / "two").people}
    assert people == {30 + sure[0]: "Ann", 30 + sure[1]: None}
    runs = {look.run for look in KnownPeople.open(path).people[30 + sure[0]].looks}
    assert len(runs) == 2
    with pytest.raises(UserError, match="--reid none"):
        run(moved, tmp_path / "three", {**settings, "reid": "none"})
