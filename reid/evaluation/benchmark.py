"""Score an embedder on a dataset, by the dataset's protocol."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic.dataclasses import dataclass

from mtmc.reid.errors import ReidError
from mtmc.reid.evaluation.embeddings import Embeddings, Metric
from mtmc.reid.evaluation.extract import Augmentation, extract
from mtmc.reid.evaluation.ranking import Scores, score_distances, score_embeddings
from mtmc.reid.evaluation.verification import even_distance
from mtmc.reid.settings import setting

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtmc.reid.data.images import Dataset, Images
    from mtmc.reid.embedder import Embedder


@dataclass(frozen=True)
class Protocol:
    """How a retrieval is evaluated.

    Args:
        metric: ``cosine`` or ``euclidean``.
        augmentation: at test time: ``none``, ``flip`` or ``ten_crop``.
        multi_query: average all images of a person in a camera into one query.
        rerank: k-reciprocal re-ranking with its usual parameters.
        camera_centred: take the mean of a camera's images out of each, known without any label.
    """

    metric: Metric = setting("cosine", public=True)
    augmentation: Augmentation = setting("none", public=True)
    multi_query: bool = setting(False, public=True)
    rerank: bool = setting(False, public=True)
    camera_centred: bool = setting(False, public=True)


def evaluate(
    embedder: Embedder,
    dataset: Dataset,
    protocol: Protocol | None = None,
    progress: Callable[[int], object] | None = None,
) -> Scores:
    """Embed queries and gallery and score the retrieval.

    Args:
        embedder: any, see `reid.load`.
        dataset: images of a tracklet are averaged where it has tracklets.
        protocol: metric, augmentation, multi-query, re-ranking.
        progress: told how many images are done.

    Raises:
        ReidError: an image cannot be read, or no query has a right answer.
    """
    protocol = protocol or Protocol()
    dataset.need("query", "gallery")

    def embed(images: Images) -> Embeddings:
        return extract(embedder, images, protocol.augmentation, progress)

    query, gallery = embed(dataset.query), embed(dataset.gallery)
    more = dataset.more_queries if protocol.multi_query else None
    asked = query if more is None else embed(more)
    if protocol.camera_centred:
        means = query.joined(gallery).camera_means()
        asked, gallery = asked.camera_centred(means), gallery.camera_centred(means)
    query = asked.per_person_and_camera().normalized() if protocol.multi_query else asked
    try:
        if protocol.rerank:
            from mtmc.reid.evaluation.rerank import rerank

            scores = score_distances(rerank(query.features, gallery.features), query, gallery)
        else:
            scores = score_embeddings(query, gallery, protocol.metric)
    except ValueError as error:
        raise ReidError(f"{dataset.name}: {error}") from error
    return replace(scores, even_distance=even_distance(query.joined(gallery)))
