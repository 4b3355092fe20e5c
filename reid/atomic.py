from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from mtmc.reid.errors import ReidError

if TYPE_CHECKING:
    from collections.abc import Iterator

PARTIAL = ".partial"

_mine: set[Path] = set()  # the temporary files this process is writing


@contextmanager
def atomic_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write that takes its name only once it is complete and on the disk.

    Until then it lies beside ``path`` under a temporary name; on any error it is removed and what
    ``path`` held before stays. What processes that were killed have left of theirs is swept.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path.parent)
    temporary = path.with_name(f".{path.name}.{os.getpid()}{PARTIAL}")
    _mine.add(temporary)
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        _mine.discard(temporary)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """A file is written within, in a folder that is made where it is missing.

    Raises:
        ReidError: it cannot be.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise ReidError(f"{path}: cannot be written ({error.strerror})") from error


def _sweep(folder: Path) -> None:
    """Remove the temporary files of processes that are no more."""
    for left in folder.glob(f".*{PARTIAL}"):
        process = left.name.removesuffix(PARTIAL).rpartition(".")[2]
        if process.isdecimal() and left not in _mine and not _runs(int(process)):
            with suppress(OSError):
                left.unlink()


def _runs(process: int) -> bool:
    """Whether another process of that number does."""
    if process == os.getpid():
        return False  # in a container, every process that writes may have the same number
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # it is somebody else's
        return True
    return True
