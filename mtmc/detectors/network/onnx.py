"""Detectors in ONNX files, run by ONNX Runtime alone, in the layouts that people export."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from mtmc.detectors import SHIPPED, WEIGHTS
from mtmc.detectors.network.detector import NetworkConfig, NetworkDetector
from mtmc.detectors.network.network import Network, Values
from mtmc.errors import UserError
from mtmc.reid.offers import fetched, how_to_get
from mtmc.reid.onnx_bounds import too_large
from mtmc.reid.threads import available_cores
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
        path, size = onnx_file(config.weights), config.image_size
        threads = config.threads or available_cores()
        if config.device == "cuda":
            network = Network(path, size, _open(path, "cuda", threads))
        else:
            network = CpuNetwork(path, size, threads)
        super().__init__(config, network)


class CpuNetwork(Network):
    """A network that ONNX Runtime computes on the CPU: images side by side, one thread each.

    Where all threads share an image, they wait for each other at every layer. The answers are the
    same bits.
    """

    def __init__(self, path: Path, image_size: int, threads: int) -> None:
        super().__init__(path, image_size, _open(path, "cpu", 1))
        self.batch, self.at_once = self.batch or 1, threads
        self._pool = ThreadPoolExecutor(threads, "detector")

    def side_by_side(self, count: int) -> None:
        """See `Network`."""
        workers = min(count, self.at_once)
        if workers < self.at_once:
            self._session = _open(self._path, "cpu", self.at_once // workers)
            self._pool = ThreadPoolExecutor(workers, "detector")

    def _answers(self, inputs: Iterable[Values]) -> Iterator[list[Any]]:
        return self._waited(
            deque(self._pool.submit(self._session.run, None, values) for values in inputs)
        )

    def _waited(self, begun: deque[Future[list[Any]]]) -> Iterator[list[Any]]:
        while begun:
            with self._explained(Exception):  # ONNX Runtime's have no common base but this
                outputs = begun.popleft().result()
            yield outputs


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


def _open(path: Path, device: str, threads: int) -> Any:
    from mtmc.reid.errors import ReidError, one_line
    from mtmc.reid.onnx_session import new_session, providers_of

    if too_large(path):
        raise UserError(f"{path}: makes tensors that fill the memory; not opened")
    try:
        return new_session(str(path), providers_of(device), threads)
    except ReidError as error:
        raise UserError(f"detector.device {device}: {error}") from error
    except Exception as error:
        raise UserError(
            f"{path}: not an ONNX model that can be opened ({one_line(error)})"
        ) from error
