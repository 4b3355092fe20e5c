"""How many cores there are for a process, limits of containers included."""

import pytest

from mtmc.reid.threads import available_cores, cores_allowed

NO_LIMIT = 1024


@pytest.mark.parametrize(
    ("groups", "files", "cores"),
    [
        ("0::/", {"cpu.max": "max 100000"}, NO_LIMIT),
        ("0::/", {"cpu.max": "150000 100000"}, 2),
        ("0::/a/b", {"a/cpu.max": "300000 100000", "a/b/cpu.max": "max 100000"}, 3),
        ("0::/a/b", {"cpu.max": "50000 100000"}, 1),  # its own, mounted as the root
        ("3:cpuset:/\n1:cpu,cpuacct:/x", {
            "cpu,cpuacct/x/cpu.cfs_quota_us": "400000", "cpu,cpuacct/x/cpu.cfs_period_us": "100000",
        }, 4),
        ("1:cpu:/\n0::/", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "1"}, NO_LIMIT),
        ("0::/", {"cpu.max": "damaged"}, NO_LIMIT),
        ("", {}, NO_LIMIT),
    ],
)  # fmt: skip
def test_the_limits_of_control_groups(groups, files, cores, tmp_path):
    (tmp_path / "own").write_text(groups)
    for name, text in files.items():
        path = tmp_path / "fs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    assert cores_allowed(tmp_path / "own", tmp_path / "fs") == cores


def test_other_systems_have_none(tmp_path):
    assert cores_allowed(tmp_path / "none", tmp_path) == NO_LIMIT
    assert available_cores() >= 1
