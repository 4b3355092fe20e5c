import subprocess
import sys

import pytest

from mtmc import trackers


def loaded_by(code):
    """Packages in memory after ``code`` ran in an interpreter of its own; ours by two names."""
    code += "\nimport sys; print(*{'.'.join(name.split('.')[: 1 + name.startswith('mtmc.')])"
    code += " for name in sys.modules})"
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(result.stdout.split()) - sys.stdlib_module_names


def test_import_loads_numpy_and_scipy_only():
    plain = loaded_by("import numpy")
    assert loaded_by("import mtmc.trackers") - plain == {"mtmc", "mtmc.trackers"}
    every = "from mtmc import trackers as t; [t.tracker_class(name) for name in t.TRACKERS]"
    scientific = loaded_by("import numpy, scipy.optimize, scipy.sparse.csgraph")
    assert loaded_by(every) - scientific == {"mtmc", "mtmc.trackers"}


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
