"""What serves embeddings, and the one function that opens it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from mtmc.reid.errors import ReidError
from mtmc.reid.extras import install
from mtmc.reid.offers import fetched, how_to_get
from mtmc.reid.registry import lookup

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

COLOR = "color"
SHIPPED = "simulated"  # trained on simulated people only; comes with the package
LITE = "simulated-lite"  # so does this one; its trunk began with ImageNet's weights
WEIGHTS = Path(__file__).parent / "weights"

# By name, so that only what serves is imported.
EMBEDDERS = {
    COLOR: "mtmc.reid.color:ColorEmbedder",
    "onnx": "mtmc.reid.onnx_staged:open_onnx",
    "openvino": "mtmc.reid.openvino_embedder:OpenvinoEmbedder",
    "checkpoint": "mtmc.reid.torch_embedder:TorchEmbedder.open",
}
KINDS = {".pt": "checkpoint", ".onnx": "onnx", ".xml": "openvino"}  # others are taken for the first


class Embedder(Protocol):
    """Turns pictures of people into unit vectors whose dot product says how alike they look.

    One of another package is made of its own settings, ``cls(config)``, and has a frozen dataclass
    ``Config`` of them.

    Attributes:
        name: what is shown to the user, for example the file's stem.
        dim: length of an embedding.
        even_distance: cosine distance between two cameras' looks at which they are as likely two
            people as one, None where it was not measured.
    """

    name: str
    dim: int
    even_distance: float | None

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Embed a batch of crops.

        Args:
            crops: ``(h, w, 3) uint8`` BGR each, of any size with at least one pixel.

        Returns:
            ``(N, dim) float32`` unit rows; ``(0, dim)`` for no crops.

        Raises:
            ValueError: a crop has another shape or dtype, or no pixel.
        """
        ...


def reported_even_distance(metrics: Any) -> float | None:
    """The even distance among a checkpoint's metrics: that of the first dataset with one."""
    tables = metrics.get("scores") if isinstance(metrics, dict) else None
    for scores in tables.values() if isinstance(tables, dict) else ():
        value = scores.get("even_distance") if isinstance(scores, dict) else None
        if isinstance(value, int | float) and 0 <= value <= 2:
            return float(value)
    return None


def resolve(model: str | Path) -> Path:
    """The file behind the name of a model: the package's own, or without ``@EXIT``."""
    return file_and_output(model)[0]


def file_and_output(model: str | Path) -> tuple[Path, str | None]:
    """The file behind the name of a model, and the exit or output that follows an ``@``."""
    if (own := _named(str(model))) is not None:
        return own, None
    file, mark, output = str(model).rpartition("@")
    named = _named(file)
    if not mark or Path(model).exists() or not (named or file.lower().endswith(tuple(KINDS))):
        return Path(model), None
    return named or Path(file), output


def _named(model: str) -> Path | None:
    """The file of a name, of the package's own or of what was fetched."""
    return WEIGHTS / f"{model}.onnx" if model in (SHIPPED, LITE) else fetched(model)


def need_model(model: str | Path) -> None:
    """Check that a model is there, without loading what would open it.

    Raises:
        ReidError: it is not.
    """
    path = resolve(model)
    if str(model) != COLOR and not path.is_file():
        if path.suffix.lower() == ".xml":
            from mtmc.reid.openvino_session import where_to_get

            raise ReidError(f"{path}: {where_to_get(path)}")
        raise ReidError(
            how_to_get(str(model))
            or f"{path}: no such model file; expected a .pt written by `reid train`, an .onnx "
            f"or .xml file, or a name: {SHIPPED}, {LITE}, {COLOR} or one of `mtmc weights list`"
        )


def load(
    model: str | Path,
    device: str | None = None,
    batch_size: int | None = None,
    threads: int | None = None,
) -> Embedder:
    """Open an embedder.

    Args:
        model: a ``.pt`` written by ``reid train``, an ``.onnx`` file or an ``.xml`` of OpenVINO
            (``FILE.onnx@OUTPUT`` where it has several outputs), ``simulated`` or
            ``simulated-lite`` (the networks that come with the package, trained on simulated
            people), ``color`` (colour statistics, no weights), or what `mtmc weights get` fetched,
            by its name. ``@2`` after a network with several exits leaves it at its second, always.
        device: ``cpu``, ``cuda`` or ``cuda:N``; the GPU when there is one (for ONNX: when
            onnxruntime was built for it; for OpenVINO: never), else the CPU.
        batch_size: most crops per forward pass; what is fast on the device when None.
        threads: CPU threads; all cores available to this process when None.

    Raises:
        ReidError: the file is missing, damaged or of another kind, or the device does not exist.
    """
    for option, value in (("batch_size", batch_size), ("threads", threads)):
        if value is not None and value < 1:
            raise ReidError(f"{option} must be at least 1, got {value}")
    if str(model) == COLOR:
        return cast("Embedder", lookup("embedder", COLOR, EMBEDDERS)())
    need_model(model)
    path, output = file_and_output(model)
    kind = KINDS.get(path.suffix.lower(), "checkpoint")
    try:
        opener = lookup("embedder", kind, EMBEDDERS)
    except ImportError as error:
        if error.name != "torch":
            raise
        raise ReidError(
            f"{path}: checkpoints are opened with torch, which is not installed: "
            f"{install('reid')}, or `reid export` it where torch is and give the .onnx file"
        ) from error
    named = {} if output is None else {"output": output}
    return cast("Embedder", opener(path, device, batch_size, threads, **named))
