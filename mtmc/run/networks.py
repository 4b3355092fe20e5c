"""The networks of a run for which none was chosen: those that come with the package."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mtmc.config import Settings, load_settings
from mtmc.detectors import detector_settings

PRESET = "simulated"


def with_networks(settings: Settings) -> Settings:
    """Settings with a detector, the package's own and what suits it where nobody says which."""
    section = settings.get("detector", {})
    if not _chosen(section):
        preset = load_settings(PRESET)
        parts = preset.keys() - {"reid"}  # which has a default of its own
        return {**settings, **{key: _over(preset[key], settings.get(key, {})) for key in parts}}
    if isinstance(section, Mapping) and "name" not in section:
        return {**settings, "detector": {**detector_settings(str(section["weights"])), **section}}
    return settings


def stand_ins(settings: Settings) -> Iterator[str]:
    """A line for each network that nobody chose: what it is, what is better, how to get that."""
    if not _chosen(settings.get("detector", {})):
        yield (
            "no --detector chosen: taking the small one that comes with the package, which learned "
            "from simulated people and takes furniture for people. Better: `mtmc weights get "
            "yolox_nano` (4 MB, Apache-2.0), then --detector yolox_nano"
        )
    if not _chosen(settings.get("reid", {})):
        yield (
            "no --reid chosen: taking the small one that comes with the package, which learned "
            "from simulated people. Better: `mtmc weights get osnet_x0_25_msmt17` (9 MB, for "
            "research), then --reid osnet_x0_25_msmt17; others: `mtmc weights list`"
        )


def _chosen(section: Any) -> bool:
    return not isinstance(section, Mapping) or bool({"name", "weights"} & section.keys())


def _over(under: Settings, section: Any) -> Any:
    """A section over what it leaves open; one that is no section, such as null, stays."""
    return {**under, **section} if isinstance(section, Mapping) else section
