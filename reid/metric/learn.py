"""The metrics: from labelled features to a linear map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, eigh, solve_triangular
from scipy.sparse.linalg import LinearOperator, eigsh

from mtmc.reid.errors import ReidError
from mtmc.reid.metric.pairs import pair_moments
from mtmc.reid.metric.subspace import TOLERANCE, Subspace, principal, span

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mtmc.reid.metric.config import MetricConfig

    Floats = NDArray[np.float64]

# Of more dimensions than this, the eigenvalues above 1 are found without all others.
EXACT = 2500
AT_FIRST = 128  # eigenvalues that are looked for; the double where all of them are above 1


@dataclass(frozen=True, eq=False)
class Metric:
    """A Mahalanobis distance ``|L^T (x - z)|^2``.

    Args:
        factor: ``L (D, K)``, largest directions first.
        mean: ``(D,)`` of the training samples.
        longest: length of the longest ``L^T (x - mean)`` of a training sample.
    """

    factor: NDArray[np.float32]
    mean: NDArray[np.float32]
    longest: float


def learn(
    features: NDArray[np.float32],
    pids: NDArray[np.int64],
    camids: NDArray[np.int64],
    config: MetricConfig,
) -> Metric | None:
    """Learn a metric.

    Args:
        features: ``(N, D)``.
        pids: ``(N,)`` people.
        camids: ``(N,)`` cameras.
        config: method and its settings.

    Returns:
        The metric; None for the Euclidean distance of the features as they are.

    Raises:
        ReidError: these images do not determine such a metric; the message says why.
    """
    if len(features) < 2 or not np.ptp(features, axis=0).any():
        raise ReidError(f"all {len(features)} training images have the same features")
    if config.method == "euclidean" and config.pca is None:
        return None
    most = min(len(features) - 1, features.shape[1])
    if config.method == "euclidean" and config.pca is not None and config.pca > most:
        raise ReidError(
            f"metric.pca={config.pca}: {len(features)} training images with {features.shape[1]} "
            f"features have {most} principal components at most; lower it, or add images"
        )
    space = span(features) if config.pca is None else principal(features, config.pca)
    factor = _factor(space, pids, camids, config)
    longest = float(np.linalg.norm(space.coordinates @ factor, axis=1).max())
    return Metric(space.expand(factor).astype(np.float32), space.mean, longest)


def _factor(
    space: Subspace, pids: NDArray[np.int64], camids: NDArray[np.int64], config: MetricConfig
) -> Floats:
    """``L`` in the coordinates of the subspace."""
    if config.method == "euclidean":
        return np.eye(space.coordinates.shape[1])
    if config.pairs == "all":  # every image as if from a camera of its own
        camids = np.arange(len(pids))
    intra, extra, n_intra, n_extra = pair_moments(space.coordinates, pids, camids)
    for count, who in ((n_intra, "one person"), (n_extra, "two people")):
        if count == 0:
            hint = "" if config.pairs == "all" else " from different cameras"
            raise ReidError(
                f"no two training images show {who}{hint}, which {config.method} learns from; "
                + ("add images" if config.pairs == "all" else "set metric.pairs to all")
            )
    intra += config.regularizer * np.eye(len(intra))
    return xqda(intra, extra, config.dims) if config.method == "xqda" else kissme(intra, extra)


def xqda(intra: Floats, extra: Floats, dims: int | None = None) -> Floats:
    """Cross-view quadratic discriminant analysis.

    Directions ``W`` with ``W^T intra W = 1`` and ``W^T extra W = diag(lambda)``. In them the metric
    ``(W^T intra W)^-1 - (W^T extra W)^-1`` is ``diag(1 - 1 / lambda)``: positive for every
    eigenvalue above 1, so nothing is lost by writing it as ``L L^T``.

    Args:
        intra: ``(R, R)`` moment of one person's differences, regularised.
        extra: ``(R, R)`` moment of different people's.
        dims: most dimensions; all with an eigenvalue above 1 when None.

    Returns:
        ``L (R, K)``.

    Raises:
        ReidError: ``intra`` is singular, or no eigenvalue is above 1.

    Source: Liao et al., CVPR 2015, Eqs. 5 to 9.
    """
    factorized = _factorized(intra, "of one person")
    if len(intra) > EXACT:
        values, directions = _above_one(factorized, extra, dims)
    else:
        values, directions = eigh(extra, intra)
    order = np.argsort(values)[::-1][:dims]
    order = order[values[order] > 1]
    if len(order) == 0:
        raise ReidError(
            "no eigenvalue is above 1: different people differ no more than one person does "
            "between images, so there is no metric to learn (metric.regularizer may be too large)"
        )
    factor: Floats = directions[:, order] * np.sqrt(1 - 1 / values[order])
    return factor


def _above_one(factorized: Floats, extra: Floats, dims: int | None) -> tuple[Floats, Floats]:
    """The largest eigenvalues, at least those above 1 or ``dims`` of them, with their vectors."""
    size = len(extra)

    def whitened(vector: Floats) -> Floats:
        inner = solve_triangular(factorized, vector, lower=True, trans="T", check_finite=False)
        outer: Floats = solve_triangular(factorized, extra @ inner, lower=True, check_finite=False)
        return outer

    operator = LinearOperator((size, size), matvec=whitened, dtype=np.float64)
    count = AT_FIRST if dims is None else dims
    while True:
        start = np.random.default_rng(0).standard_normal(size)
        values, vectors = eigsh(operator, min(count, size - 1), which="LA", v0=start)
        if values.min() <= 1 or count == dims or count >= size:
            return values, solve_triangular(factorized, vectors, lower=True, trans="T")
        count *= 2


def kissme(intra: Floats, extra: Floats) -> Floats:
    """Keep it simple and straightforward: ``intra^-1 - extra^-1``, its negative part left out.

    Args:
        intra: ``(R, R)`` moment of one person's differences, regularised.
        extra: ``(R, R)`` moment of different people's.

    Returns:
        ``L (R, K)``.

    Raises:
        ReidError: ``intra`` is singular, or nothing positive is left.

    Source: Koestinger et al., CVPR 2012, Eqs. 10 to 16.
    """
    values, directions = eigh(kissme_matrix(intra, extra))
    order = np.flatnonzero(values > 0)[::-1]
    if len(order) == 0:
        raise ReidError("different people differ no more than one person does between images")
    factor: Floats = directions[:, order] * np.sqrt(values[order])
    return factor


def kissme_matrix(intra: Floats, extra: Floats) -> Floats:
    """``intra^-1 - extra^-1``, symmetric but perhaps with negative eigenvalues.

    Raises:
        ReidError: one of them is singular.
    """
    identity = np.eye(len(intra))
    inverse = cho_solve((_factorized(intra, "of one person"), True), identity)
    other = cho_solve((_factorized(extra, "of different people"), True), identity)
    difference: Floats = inverse - other
    return (difference + difference.T) / 2


def _factorized(moment: Floats, whose: str) -> Floats:
    """The lower Cholesky factor.

    Raises:
        ReidError: the matrix is singular, as far as can be told from float32 features.
    """
    try:
        factor: Floats = cho_factor(moment, lower=True)[0]
        scale = np.diag(factor)
        if scale.min() > np.sqrt(TOLERANCE) * scale.max():
            return factor
    except LinAlgError:
        pass
    raise ReidError(
        f"the differences between images {whose} do not vary in all {len(moment)} dimensions; "
        "lower metric.pca, raise metric.regularizer, or add images"
    )
