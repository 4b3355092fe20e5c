"""Options and fixtures that all tests share."""

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("MTMC_TEST_DATA") or Path(__file__).parents[2] / "shared" / "data")


def pytest_addoption(parser):
    parser.addoption("--runslow", action="store_true", help="also run the tests marked slow")
    parser.addoption("--same-bytes", action="store_true", help="hold the replay's very files")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--runslow"):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="slow; run with --runslow"))


@pytest.fixture(scope="session")
def shared_data():
    """The folder of real videos and ground truth, where a machine has it."""
    if not SHARED.is_dir():
        pytest.skip(f"real test data not found at {SHARED} (set MTMC_TEST_DATA)")
    return SHARED


@pytest.fixture(scope="session")
def shared_weights(shared_data):
    """The folder of detector and ReID weights beside the data."""
    weights = shared_data.parent / "weights"
    if not weights.is_dir():
        pytest.skip(f"test weights not found at {weights}")
    return weights
