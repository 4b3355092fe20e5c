"""Eight-bit integers instead of floats: static quantisation of an ONNX embedder."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx

from mtmc.reid.atomic import atomic_file
from mtmc.reid.data.crops import read_crops
from mtmc.reid.data.decode import read_image
from mtmc.reid.errors import ReidError, one_line
from mtmc.reid.onnx_embedder import OnnxEmbedder
from mtmc.reid.onnx_staged import StagedOnnxEmbedder, open_onnx

if TYPE_CHECKING:
    from numpy.typing import NDArray

CROPS = 512  # half of them are calibrated on, the other half compared
LEAST = 8


def quantise(source: Path, target: Path, calibration: Path) -> float:
    """Write an int8 version of an ONNX embedder; `reid.load` opens it like any other.

    Weights are quantised per channel, activations by the range they take on calibration crops.

    Args:
        source: what `reid.load` opens, ending in ``.onnx``.
        target: the file to write; it appears complete or not at all.
        calibration: folder of crops like those it will see, also in folders inside it.

    Returns:
        Mean cosine between float and int8 embeddings of crops it was not calibrated on.

    Raises:
        ReidError: the model or the crops cannot be read, or a layer cannot be quantised.
    """
    original = open_onnx(source, device="cpu")
    if isinstance(original, StagedOnnxEmbedder):
        raise ReidError(
            f"{source}: has exits, which 8-bit integers would leave behind; export one of a "
            "checkpoint, as in best.pt@3 --int8"
        )
    paths = read_crops(calibration).paths
    if len(paths) < LEAST:
        raise ReidError(f"{calibration}: holds {len(paths)} crops; at least {LEAST} are needed")
    rows = np.linspace(0, len(paths) - 1, min(CROPS, len(paths))).astype(int)
    crops = [read_image(paths[row]) for row in rows]
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / target.name
        images = original.input.arrange(original.preprocess(crops[::2]))
        _quantise(source, written, original.input.name, images)
        model = onnx.load(written)
    _keep_metadata(source, model)
    with atomic_file(target) as file:
        file.write(model.SerializeToString())
    held_out = crops[1::2]
    quantised = OnnxEmbedder(target, device="cpu")
    return float((original.embed(held_out) * quantised.embed(held_out)).sum(axis=1).mean())


class _Reader:
    """Calibration input as onnxruntime asks for it: one dictionary at a time, then None."""

    def __init__(self, name: str, images: NDArray[np.float32]) -> None:
        self._left = iter([{name: image[None]} for image in images])

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        return next(self._left, None)


def _quantise(source: Path, target: Path, name: str, images: NDArray[np.float32]) -> None:
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    prepared = target.with_suffix(".prepared.onnx")
    logging.disable(logging.WARNING)  # remarks for those who wrote the library
    try:
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        quantize_static(
            str(prepared),
            str(target),
            _Reader(name, images),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
    except Exception as error:  # onnxruntime raises many kinds
        raise ReidError(f"{source}: cannot be quantised ({one_line(error)})") from error
    finally:
        logging.disable(logging.NOTSET)


def _keep_metadata(source: Path, model: onnx.ModelProto) -> None:
    """Preprocessing travels inside the file."""
    kept = {p.key: p.value for p in onnx.load(source).metadata_props}
    if kept:
        onnx.helper.set_model_props(model, kept)
