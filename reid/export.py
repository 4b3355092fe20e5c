"""A checkpoint as an ONNX file that carries its preprocessing."""

from __future__ import annotations

import io
import json
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn
from torch.nn import functional

from mtmc.reid.atomic import atomic_file
from mtmc.reid.checkpoint import Checkpoint
from mtmc.reid.errors import ReidError, one_line
from mtmc.reid.models.staged import StagedNet, State, costs
from mtmc.reid.onnx_embedder import METRICS_KEY, PREPROCESS_KEY
from mtmc.reid.onnx_staged import STAGES_KEY

if TYPE_CHECKING:
    from pathlib import Path

OPSET = 17
TOLERANCE = 1e-4
BATCHES = (1, 3)  # checked: the batch axis is free


class _UnitEmbeddings(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        return functional.normalize(self.network(images))


class _Unrolled(nn.Module):
    """All that happens between the stages: the last embeddings, the others', and the states."""

    def __init__(self, network: StagedNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        found: list[Tensor] = []
        states: list[Tensor] = []
        state: State = (images,)
        for stage in range(self.network.stages):
            state, vectors = self.network.advance(stage, state)
            found.append(functional.normalize(vectors))
            states += state
        return (found[-1], *found[:-1], *states)


def export_onnx(source: Path, target: Path, exit: str | None = None) -> float:
    """Write a checkpoint as ONNX, ``(N, 3, H, W) float32 -> (N, dim)`` unit rows.

    Args:
        source: a checkpoint.
        target: the file to write; it appears complete or not at all.
        exit: of a network with several, the one to end with.

    Returns:
        The largest difference between an embedding by torch and by onnxruntime.

    Raises:
        ReidError: the checkpoint cannot be read, a layer cannot be exported, or the two differ by
            more than 1e-4.
    """
    checkpoint = Checkpoint.open(source)
    try:
        network = _UnitEmbeddings(checkpoint.build(exit)).eval()
    except ReidError as error:
        raise ReidError(f"{source}: {error}") from error
    if exit is not None:
        checkpoint = replace(checkpoint, metrics={})  # they are the whole network's
    model = _converted(network, checkpoint)
    difference = _difference(network, model, checkpoint.preprocess.size)
    if not difference <= TOLERANCE:
        raise ReidError(
            f"{source}: the exported model's embeddings differ by {difference:.1e}, "
            f"more than {TOLERANCE:.0e}; nothing was written"
        )
    with atomic_file(target) as file:
        file.write(model)
    return difference


def traced(network: nn.Module, size: tuple[int, int], *outputs: str) -> onnx.ModelProto:
    """A network as ONNX, input ``images (N, 3, H, W)``, any N.

    Args:
        network: on the CPU, in eval mode; the first axis of all its answers is N.
        size: ``(H, W)`` px.
        outputs: names of the answers.
    """
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer's remarks; callers compare the result
        torch.onnx.export(
            network,
            (torch.zeros(2, 3, *size),),
            buffer,  # type: ignore[arg-type]  # a buffer is fine for the tracing exporter
            input_names=["images"],
            output_names=list(outputs),
            dynamic_axes={name: {0: "batch"} for name in ("images", *outputs)},
            opset_version=OPSET,
            dynamo=False,
        )
    return onnx.load_from_string(buffer.getvalue())


def _staged(network: StagedNet, size: tuple[int, int]) -> tuple[onnx.ModelProto, dict[str, Any]]:
    """An ordinary model whose inner tensors are known by name, and what `Cut` reads about them."""
    state: State = (torch.zeros(1, 3, *size),)
    states = []
    for stage in range(network.stages):
        with torch.no_grad():
            state, _ = network.advance(stage, state)
        states.append([f"state{stage + 1}_{i}" for i in range(len(state))])
    exits = [f"exit{number}" for number in range(1, network.stages)]
    inner = [*exits, *(name for names in states for name in names)]
    proto = traced(_Unrolled(network).eval(), size, "embeddings", *inner)
    # ONNX Runtime would compute all outputs, and other readers ask which one is meant.
    whole, *others = list(proto.graph.output)
    proto.graph.ClearField("output")
    proto.graph.output.append(whole)
    proto.graph.value_info.extend(others)
    return proto, {
        "exits": [*exits, "embeddings"],
        "states": states[:-1],
        "costs": costs(network, size),
        "reliability": network.reliability,
    }


def _converted(network: _UnitEmbeddings, checkpoint: Checkpoint) -> bytes:
    inner, size = network.network, checkpoint.preprocess.size
    stages: dict[str, Any] = {}
    try:
        if isinstance(inner, StagedNet):
            proto, stages = _staged(inner, size)
        else:
            proto = traced(network, size, "embeddings")
    except Exception as error:  # torch raises many kinds
        raise ReidError(
            f"{checkpoint.model} cannot be exported to ONNX ({one_line(error)})"
        ) from error
    about = {
        PREPROCESS_KEY: json.dumps(checkpoint.preprocess.to_dict()),
        "reid.model": checkpoint.model,
        METRICS_KEY: json.dumps(checkpoint.metrics),
        **({STAGES_KEY: json.dumps(stages)} if stages else {}),
    }
    onnx.helper.set_model_props(proto, about)
    model: bytes = proto.SerializeToString()
    return model


def _difference(network: nn.Module, model: bytes, size: tuple[int, int]) -> float:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    worst = 0.0
    for count in BATCHES:
        images = rng.normal(size=(count, 3, *size)).astype(np.float32)
        with torch.no_grad():
            expected = network(torch.from_numpy(images)).numpy()
        (got,) = session.run(None, {"images": images})
        worst = max(worst, float(np.abs(got - expected).max()))
    return worst
