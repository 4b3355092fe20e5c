import sys

import pytest

from mtmc import trackers
from tests.loaded import loaded_by


def beside_python(code):
    """Packages in memory after ``code``; ours by two names."""
    names = (name.split(".") for name in loaded_by(code))
    found = {".".join(parts[: 1 + (parts[0] == "mtmc")]) for parts in names}
    return found - sys.stdlib_module_names


def test_import_loads_numpy_and_scipy_only():
    plain = beside_python("import numpy")
    assert beside_python("import mtmc.trackers") - plain == {"mtmc", "mtmc.trackers"}
    every = "from mtmc import trackers as t; [t.tracker_class(name) for name in t.TRACKERS]"
    scientific = beside_python("import numpy, scipy.optimize, scipy.sparse.csgraph")
    assert beside_python(every) - scientific == {"mtmc", "mtmc.trackers"}


def test_unknown_name_lists_what_exists():
    with pytest.raises(ValueError, match=r"no tracker 'bytetrak'; there are .*bytetrack"):
        trackers.create("bytetrak")


@pytest.mark.parametrize("name", sorted(trackers.TRACKERS))
def test_config_is_checked(name):
    config = trackers.tracker_class(name).Config
    assert config() == config()
    with pytest.raises(ValueError, match=r"birth_score must be in 0\.\.1, got 2"):
        config(birth_score=2.0)
    with pytest.raises(ValueError, match="max_age must be at least 0, got -1"):
        config(max_age=-1)
