"""Writing a calibration that ``load_calibration`` reads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from mtmc.calibration.camera import CameraModel
from mtmc.calibration.homography import FloorHomography
from mtmc.calibration.load import read_cameras
from mtmc.outputs.files import write_text


def save_calibration(path: Path, models: Mapping[str, CameraModel | FloorHomography]) -> None:
    """Write cameras to a YAML file; other cameras that it has stay in it.

    Raises:
        UserError: what is there cannot be read, or it cannot be written.
    """
    entries = read_cameras(path) if path.exists() else {}
    entries.update({name: to_entry(model) for name, model in models.items()})
    text = yaml.safe_dump({"cameras": entries}, sort_keys=False, default_flow_style=None, width=99)
    write_text(path, text)


def to_entry(model: CameraModel | FloorHomography) -> dict[str, Any]:
    """A camera as names and numbers."""
    size = {} if model.size is None else {"resolution": list(model.size)}
    if isinstance(model, FloorHomography):
        error = round(float(model.error), 4)
        return {"homography": model.matrix.tolist(), "floor_error": error, **size}
    return {
        "intrinsic": model.matrix.tolist(),
        "distortion": model.distortion.ravel().tolist(),
        "extrinsic": model.extrinsic.tolist(),
        "unit": "m",
        **size,
    }
