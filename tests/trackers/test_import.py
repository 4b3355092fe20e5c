import subprocess
import sys

import pytest

import trackers


def test_import_loads_numpy_and_scipy_only():
    code = (
        "import sys, trackers\n"
        "[trackers.tracker_class(name) for name in trackers.TRACKERS]\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    foreign = set(result.stdout.split()) - sys.stdlib_module_names
    started = subprocess.run(
        [sys.executable, "-c", "import sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    before = {name.partition(".")[0] for name in started.stdout.split()}
    assert {name for name in foreign - before if not name.startswith("_")} <= {
        "numpy",
        "scipy",
        "trackers",
    }


def test_unknown_name_lists_what_exists():
    with pytest.raises(ValueError, match=r"no tracker 'bytetrak'; there are .*bytetrack"):
        trackers.create("bytetrak")


@pytest.mark.parametrize("name", sorted(trackers.TRACKERS))
def test_config_is_checked(name):
    config = trackers.tracker_class(name).Config
    assert config() == config()
    with pytest.raises(ValueError, match="birth_score must be in 0..1, got 2"):
        config(birth_score=2.0)
    with pytest.raises(ValueError, match="max_age must be 0 or more, got -1"):
        config(max_age=-1)
