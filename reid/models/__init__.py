"""The architectures, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reid.errors import ReidError
from reid.registry import lookup

if TYPE_CHECKING:
    from reid.models.base import EmbeddingNet

MODELS = {
    "mobilenet_v1": "reid.models.mobilenet:MobileNetV1",
}


def build(name: str, **args: Any) -> EmbeddingNet:
    """Make a network with random weights.

    Args:
        name: one of `MODELS`.
        args: the architecture's own arguments.

    Raises:
        ReidError: no such model, or an argument it does not take.
    """
    cls = lookup("model", name, MODELS)
    try:
        network: EmbeddingNet = cls(**args)
    except (TypeError, ValueError) as error:
        raise ReidError(f"model '{name}': {error}") from error
    return network
