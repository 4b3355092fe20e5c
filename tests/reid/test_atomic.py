import os
import subprocess
import sys

import pytest

from mtmc.reid.atomic import atomic_file


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def write(path, content):
    with atomic_file(path) as file:
        file.write(content)


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "best.pt"
    write(path, b"old")

    def fail():
        with atomic_file(path) as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["best.pt"]


def test_what_killed_processes_left_is_swept_by_the_next_save(tmp_path):
    code = f"""
import os
from pathlib import Path
from mtmc.reid.atomic import atomic_file
with atomic_file(Path({str(tmp_path / "last.pt")!r})) as file:
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", code], check=False)
    assert len(names(tmp_path)) == 1
    (tmp_path / f".old.pt.{os.getpid()}.partial").touch()  # of a container that is no more
    (tmp_path / f".other.pt.{os.getppid()}.partial").touch()  # of one that still writes
    with atomic_file(tmp_path / "best.pt") as file:
        file.write(b"outer")
        write(tmp_path / "log.pt", b"inner")
    assert names(tmp_path) == [f".other.pt.{os.getppid()}.partial", "best.pt", "log.pt"]
