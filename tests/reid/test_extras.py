from __future__ import annotations

import tomllib
from pathlib import Path

from mtmc.reid.extras import EXTRAS, what_to_install

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def test_every_extra_exists() -> None:
    offered = tomllib.loads(PROJECT.read_text())["project"]["optional-dependencies"]
    assert set(EXTRAS.values()) <= set(offered)


def test_the_core_has_no_package_of_an_extra() -> None:
    core = tomllib.loads(PROJECT.read_text())["project"]["dependencies"]
    assert not {name.split(">")[0] for name in core} & set(EXTRAS)


def test_a_missing_package_is_named_with_its_extra() -> None:
    missing = what_to_install(ModuleNotFoundError("no", name="torch.nn"))
    assert missing == "this needs torch, which is not installed: pip install 'mtmc[reid]'"
    assert what_to_install(ModuleNotFoundError("no", name="mtmc.nothing")) is None
    assert "headless" in (what_to_install(ImportError("libGL.so.1: cannot open")) or "")
