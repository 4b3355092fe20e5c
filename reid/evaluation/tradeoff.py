"""What an embedder's accuracy costs: size, multiply-adds and time on this machine."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mtmc.reid.embedder import Embedder

ROUNDS = 7
ROUND_SECONDS = 0.3


@dataclass(frozen=True)
class TradeOff:
    """One embedder's line in the report.

    Args:
        model: its file or name.
        rank1: share of queries whose first answer is right.
        mAP: mean average precision.
        parameters: learned numbers; None where unknown.
        flops: multiply-adds of one image; None where unknown.
        speed: images/s by batch size, resizing and normalisation included.
        dim: embedding size.
    """

    model: str
    rank1: float
    mAP: float  # noqa: N815  (the field's name for it)
    parameters: int | None
    flops: int | None
    speed: dict[int, float]
    dim: int


def measure_speeds(
    embedders: Sequence[Embedder],
    crops: Sequence[NDArray[np.uint8]],
    batch: int,
    rounds: int = ROUNDS,
    seconds: float = ROUND_SECONDS,
) -> list[float]:
    """Images per second of each, compared fairly on a machine that does other things too.

    The embedders take turns, so that what disturbs one disturbs all; the median of the rounds
    counts.

    Args:
        embedders: any, see `reid.load`.
        crops: pictures as they come, at least one.
        batch: crops per call.
        rounds: turns each takes.
        seconds: at least so long is a turn.
    """
    speeds = np.empty((rounds, len(embedders)))
    for row in speeds:
        for column, embedder in enumerate(embedders):
            embedder.embed(_batch(crops, 0, batch))  # caches belong to the one before
            row[column] = _turn(embedder, crops, batch, seconds)
    return [float(speed) for speed in np.median(speeds, axis=0)]


def _turn(
    embedder: Embedder, crops: Sequence[NDArray[np.uint8]], batch: int, seconds: float
) -> float:
    done, start = 0, time.perf_counter()
    while True:
        embedder.embed(_batch(crops, done, batch))
        done += batch
        passed = time.perf_counter() - start
        if passed >= seconds:
            return done / passed


def _batch(crops: Sequence[NDArray[np.uint8]], start: int, batch: int) -> list[NDArray[np.uint8]]:
    return [crops[i % len(crops)] for i in range(start, start + batch)]


def size_of(embedder: Embedder) -> tuple[int | None, int | None]:
    """Parameters and multiply-adds of what `reid.load` opened."""
    from mtmc.reid.onnx_embedder import OnnxEmbedder
    from mtmc.reid.openvino_embedder import OpenvinoEmbedder

    if isinstance(embedder, OpenvinoEmbedder):
        return None, None
    if isinstance(embedder, OnnxEmbedder):
        from mtmc.reid.onnx_profile import profile_onnx

        return profile_onnx(embedder.model, embedder.preprocess.size)
    if hasattr(embedder, "profile"):  # torch's; asking for its class would load torch
        profile = embedder.profile()
        return profile.parameters, profile.flops
    return None, None
