"""Score an embedder on a dataset, by the dataset's protocol."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

from mtmc.reid.errors import ReidError
from mtmc.reid.evaluation.extract import Augmentation, extract
from mtmc.reid.evaluation.retrieval import Retrieval
from mtmc.reid.evaluation.verification import even_distance

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtmc.reid.data.images import Dataset, Images
    from mtmc.reid.embedder import Embedder
    from mtmc.reid.evaluation.embeddings import Embeddings
    from mtmc.reid.evaluation.ranking import Scores


Comparison = Literal["cosine", "aligned"]


@dataclass(frozen=True)
class Protocol:
    """How a retrieval is evaluated. Embeddings are of unit length, so their angle is what counts.

    Args:
        augmentation: at test time: ``none``, ``flip`` or ``ten_crop``.
        multi_query: average all images of a person in a camera into one query.
        rerank: k-reciprocal re-ranking with its usual parameters.
        camera_centred: take the mean of a camera's images out of each, known without any label.
        metric: ``cosine`` of the embeddings, or ``aligned``: as AlignedReID compares, see
            `reid.evaluation.aligned`.

    Raises:
        ValueError: there is no such augmentation or metric, or two do not go together.
    """

    augmentation: Augmentation = "none"
    multi_query: bool = False
    rerank: bool = False
    camera_centred: bool = False
    metric: Comparison = "cosine"

    def __post_init__(self) -> None:
        if self.augmentation not in get_args(Augmentation):
            *some, last = map(repr, get_args(Augmentation))
            raise ValueError(
                f"augmentation should be {', '.join(some)} or {last}, got {self.augmentation!r}"
            )
        if self.metric not in get_args(Comparison):
            raise ValueError(f"metric should be cosine or aligned, got {self.metric!r}")
        if self.metric == "aligned" and self.camera_centred:
            raise ValueError("camera_centred is for embeddings: leave it or metric=aligned out")


def retrieve(
    embedder: Embedder,
    dataset: Dataset,
    protocol: Protocol | None = None,
    progress: Callable[[int], object] | None = None,
) -> Retrieval:
    """Embed queries and gallery.

    Args:
        embedder: any, see `reid.load`.
        dataset: images of a tracklet are averaged where it has tracklets.
        protocol: augmentation, multi-query, re-ranking.
        progress: told how many images are done.

    Raises:
        ReidError: an image cannot be read.
    """
    protocol = protocol or Protocol()

    def embed(images: Images) -> Embeddings:
        return extract(embedder, images, protocol.augmentation, progress)

    query, asked, gallery = sides(embed, dataset, protocol)
    if protocol.camera_centred:
        means = query.joined(gallery).camera_means()
        asked, gallery = asked.camera_centred(means), gallery.camera_centred(means)
    query = asked.per_person_and_camera().normalized() if protocol.multi_query else asked
    distances = None
    if protocol.rerank:
        from mtmc.reid.evaluation.rerank import rerank  # with scipy, which takes a while

        distances = rerank(query.features, gallery.features)
    return Retrieval(
        query,
        gallery,
        None if protocol.multi_query else dataset.query.one_of_each(),
        dataset.gallery.one_of_each(),
        distances,
        dataset.within,
    )


def sides(
    embed: Callable[[Images], Embeddings], dataset: Dataset, protocol: Protocol
) -> tuple[Embeddings, Embeddings, Embeddings]:
    """Embeddings of the queries, of what is asked with (more, for multi-query) and the gallery.

    Raises:
        ReidError: there are none, or each query is looked for in cameras of its own, which the
            protocol cannot do.
    """
    dataset.need("query", "gallery")
    for option in ("multi_query", "rerank", "camera_centred"):
        if getattr(protocol, option):
            dataset.need_one_gallery(option)
    query, gallery = embed(dataset.query), embed(dataset.gallery)
    more = dataset.more_queries if protocol.multi_query else None
    return query, query if more is None else embed(more), gallery


def score(retrieval: Retrieval, name: str) -> Scores:
    """The scores of a retrieval, with its even distance.

    Args:
        retrieval: see `retrieve`.
        name: of the dataset, for messages.

    Raises:
        ReidError: no query has a right answer.
    """
    try:
        scores = retrieval.scores()
    except ValueError as error:
        raise ReidError(f"{name}: {error}") from error
    everybody = retrieval.query.joined(retrieval.gallery)
    return replace(scores, even_distance=even_distance(everybody))


def evaluate(embedder: Embedder, dataset: Dataset, protocol: Protocol | None = None) -> Scores:
    """Embed queries and gallery and score the retrieval; see `retrieve` and `score`."""
    return score(retrieve(embedder, dataset, protocol), dataset.name)
