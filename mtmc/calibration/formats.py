"""Which cameras a file with several of them has, as different programs write it.

- Ours: names and entries, under ``cameras`` or at the top; or a list with ``name`` or ``id``.
- Kalibr's camchain, anipose's and caliscope's TOML: tables at the top, or under ``cameras``. In
  TOML, cameras also go by their ``name``, or by ``cam_N`` and ``port_N`` where they have a number.
- The AI City Challenge's ``sensors``.
- Bare 3x4 matrices by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mtmc.calibration.entry import TO_IMAGE, is_entry

_NAMES = ("name", "id", "camera", "camera_id", "cam_id")
_NUMBERS = ("cam_id", "port")


def named_entries(content: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of a file by the cameras' names; an entry may have several names.

    Args:
        content: of the file, which is not one camera's entry.
    """
    if isinstance(content.get("sensors"), list):
        return {
            str(sensor["id"]): _sensor(sensor)
            for sensor in content["sensors"]
            if isinstance(sensor, Mapping) and "id" in sensor and _is_camera(sensor)
        }
    entries = content.get("cameras", content)
    if isinstance(entries, list):
        return {
            str(entry[key]): entry
            for entry in entries
            if isinstance(entry, Mapping)
            for key in [next((key for key in _NAMES if key in entry), None)]
            if key is not None
        }
    if not isinstance(entries, Mapping):
        return {}
    by_key = {
        str(name): entry
        for name, entry in entries.items()
        if entries is not content or isinstance(entry, Mapping) or is_entry(entry)
    }
    return {**_aliases(by_key), **by_key}


def _aliases(entries: Mapping[str, Any]) -> dict[str, Any]:
    """Entries by the other names that they give themselves."""
    found = {}
    for entry in entries.values():
        if not (isinstance(entry, Mapping) and is_entry(entry)):
            continue
        if isinstance(entry.get("name"), str | int):
            found[str(entry["name"])] = entry
        for key in _NUMBERS:
            if isinstance(entry.get(key), int):
                found[f"{key.removesuffix('_id')}_{entry[key]}"] = entry
    return found


def _is_camera(sensor: Mapping[str, Any]) -> bool:
    return str(sensor.get("type", "camera")) == "camera"


def _sensor(sensor: Mapping[str, Any]) -> dict[str, Any]:
    """A sensor of the AI City Challenge's ``calibration.json``, in metres.

    Of its three accounts of the camera the 3x4 ``cameraMatrix`` says most; ``homography`` is from
    the floor to the image. ``scaleFactor`` is that of a picture of the floor, not of the matrices.
    """
    entry: dict[str, Any] = {"direction": TO_IMAGE}
    names = {
        "cameraMatrix": "projection",
        "homography": "homography",
        "distortionCoefficients": "distortion",
    }
    if "cameraMatrix" not in sensor:
        names |= {"intrinsicMatrix": "intrinsic", "extrinsicMatrix": "extrinsic"}
    for theirs, ours in names.items():
        if sensor.get(theirs) is not None:
            entry[ours] = sensor[theirs]
    if "extrinsic" not in entry:
        entry.pop("intrinsic", None)
    attributes = sensor.get("attributes")
    given = {
        str(each.get("name")): each.get("value")
        for each in (attributes if isinstance(attributes, list) else [])
        if isinstance(each, Mapping)
    }
    if "frameWidth" in given:
        entry["resolution"] = [given["frameWidth"], given.get("frameHeight")]
    return entry
