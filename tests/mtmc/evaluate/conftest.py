import pytest

from tests.mtmc.evaluate.evaluate_sequence import walk_sequence


@pytest.fixture
def sequence(tmp_path):
    """A MOTChallenge sequence with images."""
    return walk_sequence(tmp_path / "walk")
