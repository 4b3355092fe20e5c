from __future__ import annotations

import subprocess
import sys


def loaded_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_reid_loads_none_of_the_heavy_libraries() -> None:
    heavy = {"torch", "torchvision", "cv2", "onnx", "onnxruntime", "timm", "mtmc", "trackers"}
    assert not loaded_by("import reid") & heavy


def test_serving_onnx_and_colour_loads_no_torch() -> None:
    loaded = loaded_by("import reid.onnx_embedder, reid.color")
    assert not loaded & {"torch", "torchvision", "timm", "mtmc", "trackers", "pydantic"}
