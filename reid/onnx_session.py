"""An ONNX model that embeds: opening it, its input and its outputs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime

from mtmc.reid.errors import ReidError, one_line
from mtmc.reid.onnx_bounds import too_large
from mtmc.reid.preprocess import LARGEST

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

DTYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}
DEFAULT_SIZE = (256, 128)  # (height, width) where the model leaves it free; the field's usual one
# What exporters call an embedding, where a model has other outputs, too.
EMBEDDINGS = {"embedding", "embeddings", "feature", "features", "feat", "feats", "bn_feat"}


@dataclass(frozen=True)
class Input:
    """What a model wants to be given.

    Args:
        name: of the input.
        batch: pictures per run, None for any number.
        size: ``(height, width)`` px.
        dtype: of the numbers; ``uint8`` are grey levels.
        channels_last: ``(N, H, W, 3)``.
    """

    name: str
    batch: int | None
    size: tuple[int, int]
    dtype: Any
    channels_last: bool

    def arrange(self, planes: NDArray[np.float32]) -> NDArray[Any]:
        """Planes ``(N, 3, H, W)`` as the model takes them."""
        if self.dtype is np.uint8:
            planes = np.rint(planes)
        if self.channels_last:
            planes = planes.transpose(0, 2, 3, 1)
        return np.ascontiguousarray(planes, self.dtype)


def new_session(model: str | bytes, providers: list[Any], threads: int) -> Any:
    """A session that says what goes wrong by raising, whatever class that is.

    Raises:
        ReidError: it would not run where it is to; ONNX Runtime itself would take the CPU.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4  # the log would only repeat it
    session = onnxruntime.InferenceSession(model, options, providers=providers)
    if len(providers) > len(session.get_providers()):
        raise ReidError(
            "the GPU cannot be used: onnxruntime finds no such GPU, or not the CUDA and cuDNN that "
            "it was made for; use device cpu"
        )
    return session


def open_session(path: Path, model: str | bytes, providers: list[Any]) -> Any:
    """A session of ONNX Runtime with one thread.

    Args:
        path: the file, for messages.
        model: the file, or what is in it.
        providers: where it runs.

    Raises:
        ReidError: it is no ONNX model.
    """
    if isinstance(model, str) and too_large(path):
        raise ReidError(f"{path}: makes tensors that fill the memory; not opened")
    try:
        return new_session(model, providers, 1)
    except ReidError:
        raise
    except Exception as error:  # onnxruntime's exceptions have no common base but Exception
        raise ReidError(f"{path}: not a readable ONNX model ({one_line(error)})") from error


def providers_of(device: str | None) -> list[Any]:
    """Where ONNX Runtime is to run: on ``cpu``, on ``cuda[:N]``, or on the GPU if it can.

    Raises:
        ReidError: there is no such device.
    """
    has_gpu = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    if device == "cpu" or (device is None and not has_gpu):
        return ["CPUExecutionProvider"]
    kind, _, number = (device or "cuda").partition(":")
    if kind != "cuda" or not (number or "0").isdecimal():
        raise ReidError(f"device '{device}' is unknown to ONNX models; expected cpu or cuda")
    if not has_gpu:
        raise ReidError(
            f"device '{device}' cannot be used: the installed onnxruntime has no GPU support; "
            "`pip uninstall -y onnxruntime && pip install onnxruntime-gpu`, or use device cpu"
        )
    gpu = {"device_id": int(number or 0)}
    return [("CUDAExecutionProvider", gpu), "CPUExecutionProvider"]


def read_input(path: Path, session: Any) -> Input:
    """The one input of a model.

    Raises:
        ReidError: it takes no pictures.
    """
    inputs = session.get_inputs()
    if len(inputs) != 1:
        names = ", ".join(i.name for i in inputs) or "none"
        raise ReidError(f"{path}: expected a model with one image input, it has {names}")
    shape, kind = list(inputs[0].shape or ()), inputs[0].type
    channels_last = len(shape) == 4 and shape[3] == 3 != shape[1]
    channels = shape[3 if channels_last else 1] if len(shape) == 4 else None
    if kind not in DTYPES or channels is None or (isinstance(channels, int) and channels != 3):
        raise ReidError(
            f"{path}: expected an input (N, 3, H, W) or (N, H, W, 3) of floats or uint8, "
            f"it is {shape} {kind}"
        )
    sides = shape[1:3] if channels_last else shape[2:]
    height, width = (
        side if isinstance(side, int) else usual
        for side, usual in zip(sides, DEFAULT_SIZE, strict=True)
    )
    if min(height, width) < 1 or max(height, width) > LARGEST:
        raise ReidError(
            f"{path}: takes pictures of {width}x{height} px; expected 1 to {LARGEST} a side"
        )
    batch = shape[0] if isinstance(shape[0], int) else None
    if batch is not None and not 1 <= batch <= LARGEST:
        raise ReidError(f"{path}: takes {batch} pictures at a time; expected 1 to {LARGEST}")
    return Input(inputs[0].name, batch, (height, width), DTYPES[kind], channels_last)


def choose_output(path: Path, session: Any, wanted: str | None) -> str:
    """The name of the output that is the embedding.

    Raises:
        ReidError: there is no such output, or it is open which one is meant.
    """
    shapes: dict[str, Any] = {output.name: output.shape for output in session.get_outputs()}
    listed = ", ".join(f"{name} {tuple(shape)}" for name, shape in shapes.items()) or "none"
    if wanted is not None:
        if wanted not in shapes:
            raise ReidError(f"{path}: has no output '{wanted}' (outputs: {listed})")
        return wanted
    named = [name for name in shapes if name.lower() in EMBEDDINGS]
    only = list(shapes) if len(shapes) == 1 else named
    if len(only) != 1:
        raise ReidError(
            f"{path}: cannot tell which output is the embedding ({listed}); "
            f"name it: {path.name}@NAME"
        )
    return only[0]


def written(path: Path, session: Any, key: str) -> Any:
    """What `reid export` wrote into the file under that key, None for a file from elsewhere.

    Raises:
        ReidError: it is damaged.
    """
    try:
        text = session.get_modelmeta().custom_metadata_map.get(key)
        return None if text is None else json.loads(text)
    except (ValueError, RecursionError) as error:  # also what is no text
        raise ReidError(f"{path}: damaged metadata '{key}' ({one_line(error, 100)})") from error
