from __future__ import annotations

import subprocess
import sys


def loaded_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names = {name for name in done.stdout.split() if not name.startswith("mtmc.reid")}
    return {name if name.startswith("mtmc.") else name.split(".")[0] for name in names} - {"mtmc"}


def ours(loaded: set[str]) -> set[str]:
    """Other rooms of the house that came along."""
    return {name for name in loaded if name.startswith("mtmc.")}


def test_importing_reid_loads_none_of_the_heavy_libraries() -> None:
    heavy = {"torch", "torchvision", "cv2", "onnx", "onnxruntime", "timm"}
    loaded = loaded_by("import mtmc.reid")
    assert not loaded & heavy
    assert not ours(loaded)


def test_serving_onnx_and_colour_loads_no_torch() -> None:
    loaded = loaded_by("import mtmc.reid.onnx_embedder, mtmc.reid.color")
    assert not loaded & {"torch", "torchvision", "timm", "pydantic"}
    assert not ours(loaded)
