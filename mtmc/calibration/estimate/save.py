"""Writing a calibration that ``load_calibration`` reads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from mtmc.calibration.camera import CameraModel
from mtmc.calibration.homography import FloorHomography
from mtmc.calibration.load import read_cameras
from mtmc.calibration.model import Calibration
from mtmc.files import write_text

MADE = "# Made by `mtmc calibrate tracks`, which may write it anew.\n"


def save_calibration(path: Path, models: Mapping[str, Calibration]) -> None:
    """Write cameras to a YAML file; other cameras that it has stay in it.

    Raises:
        UserError: what is there cannot be read, or it cannot be written.
    """
    entries = read_cameras(path) if path.exists() else {}
    entries.update({name: to_entry(model) for name, model in models.items()})
    text = yaml.safe_dump({"cameras": entries}, sort_keys=False, default_flow_style=None, width=99)
    write_text(path, text)


def save_offsets(
    path: Path, record: Mapping[str, Any], offsets: Mapping[str, float]
) -> Path | None:
    """Write the cameras of a run with their clocks put right, for the next run.

    Args:
        path: the ``cameras.yaml``; one that somebody else has written stays as it is.
        record: the run's ``run.json``.
        offsets: s to add to a camera's clock, besides what the run already added; 0 for others.

    Returns:
        Where it was written, or None where a camera is no file and so has to be written by hand.
    """
    before = {about[0]: about[2:5] for about in record.get("about", {}).get("cameras", [])}
    cameras = []
    for name, about in record["cameras"].items():
        source = Path(about.get("source", ""))
        if not about.get("source") or not source.exists():
            return None
        stream, fps, offset = before.get(name, (None, None, 0.0))
        total = round(float(offset or 0.0) + offsets.get(name, 0.0), 3)
        files = [str(Path(part).resolve()) for part in (source, *about.get("parts", ()))]
        entry = {"name": name, "path": files if len(files) > 1 else files[0], "offset": total}
        said = {"stream": stream, "fps": fps, "start": about.get("start")}
        cameras.append(entry | {key: value for key, value in said.items() if value is not None})
    if path.exists() and not path.read_bytes().startswith(MADE.encode()):
        path = path.with_stem(f"{path.stem}_calibrated")
    write_text(path, MADE + yaml.safe_dump({"cameras": cameras}, sort_keys=False))
    return path


def to_entry(model: Calibration) -> dict[str, Any]:
    """A camera as names and numbers.

    Raises:
        TypeError: of this kind of calibration nothing can be written.
    """
    size = {} if model.size is None else {"resolution": list(model.size)}
    if isinstance(model, FloorHomography):
        error = round(float(model.error), 4)
        return {"homography": model.matrix.tolist(), "floor_error": error, **size}
    if not isinstance(model, CameraModel):
        raise TypeError(f"cannot write a {type(model).__name__}")
    fisheye = {"fisheye": True} if model.fisheye else {}
    return {
        "intrinsic": model.matrix.tolist(),
        "distortion": model.distortion.ravel().tolist(),
        "extrinsic": model.extrinsic.tolist(),
        "unit": "m",
        **fisheye,
        **size,
    }
