"""Options and fixtures that all tests share."""

import os
import sys
from pathlib import Path

import pytest

# One thread per process: tests run in several, and small arrays gain nothing from a second. Set
# before numpy and torch are imported; what a test starts inherits it.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

LARGEST = 8  # workers: each takes some 2 GB
SHARED = Path(os.environ.get("MTMC_TEST_DATA") or Path(__file__).parents[2] / "shared" / "data")


def pytest_addoption(parser):
    parser.addoption("--runslow", action="store_true", help="also run the tests marked slow")
    parser.addoption("--same-bytes", action="store_true", help="hold the replay's very files")


def pytest_configure(config):
    """Compile each module once, not in every process: torch alone takes seconds."""
    if sys.dont_write_bytecode and hasattr(config, "cache"):
        sys.pycache_prefix = os.environ["PYTHONPYCACHEPREFIX"] = str(config.cache.mkdir("bytecode"))
        sys.dont_write_bytecode = False
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_xdist_auto_num_workers(config):
    """As many as there are cores for folders; a test or a file is sooner done without.

    With ``-x``, workers would first finish all that they have been given.
    """
    few = config.option.keyword or any(".py" in argument for argument in config.args)
    return 0 if few or config.option.maxfail else min(os.cpu_count() or 1, LARGEST)


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
