"""Exits of a finished network, fitted in closed form to the embedding that it ends with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from mtmc.reid.data.decode import decoded
from mtmc.reid.errors import ReidError
from mtmc.reid.models import FITTED
from mtmc.reid.models.fitted import Fit, FittedNet
from mtmc.reid.models.staged import costs
from mtmc.reid.models.trunks import STAGES

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor

    from mtmc.reid.checkpoint import Checkpoint
    from mtmc.reid.data.images import Images
    from mtmc.reid.models.staged import State
    from mtmc.reid.preprocess import Preprocess

MOST = 8000  # images; more hardly change a fit
BATCH = 32
PARTS = 5  # of the people: one to choose the penalty with, one to measure with, the rest to fit
LEAST = 1e-4  # spread of a feature, relative to the largest
PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1)  # relative to the features' mean variance


@dataclass(frozen=True)
class Fitting:
    """What fitting came to.

    Args:
        fitted_to: images.
        measured_on: images of people that had no part in it.
        costs: see `StagedEmbedder`.
        reliability: see there.
        cosine: per stage, the mean cosine to the whole network's embedding.
    """

    fitted_to: int
    measured_on: int
    costs: tuple[float, ...]
    reliability: tuple[float, ...]
    cosine: tuple[float, ...]


def align(
    checkpoint: Checkpoint,
    images: Images,
    device: torch.device,
    progress: Callable[[int], object] | None = None,
) -> tuple[Checkpoint, Fitting]:
    """Give a network exits whose embeddings guess the one that it ends with.

    Args:
        checkpoint: of a network that can be cut into stages, see `FittedNet`.
        images: to learn from, of at least so many people as there are `PARTS`.
        device: where features are computed.
        progress: told how many images have theirs.

    Returns:
        The network with its exits, as a checkpoint, and how good they are.

    Raises:
        ReidError: the network cannot be cut or has such exits already, there are too few people,
            or a file is no image.

    Source: for the question, Wang et al., "Resource Aware Person Re-identification across Multiple
    Resolutions", whose exits lie in spaces of their own.
    """
    network = _fitted(checkpoint).to(device)
    images, part = _some(images)
    progress = progress or (lambda _: None)
    *features, wanted = _features(network, checkpoint.preprocess, images, device, progress)
    wanted = functional.normalize(wanted)
    cosines = [fit(network.fits[s], x, wanted, part) for s, x in enumerate(features)]  # type: ignore[arg-type]
    cosines.append(torch.ones(1))
    reliability = torch.stack([c.square().mean() for c in cosines])
    network.reliabilities.copy_(reliability)
    found = Fitting(
        fitted_to=int((part > 0).sum()),
        measured_on=int((part == 0).sum()),
        costs=costs(network, checkpoint.preprocess.size),
        reliability=network.reliability,
        cosine=tuple(float(c.mean()) for c in cosines),
    )
    result = replace(
        checkpoint,
        model=FITTED + checkpoint.model,
        args={"args": checkpoint.args},
        weights=network.state_dict(),
        classifiers={},
    )
    return result, found


def fit(layer: Fit, features: Tensor, wanted: Tensor, part: NDArray[np.int64]) -> Tensor:
    """Set a layer so that it guesses as well as it can, by ridge regression.

    Args:
        layer: changed in place, on the CPU or where the features are.
        features: ``(N, inputs)``.
        wanted: unit rows ``(N, D)``.
        part: ``(N,)`` 0..PARTS-1 by person; 0 is measured on, 1 chooses the penalty.

    Returns:
        Cosines ``(M,)`` of the guesses for part 0.
    """
    fitted = torch.from_numpy(part > 0)
    layer.mean.copy_(features[fitted].mean(dim=0))
    spread = features[fitted].std(dim=0)
    # What hardly ever varies would only be noise, blown up.
    layer.scale.copy_(torch.where(spread > LEAST * spread.max(), 1 / spread, 0))
    basis = torch.cat([layer.basis(rows) for rows in torch.split(features, BATCH * BATCH)]).double()
    wanted = wanted.double()
    chooses = torch.from_numpy(part == 1)
    fits = fitted & ~chooses
    tried = [
        _cosines(basis[chooses], *_ridge(basis[fits], wanted[fits], penalty), wanted[chooses])
        for penalty in PENALTIES
    ]
    best = PENALTIES[int(torch.stack([c.mean() for c in tried]).argmax())]
    weight, bias = _ridge(basis[fitted], wanted[fitted], best)
    layer.last.weight.copy_(weight.T)
    layer.last.bias.copy_(bias)
    held = ~fitted
    return _cosines(basis[held], weight, bias, wanted[held])


def _ridge(x: Tensor, y: Tensor, penalty: float) -> tuple[Tensor, Tensor]:
    """``(F, D)`` and ``(D,)`` that predict ``y`` from ``x``; the bias is not penalised."""
    x_mean, y_mean = x.mean(dim=0), y.mean(dim=0)
    x, y = x - x_mean, y - y_mean
    square = x.T @ x
    square.diagonal().add_(penalty * square.diagonal().mean())
    weight = torch.linalg.solve(square, x.T @ y)
    return weight, y_mean - x_mean @ weight


def _cosines(x: Tensor, weight: Tensor, bias: Tensor, y: Tensor) -> Tensor:
    return functional.cosine_similarity(x @ weight + bias, y)


def _fitted(checkpoint: Checkpoint) -> FittedNet:
    """The network with exits that know nothing yet."""
    if checkpoint.members:
        raise ReidError("an ensemble has no stages; align a single network")
    if checkpoint.model.startswith(FITTED):
        raise ReidError("is aligned already; expected the network that it was made from")
    network = FittedNet(checkpoint.model, checkpoint.args)
    network.network.load_state_dict(checkpoint.build().state_dict())
    rng = torch.Generator().manual_seed(0)
    for layer in network.fits:
        assert isinstance(layer, Fit)
        if layer.random is not None:
            with torch.no_grad():
                size = layer.random.weight.shape
                layer.random.weight.copy_(torch.randn(size, generator=rng) / size[1] ** 0.5)
                layer.random.bias.copy_(torch.randn(size[0], generator=rng))
    return network.eval()


def _some(images: Images) -> tuple[Images, NDArray[np.int64]]:
    """Images of whole people, at most about `MOST`, and the part that each belongs to."""
    people = np.random.default_rng(0).permutation(np.unique(images.pids))
    if len(people) < PARTS:
        raise ReidError(f"exits are fitted to images of at least {PARTS} people, got {len(people)}")
    counts = np.array([(images.pids == pid).sum() for pid in people])
    enough = max(PARTS, int(np.searchsorted(counts.cumsum(), MOST)) + 1)
    place = {pid: place % PARTS for place, pid in enumerate(people[:enough].tolist())}
    part = np.array([place.get(pid, -1) for pid in images.pids.tolist()], np.int64)
    return images.where(part >= 0), part[part >= 0]


@torch.inference_mode()
def _features(
    network: FittedNet,
    preprocess: Preprocess,
    images: Images,
    device: torch.device,
    progress: Callable[[int], object],
) -> list[Tensor]:
    """What each stage's guess is made from ``(N, F)``, and the network's embeddings."""
    found: list[list[Tensor]] = [[] for _ in range(STAGES)]
    for chunk in decoded(images.paths, preprocess, progress):
        for pixels in torch.split(torch.from_numpy(chunk).permute(0, 3, 1, 2), BATCH):
            state: State = (preprocess.normalize_tensor(pixels.to(device)),)
            for stage, rows in enumerate(found):
                state, features = network.features(stage, state)
                rows.append(features.cpu())
    return [torch.cat(rows) for rows in found]
