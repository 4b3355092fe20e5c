from __future__ import annotations

from tests.loaded import loaded_by, packages


def ours(loaded: set[str]) -> set[str]:
    """Other rooms of the house that came along."""
    return {n for n in loaded if n.startswith("mtmc.") and not n.startswith("mtmc.reid")}


def test_importing_reid_loads_none_of_the_heavy_libraries() -> None:
    heavy = {"torch", "torchvision", "cv2", "onnx", "onnxruntime", "timm"}
    loaded = loaded_by("import mtmc.reid")
    assert not packages(loaded) & heavy
    assert not ours(loaded)


def test_serving_onnx_and_colour_loads_no_torch() -> None:
    loaded = loaded_by("import mtmc.reid.onnx_embedder, mtmc.reid.color")
    assert not packages(loaded) & {"torch", "torchvision", "timm", "pydantic"}
    assert not ours(loaded)
