import numpy as np
import pytest
from scipy import sparse

from mtmc.associate.clustering import Links
from mtmc.associate.merging import merge_but_for_few


def links(people, apart=(), sizes=None):
    """Evidence of tracklets of known people, some of which one frame shows at once."""
    people = np.asarray(people)
    look = np.where(people[:, None] == people, 3.0, -3.0).astype(np.float32)
    conflicts = np.zeros(look.shape, bool)
    for a, b in apart:
        conflicts[a, b] = conflicts[b, a] = True
    return Links(
        lambda rows, columns: look[np.ix_(rows, columns)],
        np.ones(len(people), np.float32),
        np.full(len(people), 10) if sizes is None else np.asarray(sizes),
        sparse.csr_array(look.shape),
        sparse.csr_array(conflicts),
    )


def test_one_tracklet_at_odds_does_not_keep_two_halves_apart():
    people = np.zeros(12, int)
    groups = np.repeat([0, 1], 6)
    found = merge_but_for_few(links(people, [(0, 11)], sizes=[4, *[10] * 11]), groups)
    assert len(set(found[1:])) == 1  # the shorter of the two is put out
    assert found[0] != found[1]


def test_halves_that_are_seen_together_much_stay_apart():
    groups = np.repeat([0, 1], 6)
    apart = [(0, 11), (1, 10), (2, 9)]
    found = merge_but_for_few(links(np.zeros(12, int), apart), groups)
    np.testing.assert_array_equal(found, groups)


def test_others_stay_apart():
    groups = np.repeat([0, 1], 6)
    found = merge_but_for_few(links(groups, [(0, 11)]), groups)
    np.testing.assert_array_equal(found, groups)


@pytest.mark.parametrize("count", [0, 1])
def test_nothing_to_merge(count):
    assert len(merge_but_for_few(links([0] * count), np.zeros(count, int))) == count
