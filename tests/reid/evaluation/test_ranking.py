"""Scores against slow loops, and stories small enough to score by hand."""

from __future__ import annotations

import numpy as np
import pytest

from mtmc.reid.evaluation import Embeddings, score_distances, score_embeddings


def ids(pids, camids) -> Embeddings:
    features = np.zeros((len(pids), 1), np.float32)
    return Embeddings(features, np.array(pids, np.int64), np.array(camids, np.int64))


def slow_scores(distances, query, gallery, max_rank):
    cmc, aps, inps = np.zeros(max_rank), [], []
    for q in range(len(query)):
        ranked = []
        for g in np.argsort(distances[q], kind="stable"):
            if gallery.pids[g] == -1:
                continue
            same = gallery.pids[g] == query.pids[q]
            if same and gallery.camids[g] == query.camids[q]:
                continue
            ranked.append(same)
        if not any(ranked):
            continue
        found, precisions = 0, []
        for rank, same in enumerate(ranked, 1):
            if same:
                found += 1
                precisions.append(found / rank)
                last = rank
        first = ranked.index(True)
        for rank in range(first, max_rank):
            cmc[rank] += 1
        aps.append(np.mean(precisions))
        inps.append(found / last)
    return cmc / len(aps), np.mean(aps), np.mean(inps), len(aps)


@pytest.mark.parametrize("levels", [10**6, 5])  # without and with equal distances
@pytest.mark.parametrize("seed", range(5))
def test_equal_to_slow_loops(levels, seed) -> None:
    rng = np.random.default_rng(seed)
    query = ids(rng.integers(-1, 9, 40), rng.integers(0, 3, 40))
    gallery = ids(rng.integers(-1, 9, 300), rng.integers(0, 3, 300))
    distances = rng.integers(0, levels, (40, 300)).astype(np.float32)
    before = distances.copy()
    got = score_distances(distances, query, gallery, max_rank=20)
    # Junk is nobody, so a junk query looks for nobody.
    real = query.pids != -1
    kept = Embeddings(query.features[real], query.pids[real], query.camids[real])
    cmc, mean_ap, mean_inp, scored = slow_scores(distances[real], kept, gallery, 20)
    np.testing.assert_array_equal(got.cmc, cmc)
    assert (got.mean_ap, got.mean_inp, got.queries) == (mean_ap, mean_inp, scored)
    assert got.skipped == 40 - scored
    np.testing.assert_array_equal(distances, before)


def test_a_story_by_hand() -> None:
    query = ids([1], [0])
    #              same camera, wrong, right, junk, distractor, right
    gallery = ids([1, 2, 1, -1, 0, 1], [0, 1, 1, 1, 1, 2])
    scores = score_distances(np.arange(6.0)[None], query, gallery, max_rank=5)
    # What counts: wrong, right, distractor, right.
    assert scores.cmc.tolist() == [0, 1, 1, 1, 1]
    assert scores.mean_ap == (1 / 2 + 2 / 4) / 2
    assert scores.mean_inp == 2 / 4
    assert scores.to_dict()["rank20"] == 1


def test_queries_without_an_answer_do_not_count() -> None:
    query, gallery = ids([1, 7, 2], [0, 0, 1]), ids([1, 2], [1, 1])
    scores = score_distances(np.zeros((3, 2)), query, gallery)
    assert (scores.queries, scores.skipped, scores.rank(1)) == (1, 2, 1)
    with pytest.raises(ValueError, match="no query has a right answer"):
        score_distances(np.zeros((1, 2)), ids([7], [0]), gallery)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_embeddings_are_scored_as_their_distances(metric) -> None:
    rng = np.random.default_rng(0)

    def random(count):
        features = rng.normal(size=(count, 16)).astype(np.float32)
        return Embeddings(features, rng.integers(0, 9, count), rng.integers(0, 3, count))

    query, gallery = random(700), random(400)
    a, b = query.features.astype(float), gallery.features.astype(float)
    if metric == "cosine":
        a /= np.linalg.norm(a, axis=1, keepdims=True)
        b /= np.linalg.norm(b, axis=1, keepdims=True)
        distances = 1 - a @ b.T
    else:
        distances = ((a[:, None] - b) ** 2).sum(-1)
    got, expected = (
        score_embeddings(query, gallery, metric),
        score_distances(distances, query, gallery),
    )
    np.testing.assert_allclose(got.cmc, expected.cmc, atol=1e-3)
    assert got.mean_ap == pytest.approx(expected.mean_ap, abs=1e-4)
    assert got.mean_inp == pytest.approx(expected.mean_inp, abs=1e-4)


def test_pooling_averages_tracklets_and_refuses_mixed_ones() -> None:
    features = np.array([[1, 0], [3, 0], [0, 5]], np.float32)
    images = Embeddings(features, np.array([4, 4, 9]), np.array([0, 0, 1]))
    pooled = images.pooled(np.array([7, 7, 2]))
    assert pooled.features.tolist() == [[0, 5], [2, 0]]
    assert pooled.pids.tolist() == [9, 4]
    assert images.per_person_and_camera().features.tolist() == [[2, 0], [0, 5]]
    with pytest.raises(ValueError, match="mixes pids"):
        images.pooled(np.array([0, 1, 1]))


def test_a_feature_that_is_not_finite_is_named() -> None:
    with pytest.raises(ValueError, match="feature 1 is not finite"):
        Embeddings(np.array([[0.0], [np.nan]], np.float32), np.zeros(2, int), np.zeros(2, int))
