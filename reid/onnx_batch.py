"""Free the batch axis of an ONNX model that was exported for one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx

from mtmc.reid.errors import ReidError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


def free_batch_axis(model: bytes, output: str, open_session: Callable[[bytes], Any]) -> Any | None:
    """Open ``model``, whose input holds one picture, for any number of pictures.

    Constant reshape targets that begin with the batch size are the only place where an exporter
    writes it into the graph of a usual network. They are rewritten, and the result is used only if
    it gives each of several random pictures the very embedding the original gives it alone.

    Args:
        model: what is in the file.
        output: the one that is compared.
        open_session: opens a model.

    Returns:
        The new session, or None where the model needs its fixed batch.
    """
    freed = _rewrite(model)
    if freed is None:
        return None
    try:
        session, original = open_session(freed), open_session(model)
        source = original.get_inputs()[0]
        pictures = _pictures(source)
        alone = [original.run([output], {source.name: p[None]})[0] for p in pictures]
        together = session.run([output], {source.name: pictures})[0]
    except ReidError:
        return None
    except Exception:  # onnxruntime: some operator does not take the larger batch
        return None
    expected = np.concatenate(alone)
    same = together.shape == expected.shape and np.allclose(
        together, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max()
    )
    return session if same else None


def _pictures(source: Any) -> NDArray[Any]:
    """Three random ones for an input."""
    rng, shape = np.random.default_rng(0), (3, *source.shape[1:])
    if source.type == "tensor(uint8)":
        return rng.integers(0, 256, shape, dtype=np.uint8)
    return rng.normal(size=shape).astype(np.float16 if "16" in source.type else np.float32)


def _rewrite(model: bytes) -> bytes | None:
    """The model with a symbolic batch axis and reshapes that follow it."""
    try:
        proto = onnx.shape_inference.infer_shapes(onnx.load_from_string(model))
    except Exception:  # a model onnxruntime runs but onnx cannot analyse stays as it is
        return None
    graph = proto.graph
    shapes = {
        value.name: [d.dim_value for d in value.type.tensor_type.shape.dim]
        for value in (*graph.value_info, *graph.output)
    }
    constants = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type != "Reshape" or node.input[1] not in constants:
            continue
        result = shapes.get(node.output[0], [])
        if len(result) < 2 or result[0] != 1 or 0 in result:
            continue
        target = onnx.numpy_helper.from_array(np.array([-1, *result[1:]]), f"{node.name}_free")
        graph.initializer.append(target)
        node.input[1] = target.name
    for value in (*graph.input, *graph.output):
        for dim in value.type.tensor_type.shape.dim[:1]:  # none where the exporter left it out
            dim.dim_param = "batch"
    del graph.value_info[:]
    freed: bytes = proto.SerializeToString()
    return freed
