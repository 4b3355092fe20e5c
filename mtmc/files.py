"""Writing files so that an old one stays until the new one is whole."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from mtmc.errors import UserError


@contextmanager
def claimed(out: Path) -> Iterator[None]:
    """Make the output folder and keep other runs out of it inside the block.

    Raises:
        UserError: it cannot be written, or another run is writing there.
    """
    for folder in (out, out / "tracks"):
        probe = folder / f".write-test-{os.getpid()}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise UserError(
                f"{folder}: cannot be written ({error.strerror}); choose another --out"
            ) from error
    # The system gives the lock back even when the process is killed. Its file stays: were it
    # removed, two runs could hold the lock at once, one of the old file and one of a new one.
    lock = FileLock(out / ".lock", timeout=0)
    try:
        with lock:
            _sweep(out)
            yield
    except Timeout:
        raise UserError(f"{out}: another run is writing there; choose another --out") from None


def _sweep(out: Path) -> None:
    """Remove what runs that were killed while they wrote a file have left of it."""
    for folder in (out, out / "tracks"):
        for pattern in (".*.partial.*", ".write-test-*"):
            for left in folder.glob(pattern):
                with suppress(OSError):
                    left.unlink()


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turns what the system says of a write into one line about ``path``.

    Raises:
        UserError: the disk is full or the folder cannot be written.
    """
    try:
        yield
    except OSError as error:
        # Errors of other languages' libraries are known by their text alone.
        reason = error.strerror or " ".join(str(error).split())[:100]
        raise UserError(f"{path}: cannot be written ({reason})") from error


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path`` that takes its place when the block ends well.

    Raises:
        UserError: the disk is full or the folder cannot be written.
    """
    partial = path.with_name(f".{path.stem}.partial{path.suffix}")
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield partial
            to_disk(partial)
            partial.replace(path)
        finally:
            with suppress(OSError):
                partial.unlink(missing_ok=True)


def to_disk(path: Path) -> None:
    """Wait until a file is on the disk, lest its name outlive a power cut and its content not."""
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_text(path: Path, text: str) -> None:
    """Replace a text file whole."""
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8")


def spelled(path: Path) -> Path:
    """The file of that name, be it in another form of Unicode: Macs write accents apart."""
    if path.exists() or not path.parent.is_dir():
        return path
    name = unicodedata.normalize("NFC", path.name)
    same = (p for p in path.parent.iterdir() if unicodedata.normalize("NFC", p.name) == name)
    return next(same, path)
