import subprocess
import sys

HEAVY = {"torch", "cv2", "av", "ultralytics", "onnxruntime", "polars", "openvino", "matplotlib"}


def loaded_by(code):
    code += "\nimport sys; print(*{name.partition('.')[0] for name in sys.modules})"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return set(result.stdout.split())


def test_importing_mtmc_loads_nothing_of_weight():
    assert not loaded_by("import mtmc, mtmc.cli") & (HEAVY | {"numpy"})


def test_a_detector_loads_only_its_own_library():
    code = "from mtmc.registry import DETECTORS; DETECTORS.load('{}')"
    assert not loaded_by(code.format("onnx")) & (HEAVY - {"cv2"})
    assert not loaded_by(code.format("openvino")) & (HEAVY - {"cv2"})
    assert not loaded_by(code.format("ultralytics")) & HEAVY
    assert not loaded_by(code.format("motfile")) & HEAVY
