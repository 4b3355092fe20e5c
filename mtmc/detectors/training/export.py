"""The trained network as an ONNX file that says how it wants its images."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch

from mtmc.detectors.network.preprocess import METADATA_KEY, Preprocess
from mtmc.detectors.training.network import Exported, PersonNet
from mtmc.detectors.training.validate import OVERLAP, Validation
from mtmc.errors import UserError
from mtmc.reid.atomic import atomic_file
from mtmc.reid.export import traced

SOFT_NMS = 0.5  # its paper's sigma
TOLERANCE = 1e-4  # scores; boxes by their size in the input


def write_onnx(
    network: PersonNet,
    path: Path,
    size: tuple[int, int],
    validation: Validation,
    settings: dict[str, Any],
) -> float:
    """Write a network for the ``onnx`` detector, ``(B, 3, H, W) -> (B, 5, A)``, any batch.

    Args:
        network: in eval mode.
        path: the file to write; it appears complete or not at all.
        size: ``(height, width)`` px of the input.
        validation: what it reaches; calibrates the scores.
        settings: of the training, noted in the file.

    Returns:
        The largest difference between torch's answer and ONNX Runtime's: of scores, and of boxes
        as a share of the input's width.

    Raises:
        UserError: the two differ by more than 1e-4; nothing is written.
    """
    device = next(network.parameters()).device
    exported = Exported(network, validation.slope, validation.offset).cpu().eval()
    proto = traced(exported, size, "detections")
    about = {
        METADATA_KEY: json.dumps(asdict(Preprocess("yolov8", iou=OVERLAP, soft_nms=SOFT_NMS))),
        "names": "{0: 'person'}",
        "mtmc.validation": json.dumps(asdict(validation)),
        "mtmc.training": json.dumps(settings),
    }
    onnx.helper.set_model_props(proto, about)
    model: bytes = proto.SerializeToString()
    difference = _difference(exported, model, size)
    network.to(device)
    if not difference <= TOLERANCE:
        raise UserError(f"{path}: the exported network differs by {difference:.1e}; not written")
    with atomic_file(path) as file:
        file.write(model)
    return difference


@torch.no_grad()
def _difference(exported: Exported, model: bytes, size: tuple[int, int]) -> float:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    images = np.random.default_rng(0).random((2, 3, *size)).astype(np.float32)
    expected = exported(torch.from_numpy(images)).numpy()
    (got,) = session.run(None, {"images": images})
    apart = np.abs(got - expected)
    return float(max(apart[:, :4].max() / size[1], apart[:, 4].max()))
