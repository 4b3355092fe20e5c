"""WILDTRACK's calibration: XML for each of seven cameras, in centimetres.

``calibrations/extrinsic/extr_<camera>.xml`` has ``rvec`` and ``tvec``. ``intrinsic_zero`` belongs
to the published images and annotations, whose distortion was taken out; ``intrinsic_original``
belongs to the raw videos.

Source:
    Chavdarova et al., WILDTRACK: A Multi-camera HD Dataset for Dense Unscripted Pedestrian
    Detection, CVPR 2018.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mtmc.calibration.opencv import read_opencv
from mtmc.errors import UserError

# The folders of images count the cameras, the calibration names who owned them.
FOLDERS = {
    "CVLab1": "C1",
    "CVLab2": "C2",
    "CVLab3": "C3",
    "CVLab4": "C4",
    "IDIAP1": "C5",
    "IDIAP2": "C6",
    "IDIAP3": "C7",
}
SIZE = [1920, 1080]  # px
UNIT = "cm"


def find_wildtrack(path: Path) -> Path | None:
    """The folder of intrinsics that a path means, None where it is no calibration of WILDTRACK.

    Args:
        path: the dataset, its ``calibrations``, or one of the folders of intrinsics in there.
    """
    for folder in (path, path / "calibrations"):
        if (folder / "extrinsic").is_dir():
            return folder / "intrinsic_zero"
    if path.name.startswith("intrinsic_") and (path.parent / "extrinsic").is_dir():
        return path
    return None


def read_wildtrack(intrinsics: Path) -> dict[str, dict[str, Any]]:
    """An entry per camera, by the name of its calibration and by that of its folder of images.

    Args:
        intrinsics: folder with ``intr_<camera>.xml``, beside ``extrinsic``.

    Raises:
        UserError: a file is missing or cannot be read.
    """
    entries: dict[str, dict[str, Any]] = {}
    for file in sorted(intrinsics.parent.glob("extrinsic/extr_*.xml")):
        camera = file.stem.removeprefix("extr_")
        intrinsic = intrinsics / f"intr_{camera}.xml"
        if not intrinsic.exists():
            raise UserError(f"{intrinsic}: no such file, but there is {file}")
        entry = {**read_opencv(intrinsic), **read_opencv(file), "unit": UNIT, "resolution": SIZE}
        entries[camera] = entry
        if camera in FOLDERS:
            entries[FOLDERS[camera]] = entry
    return entries
