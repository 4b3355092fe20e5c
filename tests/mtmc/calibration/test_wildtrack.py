import json

import numpy as np
import pytest

from mtmc.calibration import load_calibration
from mtmc.calibration.wildtrack import FOLDERS
from mtmc.errors import UserError

INTRINSIC = """<?xml version="1.0"?>
<opencv_storage>
<camera_matrix type_id="opencv-matrix"><rows>3</rows><cols>3</cols><dt>d</dt>
  <data>1700 0 960 0 1700 540 0 0 1</data></camera_matrix>
<distortion_coefficients type_id="opencv-matrix"><rows>5</rows><cols>1</cols><dt>d</dt>
  <data>
    {k1} 0
    0 0 0</data></distortion_coefficients>
</opencv_storage>
"""
# Looks straight down from 3 m above (1, 2).
EXTRINSIC = """<?xml version="1.0"?>
<opencv_storage>
  <rvec>
    3.141592653589793 0 0
  </rvec>
  <tvec>
    -100.0 200.0 300.0
  </tvec>
</opencv_storage>
"""


@pytest.fixture
def calibrations(tmp_path):
    folder = tmp_path / "calibrations"
    for name, text in (
        ("extrinsic/extr_CVLab2.xml", EXTRINSIC),
        ("intrinsic_zero/intr_CVLab2.xml", INTRINSIC.format(k1=0)),
        ("intrinsic_original/intr_CVLab2.xml", INTRINSIC.format(k1=-0.4)),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize("camera", ["CVLab2", "C2"])
def test_centimetres_become_metres(calibrations, camera):
    for path in (calibrations, calibrations.parent):
        model = load_calibration(path, [camera])[camera]
        assert model.position == pytest.approx([1, 2, 3])
        assert model.size == (1920, 1080)
        assert not model.distortion.any()


def test_raw_videos_have_their_distortion(calibrations):
    model = load_calibration(calibrations / "intrinsic_original", ["C2"])["C2"]
    assert model.distortion[0] == pytest.approx(-0.4)


def test_a_missing_file_is_named(calibrations):
    (calibrations / "intrinsic_zero" / "intr_CVLab2.xml").unlink()
    with pytest.raises(UserError, match=r"intr_CVLab2\.xml: no such file, but there is .*extr_"):
        load_calibration(calibrations, ["C2"])


def test_the_annotated_feet_stand_at_the_annotated_positions(shared_data):
    root = shared_data / "wildtrack"
    names = list(FOLDERS)
    models = load_calibration(root, names)
    apart = []
    for person in json.loads((root / "annotations_positions" / "00000000.json").read_text()):
        row, column = divmod(person["positionID"], 480)
        at = [-3 + 0.025 * column, -9 + 0.025 * row]
        for view in person["views"]:
            if 0 <= view["ymax"] < 1070:
                feet = [[(view["xmin"] + view["xmax"]) / 2, view["ymax"]]]
                found = models[names[view["viewNum"]]].to_floor(np.array(feet))
                apart.append(np.linalg.norm(found - at))
    assert len(apart) > 50
    assert np.median(apart) < 0.15
