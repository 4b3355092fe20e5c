"""Detectors in ONNX files, run by ONNX Runtime alone, in the layouts that people export."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from mtmc.detectors import SHIPPED, WEIGHTS
from mtmc.detectors.network.detector import NetworkConfig, NetworkDetector
from mtmc.detectors.network.network import Network
from mtmc.errors import UserError
from mtmc.reid.offers import fetched, how_to_get
from mtmc.reid.onnx_bounds import too_large
from mtmc.reid.threads import cores_limit
from mtmc.trackers.settings import setting


@dataclass(frozen=True)
class OnnxConfig(NetworkConfig):
    """Settings of the ``onnx`` detector.

    Args:
        weights: the ``.onnx`` file, or ``simulated``: the small network that comes with the
            package, trained on simulated people only.
        device: ``cpu`` or ``cuda``.
    """

    device: Literal["cpu", "cuda"] = setting("cpu", public=True)


class OnnxDetector(NetworkDetector):
    """People by a network in an ONNX file.

    Raises:
        UserError: the file is missing, cannot be opened, or is no detector of people.
    """

    Config: ClassVar = OnnxConfig

    def __init__(self, config: OnnxConfig, root: Path) -> None:
        del root
        path = onnx_file(config.weights)
        session = _open(path, config.device == "cuda", config.threads)
        super().__init__(config, Network(path, config.image_size, session))


def onnx_file(weights: str) -> Path:
    """The ONNX file of a name or path.

    Raises:
        UserError: there is none.
    """
    if not weights:
        raise UserError("detector 'onnx': no weights given; use --detector MODEL.onnx")
    if weights == SHIPPED:
        return WEIGHTS / f"{SHIPPED}.onnx"
    path = fetched(weights) or Path(weights)
    if not path.is_file():
        raise UserError(
            how_to_get(weights)
            or f"detector weights {weights!r} not found: expected an .onnx file, or a name "
            "of `mtmc weights list`"
        )
    return path


def _open(path: Path, cuda: bool, threads: int) -> Any:
    import onnxruntime

    from mtmc.reid.errors import one_line
    from mtmc.reid.onnx_session import new_session

    if too_large(path):
        raise UserError(f"{path}: makes tensors that fill the memory; not opened")
    providers = ["CPUExecutionProvider"]
    if cuda:
        providers.insert(0, "CUDAExecutionProvider")
        if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
            raise UserError("detector.device cuda: needs the package onnxruntime-gpu and a GPU")
    try:
        return new_session(str(path), providers, threads or cores_limit())
    except Exception as error:
        raise UserError(
            f"{path}: not an ONNX model that can be opened ({one_line(error)})"
        ) from error
