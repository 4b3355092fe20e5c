"""Retrieval evaluation: who is found, how early, and how completely."""

from mtmc.reid.evaluation.embeddings import Embeddings
from mtmc.reid.evaluation.ranking import Scores, score_distances, score_embeddings
from mtmc.reid.evaluation.rerank import RerankConfig, rerank

__all__ = [
    "Embeddings",
    "RerankConfig",
    "Scores",
    "rerank",
    "score_distances",
    "score_embeddings",
]
