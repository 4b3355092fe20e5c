"""The floors of the house: a file imports only from floors before its own, and nothing twice."""

import ast
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Ground first; rooms on one floor may not import each other.
FLOORS = [
    {"trackers"},
    {"reid"},
    {"errors", "types"},
    {"mot", "files"},
    {"registry"},
    {"config"},
    {"sources", "calibration", "detectors", "perception", "simulate"},
    {"tracking"},
    {"associate", "events"},
    {"zones"},
    {"results"},
    {"outputs", "offline"},
    {"corrections", "known"},
    {"run"},
    {"cluster", "evaluate", "viewer"},
    {"commands"},
    {"cli"},
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


def files(*folders):
    """Without those behind the links in ``mtmc/``, which are the folders at the top."""
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    links = {ROOT / "mtmc" / "trackers", ROOT / "mtmc" / "reid"}
    return [path for path in found if not links & set(path.parents)]


@cache
def imported(path):
    """All modules a file imports, wherever in it, and all names it takes from them."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def room_of(module):
    """The room of ours that a module is in, or None."""
    parts = module.split(".")
    return parts[1] if parts[0] == "mtmc" and len(parts) > 1 and parts[1] in FLOOR else None


def own_room(path):
    parts = path.relative_to(ROOT).parts
    return parts[0] if parts[0] != "mtmc" else parts[1].removesuffix(".py")


EVERY = files("mtmc", "trackers", "reid")


def test_every_room_has_a_floor():
    rooms = {own_room(path) for path in EVERY} - {"__init__"}
    assert rooms <= set(FLOOR)


@pytest.mark.parametrize("room", sorted({own_room(path) for path in EVERY} - {"__init__"}))
def test_a_room_imports_only_from_floors_before_its_own(room):
    allowed = {r for r, floor in FLOOR.items() if floor < FLOOR[room]}
    if room in {"trackers", "reid"}:
        allowed = set()  # usable alone
    for path in EVERY:
        if own_room(path) == room:
            upward = {r for m in imported(path) if (r := room_of(m))} - allowed - {room}
            assert not upward, f"{path.relative_to(ROOT)} imports {', '.join(sorted(upward))}"


def module_name(path):
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    parts = parts if parts[0] == "mtmc" else ["mtmc", *parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_there_is_no_circle():
    modules = {module_name(path): path for path in EVERY}
    arrows = defaultdict(set)
    for name, path in modules.items():
        # A package hands on what its files hold; the files do not ask it.
        arrows[name] |= {
            module
            for module in imported(path) & set(modules)
            if not f"{module}.".startswith(f"{name}.")
        }
    done, path = set(), []

    def visit(name):
        if name in path:
            raise AssertionError(f"circle: {' -> '.join([*path[path.index(name) :], name])}")
        if name not in done:
            path.append(name)
            for target in sorted(arrows[name]):
                visit(target)
            done.add(path.pop())

    for name in sorted(modules):
        visit(name)


@pytest.mark.parametrize("folder", ["mtmc", "trackers", "reid", "tests", "benchmarks"])
def test_trackers_and_reid_are_imported_by_one_name(folder):
    for path in files(folder):
        bare = {m for m in imported(path) if m.split(".")[0] in {"trackers", "reid"}}
        assert not bare, f"{path}: imports {bare}; all of ours is in mtmc"


def test_what_benchmarks_import_is_there():
    modules = {module_name(path): path for path in EVERY}
    for path in files("benchmarks"):
        for wanted in {m for m in imported(path) if m.startswith("mtmc.")} - set(modules):
            module, name = wanted.rsplit(".", 1)
            assert module in modules, f"{path.name}: {wanted}"
            words = modules[module].read_text(encoding="utf-8").replace("(", " ").split()
            assert name in {word.strip(",:=\"'") for word in words}, f"{path.name}: {wanted}"
