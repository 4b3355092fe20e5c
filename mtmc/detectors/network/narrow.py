"""Networks for a square input as they suit pictures that are not: no padding is computed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtmc.detectors.network.layouts import yolox_grid

Size = tuple[int, int]  # (height, width) px
CELL = 32  # px of the input, of which the coarsest level has whole ones


def filled(picture: Size, size: Size) -> Size:
    """The least part of an input of that size that holds a letterboxed picture."""
    scale = min(size[0] / picture[0], size[1] / picture[1])
    height, width = (
        min(side, -(-max(1, round(length * scale)) // CELL) * CELL)
        for length, side in zip(picture, size, strict=True)
    )
    return height, width


def narrowed(model: Any, size: Size, wanted: Size) -> Any | None:
    """A model of OpenVINO for a smaller input, None where that cannot be had.

    Exporters write the grid of cells into a model; that of the smaller input takes its place.

    Args:
        model: with an input of pictures alone.
        size: of it.
        wanted: of the smaller one.
    """
    from openvino import PartialShape

    model = model.clone()
    (image,) = model.inputs
    channels_last = image.partial_shape[3] == 3
    old, new = yolox_grid(size), yolox_grid(wanted)
    for node in model.get_ordered_ops():
        if node.get_type_name() == "Constant" and not _exchange(node, old, new):
            return None
    outputs = [_shape(port, len(old[0]), len(new[0])) for port in model.outputs]
    shape = PartialShape([1, *wanted, 3] if channels_last else [1, 3, *wanted])
    image.get_node().set_partial_shape(shape)
    try:
        model.validate_nodes_and_infer_types()
    except RuntimeError:
        return None
    return model if outputs == [_shape(port) for port in model.outputs] else None


def _shape(port: Any, old: int = 0, new: int = 0) -> list[int]:
    shape = [side.get_length() for side in port.partial_shape if side.is_static]
    return [new if side == old else side for side in shape]


def _exchange(node: Any, old: tuple[Any, Any], new: tuple[Any, Any]) -> bool:
    """Put the new grid where a constant is the old one; whether that is known how."""
    from openvino import opset8

    values: NDArray[Any] = node.data
    count = len(old[0])
    if values.ndim == 1 and values.dtype.kind == "i" and count in values:
        exchanged = np.where(values == count, len(new[0]), values)  # a shape
    elif count in values.shape:
        axis = values.shape.index(count)
        table = np.moveaxis(values, axis, 0).reshape(count, -1)
        for before, after in zip(_tables(*old), _tables(*new), strict=True):
            if np.array_equal(table, before):
                sides = [*values.shape[:axis], *values.shape[axis + 1 :]]
                exchanged = np.moveaxis(after.reshape(-1, *sides), 0, axis)
                break
        else:
            return False
    else:
        return True
    constant = opset8.constant(np.ascontiguousarray(exchanged, values.dtype)).output(0)
    for user in node.output(0).get_target_inputs():
        user.replace_source_output(constant)
    return True


def _tables(cells: NDArray[Any], strides: NDArray[Any]) -> list[NDArray[Any]]:
    """What is written of a grid: strides, and corners or centres of cells, in cells or px."""
    centers = cells + np.float32(0.5)
    return [strides, cells, centers, cells * strides, centers * strides]
