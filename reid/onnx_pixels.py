"""Which range of pixels a model from elsewhere wants: read off the first steps of its graph.

Most take what ImageNet's mean and standard deviation make of a picture. Others do that inside, on
grey levels or on shares of 255, and would see an almost even grey if it were done twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import numpy_helper

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

PASSING = {"Cast", "Transpose", "Identity", "DequantizeLinear", "QuantizeLinear"}
STEPS = {"Sub", "Add", "Mul", "Div"}
LEVELS, UNIT = 1 / 255, 1.0  # standard deviation of pixels in 0..1 that gives either range


def normalises_itself(first_steps: Iterator[tuple[str, NDArray[np.float64]]]) -> float | None:
    """`LEVELS` or `UNIT` if the graph begins with a normalisation of pixels in that range.

    Args:
        first_steps: the arithmetic with constants, one or one per channel, that the input meets
            first: ``Sub``, ``Add``, ``Mul`` or ``Div``.
    """
    try:
        shift, scale, steps = np.zeros(3), np.ones(3), 0
        for kind, values in first_steps:
            if kind in {"Sub", "Add"}:
                shift = shift + (values if kind == "Add" else -values)
            else:
                factor = values if kind == "Mul" else 1 / values
                shift, scale = shift * factor, scale * factor
            steps += 1
    except Exception:  # a model that runs but cannot be analysed
        return None
    if steps == 0 or (not shift.any() and (scale == 1).all()):
        return None
    if not np.isfinite([*shift, *scale]).all() or not (scale > 0).all():
        return None
    # Where 0..1 goes: about -2..2 (ImageNet's numbers), -1..1 or 0..1.
    for std in (LEVELS, UNIT):
        low, high = shift, shift + scale / std
        if (np.abs(low) < 4).all() and (np.abs(high) < 4).all() and (high - low > 0.9).all():
            return std
    return None


def _constants(graph: Any) -> dict[str, NDArray[Any]]:
    found = {t.name: numpy_helper.to_array(t) for t in graph.initializer if np.prod(t.dims) <= 3}
    for node in graph.node:
        if node.op_type == "Constant":
            for attribute in node.attribute:
                if attribute.name == "value" and np.prod(attribute.t.dims) <= 3:
                    found[node.output[0]] = numpy_helper.to_array(attribute.t)
    return found


def first_steps(path: Path) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Those of an ONNX file, see `normalises_itself`."""
    graph = onnx.load(path, load_external_data=False).graph
    constants = _constants(graph)
    at = next(i.name for i in graph.input if i.name not in constants)
    while True:
        users = [node for node in graph.node if at in node.input]
        if len(users) != 1:
            return
        node = users[0]
        if node.op_type in STEPS:
            other = next((name for name in node.input if name in constants), None)
            if other is None or (node.op_type in {"Sub", "Div"} and node.input[0] != at):
                return
            yield node.op_type, np.broadcast_to(constants[other].astype(float).ravel(), 3)
        elif node.op_type not in PASSING:
            return
        at = node.output[0]
