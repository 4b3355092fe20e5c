from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mtmc.reid.doubt import Doubt, examples, least_cosine
from mtmc.reid.embedder import reported_even_distance
from mtmc.reid.errors import ReidError, one_line
from mtmc.reid.onnx_batch import free_batch_axis
from mtmc.reid.onnx_pixels import LEVELS, first_steps, normalises_itself
from mtmc.reid.onnx_session import (
    choose_output,
    open_session,
    providers_of,
    read_input,
    written,
)
from mtmc.reid.preprocess import Preprocess
from mtmc.reid.threads import available_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

log = logging.getLogger("mtmc.reid")

PREPROCESS_KEY, METRICS_KEY = "reid.preprocess", "reid.metrics"
CPU_BATCH, GPU_BATCH = 8, 128
SAME, OTHER = 0.999, 0.97  # least cosines: of pictures that a model cannot tell apart, and can


class OnnxEmbedder:
    """Serves an ONNX model of pictures to vectors with onnxruntime.

    On the CPU small batches run side by side, one thread each: for the small networks of this
    field that is two to three times faster than one batch on all threads (caches stay warm and no
    operator waits for another). A model whose batch axis is fixed at 1 is opened with a free one
    where that provably changes nothing; one fixed at more is given full batches.

    Args:
        path: the file. Preprocessing comes from its metadata when `reid export` wrote it; else
            RGB, the size of the model's input, and ImageNet's mean and standard deviation unless
            the model applies them itself.
        device: ``cpu`` or ``cuda[:N]``; the GPU where onnxruntime has one.
        batch_size: most crops per run.
        threads: CPU threads.
        output: which output is the embedding; None for the only one, or the one called so.
        model: what is served in place of what is in the file.
        name: shown to the user; the file's stem when None.

    Raises:
        ReidError: onnxruntime cannot open the file, or it is not an image-embedding model.
    """

    def __init__(
        self,
        path: Path,
        device: str | None = None,
        batch_size: int | None = None,
        threads: int | None = None,
        output: str | None = None,
        *,
        model: bytes | None = None,
        name: str | None = None,
    ) -> None:
        self._path, self.model = path, model or path
        providers = self._providers_of(device)
        on_cpu = providers == ["CPUExecutionProvider"]
        self._workers = (threads or available_cores()) if on_cpu else 1
        self._session = self._open(model or str(path), providers)
        self.input = read_input(path, self._session)
        self._output = choose_output(path, self._session, output)
        if self.input.batch == 1 and model is None:
            freed = self._freed(providers)
            if freed is not None:
                self._session, self.input = freed, replace(self.input, batch=None)
        usual = CPU_BATCH if on_cpu else GPU_BATCH
        self._batch_size = self.input.batch or batch_size or usual
        self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="reid")
        self.name = name or path.stem
        self._doubt = Doubt(str(path))
        self.even_distance = reported_even_distance(written(path, self._session, METRICS_KEY))
        stored = _stored_preprocess(path, self._session)
        self.preprocess = stored or self._usual_preprocess()
        self.dim = len(self._try(self.preprocess)[0])
        if stored is None:
            self.preprocess = self._suited(self.preprocess)

    def _providers_of(self, device: str | None) -> list[Any]:
        return providers_of(device)

    def _open(self, model: str | bytes, providers: list[Any]) -> Any:
        return open_session(self._path, model, providers)

    def _freed(self, providers: list[str]) -> Any | None:
        """A session for any number of pictures of a model that takes one, where there can be."""
        model = self._path.read_bytes()
        return free_batch_axis(model, self._output, lambda part: self._open(part, providers))

    def _first_steps(self) -> Iterator[tuple[str, NDArray[np.float64]]]:
        return first_steps(self._path)

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Embed a batch of crops, see `reid.Embedder.embed`."""
        rows = self._in_parts(len(crops), lambda part: self.preprocess(crops[part]))
        self._doubt.look(crops, rows)
        return rows

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
        # Few crops still make use of every worker, unless they are filled up to a fixed batch.
        step = self._batch_size
        if self.input.batch is None:
            step = min(step, -(-count // self._workers))

        def run(start: int) -> None:
            part = slice(start, start + step)
            out[part] = self._run(images(part))

        starts = range(0, count, step)
        if len(starts) == 1:
            run(0)
        else:
            list(self._pool.map(run, starts))
        return out

    def _run(self, planes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Unit rows of at most a batch of pictures."""
        count, batch = len(planes), self.input.batch
        if batch is not None and count < batch:
            planes = np.concatenate([planes, np.repeat(planes[-1:], batch - count, axis=0)])
        (answer,) = self._session.run([self._output], {self.input.name: self.input.arrange(planes)})
        rows = np.asarray(answer, np.float32).reshape(len(planes), -1)[:count]
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        unit: NDArray[np.float32] = rows / norms.clip(1e-12)
        return unit

    def _try(self, preprocess: Preprocess) -> NDArray[np.float32]:
        """Unit rows of pictures that differ: proof that the model runs and what it is."""
        planes = preprocess(examples())
        size = self._batch_size
        try:
            shape = self._shape(planes[:1])
            if len(shape) < 2 or not 1 <= np.prod(shape[1:]) == max(shape[1:]):
                raise ReidError(f"{self._path}: expected an output (N, dim), a batch gives {shape}")
            parts = [self._run(planes[n : n + size]) for n in range(0, len(planes), size)]
        except ReidError:
            raise
        except Exception as error:  # onnxruntime raises many kinds
            raise ReidError(f"{self._path}: cannot be run ({one_line(error)})") from error
        rows = np.concatenate(parts)
        if not np.isfinite(rows).all():
            raise ReidError(
                f"{self._path}: gives embeddings that are not finite numbers; export it anew"
            )
        return rows

    def _shape(self, planes: NDArray[np.float32]) -> tuple[int, ...]:
        full = np.repeat(planes, self.input.batch or 1, axis=0)
        shape = tuple(np.shape(self._answer(full)))
        return shape if shape[:1] == (len(full),) else ()

    def _answer(self, planes: NDArray[np.float32]) -> Any:
        given = {self.input.name: self.input.arrange(planes)}
        return self._session.run([self._output], given)[0]

    def _usual_preprocess(self) -> Preprocess:
        usual = Preprocess(size=self.input.size)
        if self.input.dtype is np.uint8:
            return without_normalisation(usual, LEVELS)
        inside = normalises_itself(self._first_steps())
        return usual if inside is None else without_normalisation(usual, inside)

    def _suited(self, preprocess: Preprocess) -> Preprocess:
        """Grey levels for a model that takes normalised pictures all for the same, but not those.

        A normalisation may be folded into a layer, where nobody sees it.
        """
        if least_cosine(self._try(preprocess)) < SAME:
            return preprocess
        levels = without_normalisation(preprocess, LEVELS)
        if preprocess == levels or least_cosine(self._try(levels)) > OTHER:
            self._doubt.say_alike()
            return preprocess
        log.warning("%s: tells pictures apart by grey levels only; is given those", self._path)
        return levels


def without_normalisation(preprocess: Preprocess, std: float) -> Preprocess:
    """The same for pixels that are only scaled: by `LEVELS` or `UNIT`."""
    return replace(preprocess, mean=(0.0, 0.0, 0.0), std=(std, std, std))


def _stored_preprocess(path: Path, session: Any) -> Preprocess | None:
    fields = written(path, session, PREPROCESS_KEY)
    if fields is None:
        return None
    try:
        return Preprocess.from_dict(fields)
    except ValueError as error:
        raise ReidError(f"{path}: damaged metadata '{PREPROCESS_KEY}' ({error})") from error
