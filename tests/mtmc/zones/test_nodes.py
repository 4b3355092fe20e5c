"""What becomes known depends on what the cameras told alone: not on order, doubles, or kills."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from mtmc.errors import UserError
from mtmc.zones import codec, journal
from mtmc.zones.associator import ZonesConfig, make_directory
from mtmc.zones.nodes import DirectoryNode, ZoneNode
from mtmc.zones.report import pack, unpack
from mtmc.zones.zone import Zone
from tests.mtmc.zones.walks import Walks, corridor

EVEN = 0.5
STAYS, WAYS = corridor(people=4, cameras=3)
WALKS = Walks(STAYS, noise=0.15)
ZONES = {"both": ["c00", "c01"], "end": ["c02"]}
CONFIG = ZonesConfig(revise=2.0, topology=WAYS, zones=ZONES)
STEPS = [step for _, steps in WALKS.moments() for step in steps]
ZONE_OF = {camera: name for name, cameras in ZONES.items() for camera in cameras}
PLACES = {name: place for place, name in enumerate(WALKS.cameras)}


def fresh(offsets=None):
    zones = {
        name: ZoneNode(Zone(name, CONFIG, EVEN, cameras, PLACES), cameras, offsets=offsets)
        for name, cameras in ZONES.items()
    }
    return zones, DirectoryNode(make_directory(CONFIG, EVEN, WALKS.cameras, ZONES), ZONES)


class System:
    """Zones and a directory, each of which can be set back to an earlier state."""

    def __init__(self, offsets=None):
        self.zones, self.directory = fresh(offsets)
        self.reports, self.told, self.events = [], 0, {}
        self.save(0)

    def put(self, step):
        self.zones[ZONE_OF[step.camera]].put(step)

    def take(self, everything=False):
        for node in self.zones.values():
            self.reports.extend(node.take(everything))
        for report in unpack(codec.loads(codec.dumps(pack(self.reports[self.told :])))):
            self.directory.put(report)
        self.told = len(self.reports)
        for event in self.directory.take(everything):
            assert self.events.setdefault(event.seq, event.json()) == event.json()

    def save(self, steps):
        """After so many steps."""
        nodes = {**self.zones, "dir": self.directory}
        state = {name: codec.dumps(node) for name, node in nodes.items()}
        self.saved = steps, len(self.reports), state

    def kill(self, who, steps):
        """One goes on from what was saved, and is told anew what came since then."""
        at, heard, state = self.saved
        if who == "dir":
            self.directory, self.told = codec.loads(state[who]), heard
            return
        self.zones[who] = codec.loads(state[who])
        for step in steps[at:]:
            if ZONE_OF[step.camera] == who:
                self.put(step)


def run(steps, kills=(), offsets=None):
    """All events, as lines; ``kills`` are numbers of steps, and who is killed then."""
    system = System(offsets)
    for number, step in enumerate(steps):
        system.put(step)
        system.take()
        if number % 50 == 0:
            system.save(number + 1)
        for who in [name for at, name in kills if at == number]:
            system.kill(who, steps[: number + 1])
            system.take()
    system.take(everything=True)
    return [system.events[seq] for seq in sorted(system.events)]


@pytest.fixture(scope="module")
def undisturbed():
    return run(STEPS)


def test_events_tell_of_everybody(undisturbed):
    assert sum('"kind":"open"' in line for line in undisturbed) == 4
    assert any('"zone":"end"' in line for line in undisturbed)


def disturbed(seed):
    random = np.random.default_rng(seed)
    twice = [STEPS[i] for i in random.choice(len(STEPS), len(STEPS) // 20, replace=False)]
    return sorted([*STEPS, *twice], key=lambda step: step.time + random.uniform(0, 1.9))


@pytest.mark.parametrize("seed", [0, 1])
def test_reordering_duplicates_and_kills_change_no_event(seed, undisturbed):
    kills = [(131, "both"), (187, "dir"), (188, "end"), (240, "dir")]
    assert run(disturbed(seed), kills) == undisturbed


def test_a_clock_that_is_known_to_be_ahead_changes_nothing(undisturbed):
    ahead = [replace(s, time=s.time + 2) if s.camera == "c01" else s for s in STEPS]
    assert run(ahead, offsets={"c01": 2.0}) == undisturbed
    assert run(ahead) != undisturbed


def test_looks_that_come_too_late_are_taken_in():
    slow = next(s for s in STEPS if s.camera == "c02" and len(s.crops) and s.time > 45)
    place = STEPS.index(slow)
    late = [*STEPS[:place], *STEPS[place + 1 : place + 30], slow, *STEPS[place + 30 :]]
    lines = run(late)
    assert sum('"kind":"open"' in line for line in lines) == 4


class Evil:
    def __reduce__(self):
        return print, ("gotcha",)


def test_a_state_that_asks_for_anything_else_is_refused(tmp_path, capsys):
    path = tmp_path / "state"
    codec.save(path, {"zone": fresh()[0]["both"]})
    assert isinstance(codec.load(path)["zone"], ZoneNode)
    codec.save(path, Evil())
    with pytest.raises(UserError, match=r"no state of zones \(asks for builtins\.print\)"):
        codec.load(path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match="damaged"):
        codec.load(path)
    assert codec.load(tmp_path / "none") is None
    assert capsys.readouterr().out == ""
    with pytest.raises(pickle.UnpicklingError):
        codec.loads(pickle.dumps(np.save))


def test_a_journal_is_read_from_anywhere_and_survives_a_torn_message(tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "SEGMENT", 100)
    log = journal.Journal(tmp_path)
    for number in range(20):
        log.add(b"%d" % number * 7)
    log.close()
    every = list(journal.read(tmp_path))
    assert [message for _, message in every] == [b"%d" % n * 7 for n in range(20)]
    for position, _ in every:
        rest = [message for _, message in journal.read(tmp_path, position)]
        assert rest == [m for p, m in every if p > position]
    last = max(tmp_path.glob("*.log"))
    with last.open("ab") as handle:
        handle.write(b"\x09\x00\x00\x00abcd123")
    log = journal.Journal(tmp_path)
    log.add(b"whole")
    assert [message for _, message in journal.read(tmp_path, every[-1][0])] == [b"whole"]
    journal.forget(tmp_path, every[-1][0])
    assert len(list(tmp_path.glob("*.log"))) <= 2
