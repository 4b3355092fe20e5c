from __future__ import annotations

from pathlib import Path

from mtmc.reid.errors import ReidError
from mtmc.reid.registry import unknown

# Beside the package in a checkout, inside it when installed.
_HERE = Path(__file__).resolve().parent  # through the link, in a checkout
FOLDERS = (_HERE / "configs", _HERE.parent / "configs" / "reid")


def find_config(name: str) -> Path:
    """A YAML file, or the preset of that name.

    Raises:
        ReidError: there is neither.
    """
    path = Path(name)
    if path.is_file():
        return path
    if path.suffix in {".yaml", ".yml"} and path.parent != Path():
        raise ReidError(f"{path}: no such configuration file")
    presets = _presets()
    stem = str(path.with_suffix("")) if path.suffix in {".yaml", ".yml"} else name
    if stem not in presets:
        raise unknown("configuration", name, presets)
    return presets[stem]


def preset_names() -> list[str]:
    """The configurations that come with the package."""
    return sorted(_presets())


def _presets() -> dict[str, Path]:
    return {
        file.relative_to(folder).with_suffix("").as_posix(): file
        for folder in FOLDERS
        for file in sorted(folder.rglob("*.yaml"))
    }
