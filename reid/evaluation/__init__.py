"""Retrieval evaluation: who is found, how early, and how completely."""

from mtmc.reid.evaluation.embeddings import Embeddings
from mtmc.reid.evaluation.ranking import Scores, score_distances, score_embeddings

__all__ = [
    "Embeddings",
    "Scores",
    "score_distances",
    "score_embeddings",
]
