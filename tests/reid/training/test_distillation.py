from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
import torch

from mtmc.reid.training.distillation import (
    Answers,
    distillation_losses,
    similarity_loss,
    soft_cross_entropy,
)
from mtmc.reid.training.recipe import DistillationConfig


def softened(row, temperature) -> list[float]:
    """Eq. 1, number by number."""
    powers = [math.exp(z / temperature) for z in row]
    return [p / sum(powers) for p in powers]


@pytest.mark.parametrize("temperature", [1.0, 3.0, 30.0])
def test_soft_cross_entropy_is_its_definition(temperature) -> None:
    rng = np.random.default_rng(0)
    student, teacher = rng.normal(size=(2, 5, 7)) * 4
    expected = np.mean(
        [
            -sum(
                p * math.log(q)
                for p, q in zip(softened(t, temperature), softened(s, temperature), strict=True)
            )
            for s, t in zip(student, teacher, strict=True)
        ]
    )
    got = soft_cross_entropy(torch.tensor(student), torch.tensor(teacher), temperature)
    assert float(got) == pytest.approx(expected)


def test_soft_cross_entropy_is_least_for_the_teachers_own_opinion() -> None:
    teacher = torch.randn(6, 9, generator=torch.Generator().manual_seed(0))
    student = (teacher.clone() + 5).requires_grad_()  # a shift of all logits changes nothing
    soft_cross_entropy(student, teacher, 3.0).backward()
    assert student.grad is not None
    assert float(student.grad.abs().max()) < 1e-6


def test_similarity_loss_is_its_definition() -> None:
    rng = np.random.default_rng(1)
    student, teacher = rng.normal(size=(6, 4)), rng.normal(size=(6, 9))

    def cosine(rows, i, j) -> float:
        return rows[i] @ rows[j] / np.linalg.norm(rows[i]) / np.linalg.norm(rows[j])

    pairs = list(combinations(range(6), 2))
    ours, theirs = ([cosine(rows, *p) for p in pairs] for rows in (student, teacher))
    expected = 1 - np.corrcoef(ours, theirs)[0, 1]
    got = similarity_loss(torch.tensor(student), torch.tensor(teacher))
    assert float(got) == pytest.approx(expected, rel=1e-5)


def test_similarity_loss_of_the_same_picture_turned_and_scaled_is_0() -> None:
    rows = torch.randn(8, 5, generator=torch.Generator().manual_seed(0))
    turn = torch.linalg.qr(torch.randn(5, 5, generator=torch.Generator().manual_seed(1)))[0]
    assert float(similarity_loss(3 * rows @ turn, rows)) < 1e-6
    assert float(similarity_loss(rows[:2], rows[:2])) == 0


def test_weights_and_the_square_of_the_temperature() -> None:
    rng = torch.Generator().manual_seed(0)
    embeddings, logits = torch.randn(4, 3, generator=rng), torch.randn(4, 6, generator=rng)
    answers = Answers(torch.randn(4, 2, generator=rng), torch.randn(4, 6, generator=rng))
    plain = DistillationConfig(soft_weight=0.5, similarity_weight=2, temperature=4)
    parts = distillation_losses(plain, embeddings, [logits, logits], answers)
    assert answers.logits is not None
    soft = soft_cross_entropy(logits, answers.logits, 4)
    assert parts["soft"] == pytest.approx(2 * float(soft))  # once per vector of the student
    expected = 0.5 * parts["soft"] + 2 * similarity_loss(embeddings, answers.embeddings)
    assert float(parts["teacher"]) == pytest.approx(float(expected))
    squared = DistillationConfig(temperature=4, scale_soft=True)
    parts = distillation_losses(squared, embeddings, [logits], answers)
    assert float(parts["teacher"]) == pytest.approx(16 * float(soft))


def test_a_teacher_of_whom_nothing_is_learned_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to learn from the teacher"):
        DistillationConfig(teacher="t.pt", soft_weight=0)
