"""What a student learns from a teacher: its opinions about people, or its similarities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

if TYPE_CHECKING:
    from mtmc.reid.training.recipe import DistillationConfig


@dataclass(frozen=True)
class Answers:
    """What a teacher says about a batch.

    Args:
        embeddings: ``(N, D) float32`` unit rows.
        logits: ``(N, people) float32``; None where it has no opinion about these people.
    """

    embeddings: Tensor
    logits: Tensor | None


def soft_cross_entropy(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """Cross-entropy between two softened distributions, the mean over the batch.

    Args:
        student: logits ``(N, people)``.
        teacher: likewise.
        temperature: both are divided by it.

    Source: the distillation paper, Eq. 1 and the first term of Eq. 2.
    """
    expected = torch.softmax(teacher / temperature, dim=1)
    return functional.cross_entropy(student / temperature, expected)


def similarity_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """How little the student's similarities within a batch say of the teacher's.

    One minus the correlation of the cosines of all pairs: 0 where the student ranks pairs as the
    teacher does, and in proportion; 1 where one says nothing of the other. Neither the size of the
    embeddings matters nor how large cosines are on the whole, in which models differ much (those
    with a batch-normalisation neck have a mean near 0).

    Args:
        student: ``(N, D)``.
        teacher: ``(N, E)``.

    Returns:
        A scalar; 0 for fewer than three images, which have no two pairs.

    Source: the idea of matching pairwise relations: Tung and Mori, "Similarity-Preserving
    Knowledge Distillation"; Park et al., "Relational Knowledge Distillation".
    """
    if len(student) < 3:
        return student.sum() * 0
    ours, theirs = _cosines(student), _cosines(teacher)
    return 1 - functional.cosine_similarity(ours - ours.mean(), theirs - theirs.mean(), dim=0)


def _cosines(embeddings: Tensor) -> Tensor:
    """Cosines of all pairs ``(N * (N - 1) / 2,)``."""
    rows = functional.normalize(embeddings.float())
    above = torch.triu_indices(len(rows), len(rows), offset=1, device=rows.device)
    return (rows @ rows.T)[above[0], above[1]]


def distillation_losses(
    config: DistillationConfig, embeddings: Tensor, logits: list[Tensor], answers: Answers
) -> dict[str, Tensor]:
    """What the teacher contributes to the loss.

    Args:
        config: what counts how much.
        embeddings: the student's ``(N, D)``.
        logits: per vector of the student ``(N, people)``; each learns the teacher's opinion.
        answers: the teacher's.

    Returns:
        ``teacher``, the weighted sum, and, for logs, ``soft`` and ``similarity``.
    """
    parts = {"soft": embeddings.new_zeros((), dtype=torch.float32)}
    parts["similarity"] = parts["soft"]
    if config.soft_weight > 0 and answers.logits is not None:
        t = config.temperature
        losses = [soft_cross_entropy(x.float(), answers.logits, t) for x in logits]
        parts["soft"] = torch.stack(losses).sum()
    if config.similarity_weight > 0:
        parts["similarity"] = similarity_loss(embeddings, answers.embeddings)
    scale = config.temperature**2 if config.scale_soft else 1.0
    soft, similarity = config.soft_weight * scale, config.similarity_weight
    return {"teacher": soft * parts["soft"] + similarity * parts["similarity"], **parts}
