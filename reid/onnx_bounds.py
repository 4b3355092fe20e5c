"""How much memory an ONNX model would take, before it takes it.

A small file can ask for any amount: a constant of any shape, an image blown up. ONNX Runtime makes
constants as it opens a file.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 2**28  # numbers in one tensor for one picture: 1 GB; detectors have a few million
LOOKED_AT = 2**26  # bytes of a file; who has more on disk is no small surprise in memory


def too_large(path: Path) -> bool:
    """Whether some step of the graph makes more numbers than `LARGEST`, as far as can be known."""
    if path.stat().st_size > LOOKED_AT:
        return False
    import onnx

    try:
        model = onnx.load(path, load_external_data=False)
        graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    except Exception:  # a file that is no model, or that onnx cannot analyse
        return False
    return any(_numbers(value) > LARGEST for value in (*graph.value_info, *graph.output))


def _numbers(value: Any) -> int:
    return prod(max(1, side.dim_value) for side in value.type.tensor_type.shape.dim)
