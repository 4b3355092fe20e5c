"""Fetching a file whose sum is known: it goes on where it stopped, and takes nothing else."""

from __future__ import annotations

import hashlib
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from mtmc.reid.errors import ReidError, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

SILENCE = 30.0  # seconds without a byte after which a server is given up
CHUNK = 1 << 16
NOT_SATISFIABLE = 416  # what a server answers that has no more than the part that is here
PARTIAL = 206


def download(
    urls: Sequence[str],
    target: Path,
    size: int,
    sha256: str,
    progress: Callable[[int], object] = lambda _: None,
) -> None:
    """Fetch ``target``; what is whole and right already stays.

    What arrived of it lies beside it as ``NAME.part`` until it is whole, also after an error.

    Args:
        urls: of the same file, tried in this order.
        target: the file to write.
        size: bytes it has.
        sha256: its sum.
        progress: told how many bytes are here.

    Raises:
        ReidError: no address gave this very file.
    """
    if target.is_file() and _sum(target) == sha256:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    reasons = []
    for url in urls:
        try:
            resumed = _fetch(url, part, size, progress)
            if resumed and _sum(part) != sha256:  # the part may have been of something else
                part.unlink()
                _fetch(url, part, size, progress)
        except (OSError, HTTPException, ValueError) as error:  # ValueError: no address
            reasons.append(f"{url}: {one_line(error)}")
            continue
        if _sum(part) == sha256:
            part.replace(target)
            return
        part.unlink()
        reasons.append(f"{url}: gave another file than the one known (SHA-256), which was removed")
    kept = f"; {part} is kept, the same command goes on with it" if part.exists() else ""
    raise ReidError(f"{target.name}: not fetched ({'; '.join(reasons)}){kept}")


def _fetch(url: str, part: Path, size: int, progress: Callable[[int], object]) -> bool:
    """Fetch what is missing of ``part``; whether some was there before."""
    start = part.stat().st_size if part.exists() else 0
    if start > size:
        part.unlink()
        start = 0
    if start == size:
        return True
    headers = {"User-Agent": "mtmc", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    try:
        answer = urlopen(Request(url, headers=headers), timeout=SILENCE)
    except HTTPError as error:
        if error.code != NOT_SATISFIABLE or not start:
            raise
        part.unlink()
        return _fetch(url, part, size, progress)
    with answer:
        goes_on = answer.status == PARTIAL and start > 0
        with part.open("ab" if goes_on else "wb") as file:
            here = start if goes_on else 0
            while here <= size and (data := answer.read(CHUNK)):
                file.write(data)
                here += len(data)
                progress(here)
    if here < size:
        raise ConnectionError(f"ended after {here} of {size} bytes")
    return goes_on


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
