"""Parameters and multiply-adds of an ONNX model, also of a quantised one."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import onnx
from onnx import TensorProto

if TYPE_CHECKING:
    from pathlib import Path

WEIGHTS = {
    TensorProto.FLOAT,
    TensorProto.FLOAT16,
    TensorProto.BFLOAT16,
    TensorProto.DOUBLE,
    TensorProto.INT8,
    TensorProto.UINT8,
    TensorProto.INT32,  # biases of quantised layers
}
QUANTISING = {"QuantizeLinear", "DequantizeLinear"}
# Operators that hold their multiply-adds in a weight, and where the weight is among the inputs.
PRODUCTS = {"Conv": 1, "QLinearConv": 3, "Gemm": 1, "MatMul": 1}


def profile_onnx(model: Path | bytes, size: tuple[int, int]) -> tuple[int | None, int | None]:
    """Learned numbers and multiply-adds of one image.

    Args:
        model: the file, or what would be in it.
        size: ``(height, width)`` of its input.

    Returns:
        Parameters and FLOPs as `reid.models.Profile` counts them; None for what cannot be
        found out.
    """
    try:
        proto = onnx.load_from_string(model) if isinstance(model, bytes) else onnx.load(model)
        return _parameters(proto.graph), _flops(proto, size)
    except Exception:  # a model onnxruntime runs but onnx cannot analyse
        return None, None


def _parameters(graph: Any) -> int:
    """Numbers in constant tensors, but for those that only say how others are quantised."""
    scales = {name for n in graph.node if n.op_type in QUANTISING for name in n.input[1:]}
    return sum(
        prod(tensor.dims)
        for tensor in graph.initializer
        if tensor.data_type in WEIGHTS and tensor.dims and tensor.name not in scales
    )


def _flops(model: Any, size: tuple[int, int]) -> int | None:
    for value, known in zip(
        model.graph.input[0].type.tensor_type.shape.dim, (1, 3, *size), strict=True
    ):
        value.dim_value = known
    graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    shapes: dict[str, list[int]] = {
        value.name: [d.dim_value for d in value.type.tensor_type.shape.dim]
        for value in (*graph.input, *graph.value_info, *graph.output)
    }
    shapes |= {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    total = 0
    for node in graph.node:
        if node.op_type not in PRODUCTS:
            continue
        weight = shapes.get(node.input[PRODUCTS[node.op_type]])
        output = shapes.get(node.output[0])
        if not weight or not output or 0 in output[1:]:
            return None
        # The first axis is the batch, which some exporters leave open here.
        total += prod(output[1:]) * _summed(node, weight)
    return total


def _summed(node: Any, weight: list[int]) -> int:
    """Products that make one number of the output."""
    if node.op_type in ("Conv", "QLinearConv"):
        return prod(weight[1:])  # (out, in / groups, kernel height, kernel width)
    if node.op_type == "Gemm":
        transposed = any(a.name == "transB" and a.i for a in node.attribute)
        return weight[1] if transposed else weight[0]
    return weight[-2]
