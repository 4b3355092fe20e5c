from tests.loaded import loaded_by, packages

HEAVY = {"torch", "cv2", "av", "ultralytics", "onnxruntime", "polars", "openvino", "matplotlib"}


def test_importing_mtmc_loads_nothing_of_weight():
    assert not packages(loaded_by("import mtmc, mtmc.cli")) & (HEAVY | {"numpy"})


def test_a_detector_loads_only_its_own_library():
    code = "from mtmc.registry import DETECTORS; DETECTORS.load('{}')"
    for name in ("onnx", "openvino", "ultralytics", "motfile"):
        own = {"cv2"} if name in {"onnx", "openvino"} else set()
        assert not packages(loaded_by(code.format(name))) & (HEAVY - own)
