from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime

from mtmc.reid.embedder import reported_even_distance
from mtmc.reid.errors import ReidError
from mtmc.reid.onnx_batch import free_batch_axis
from mtmc.reid.preprocess import Preprocess
from mtmc.reid.threads import available_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

PREPROCESS_KEY, METRICS_KEY = "reid.preprocess", "reid.metrics"
CPU_BATCH, GPU_BATCH = 8, 128


class OnnxEmbedder:
    """Serves an ONNX model ``(N, 3, H, W) float32 -> (N, dim)`` with onnxruntime.

    On the CPU small batches run side by side, one thread each: for the small networks of this
    field that is two to three times faster than one batch on all threads (caches stay warm and no
    operator waits for another). A model whose batch axis is fixed at 1 is opened with a free one
    where that provably changes nothing.

    Args:
        path: the file. Preprocessing comes from its metadata when `reid export` wrote it; else
            RGB, ImageNet mean and standard deviation, and the size of the model's input.
        device: ``cpu`` or ``cuda[:N]``; the GPU where onnxruntime has one.
        batch_size: most crops per run.
        threads: CPU threads.

    Raises:
        ReidError: onnxruntime cannot open the file, or it is not an image-embedding model.
    """

    def __init__(
        self,
        path: Path,
        device: str | None = None,
        batch_size: int | None = None,
        threads: int | None = None,
    ) -> None:
        providers = _providers(device)
        on_cpu = providers == ["CPUExecutionProvider"]
        self._workers = (threads or available_cores()) if on_cpu else 1
        self._session, static = _open(path, providers)
        self._batch_size = 1 if static else batch_size or (CPU_BATCH if on_cpu else GPU_BATCH)
        self.input_name = self._session.get_inputs()[0].name
        self._output = self._session.get_outputs()[0].name
        self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="reid")
        self.name = path.stem
        self.preprocess = _preprocess(path, self._session)
        self.even_distance = _even_distance(path, self._session)
        self.dim = _embedding_size(path, self._run_blank())

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Embed a batch of crops, see `reid.Embedder.embed`."""
        return self._in_parts(len(crops), lambda part: self.preprocess(crops[part]))

    def embed_input(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Embed what is resized and normalised already, ``(N, 3, H, W)``."""
        return self._in_parts(len(images), lambda part: images[part])

    def _in_parts(
        self, count: int, images: Callable[[slice], NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        """Unit rows of ``count`` pictures, which ``images`` makes ready some at a time."""
        out = np.empty((count, self.dim), np.float32)
        if count == 0:
            return out
        # Few crops still make use of every worker.
        step = min(self._batch_size, -(-count // self._workers))

        def run(start: int) -> None:
            part = slice(start, start + step)
            rows = self._session.run([self._output], {self.input_name: images(part)})[0]
            np.divide(rows, np.linalg.norm(rows, axis=1, keepdims=True).clip(1e-12), out=rows)
            out[part] = rows

        starts = range(0, count, step)
        if len(starts) == 1:
            run(0)
        else:
            list(self._pool.map(run, starts))
        return out

    def _run_blank(self) -> tuple[int, ...]:
        """Shape of the output for one blank picture: proof that the model runs."""
        blank = np.zeros((1, 3, *self.preprocess.size), np.float32)
        (rows,) = self._session.run([self._output], {self.input_name: blank})
        return tuple(rows.shape)


def _providers(device: str | None) -> list[str]:
    has_gpu = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    if device == "cpu" or (device is None and not has_gpu):
        return ["CPUExecutionProvider"]
    if device is not None and device.split(":")[0] != "cuda":
        raise ReidError(f"device '{device}' is unknown to ONNX models; expected cpu or cuda")
    if not has_gpu:
        raise ReidError(
            f"device '{device}' cannot be used: the installed onnxruntime has no GPU support; "
            "install onnxruntime-gpu or use device cpu"
        )
    return ["CUDAExecutionProvider", "CPUExecutionProvider"]


def _open(path: Path, providers: list[str]) -> tuple[Any, bool]:
    """The session, and whether it takes one crop at a time."""
    session = _session(path, str(path), providers)
    if len(session.get_inputs()) != 1:
        names = ", ".join(i.name for i in session.get_inputs())
        raise ReidError(f"{path}: expected a model with one image input, it has {names}")
    shape, kind = session.get_inputs()[0].shape, session.get_inputs()[0].type
    if len(shape) != 4 or shape[1] != 3 or kind != "tensor(float)":
        raise ReidError(f"{path}: expected an input (N, 3, H, W) float32, it is {shape} {kind}")
    if not isinstance(shape[0], int):
        return session, False
    if shape[0] != 1:
        raise ReidError(f"{path}: expected a free batch axis or 1, the model is fixed at {shape}")
    freed = free_batch_axis(path.read_bytes(), lambda model: _session(path, model, providers))
    return (session, True) if freed is None else (freed, False)


def _session(path: Path, model: str | bytes, providers: list[str]) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4  # what goes wrong is raised; the log only repeats it
    try:
        return onnxruntime.InferenceSession(model, options, providers=providers)
    except Exception as error:  # onnxruntime's exceptions have no common base but Exception
        reason = " ".join(str(error).split())[:160]
        raise ReidError(f"{path}: not a readable ONNX model ({reason})") from error


def _written(path: Path, session: Any, key: str) -> Any:
    """What `reid export` wrote into the file under that key, None for a file from elsewhere."""
    written = session.get_modelmeta().custom_metadata_map.get(key)
    try:
        return None if written is None else json.loads(written)
    except ValueError as error:
        raise ReidError(f"{path}: damaged metadata '{key}' ({error})") from error


def _even_distance(path: Path, session: Any) -> float | None:
    return reported_even_distance(_written(path, session, METRICS_KEY) or {})


def _preprocess(path: Path, session: Any) -> Preprocess:
    written = _written(path, session, PREPROCESS_KEY)
    if written is not None:
        try:
            return Preprocess.from_dict(written)
        except ValueError as error:
            raise ReidError(f"{path}: damaged metadata '{PREPROCESS_KEY}' ({error})") from error
    height, width = session.get_inputs()[0].shape[2:]
    if not isinstance(height, int) or not isinstance(width, int):
        raise ReidError(
            f"{path}: the model's input size is free and no preprocessing is stored in it; "
            "export it with a fixed height and width"
        )
    return Preprocess(size=(height, width))


def _embedding_size(path: Path, shape: tuple[int, ...]) -> int:
    if len(shape) != 2 or shape[0] != 1:
        raise ReidError(f"{path}: expected an output (N, dim), one picture gives {shape}")
    return shape[1]
