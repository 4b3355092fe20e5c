"""Keys made of content: of what files hold and not of what they are called."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mtmc
from mtmc.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def content_key(*parts: str) -> str:
    """A hexadecimal key that differs when any of the parts does."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        raw = part.encode()
        digest.update(len(raw).to_bytes(8, "little") + raw)
    return digest.hexdigest()


def files_key(files: Iterable[Path]) -> str:
    """The key of what some files hold, in order.

    Raises:
        UserError: one cannot be read.
    """
    parts = []
    for file in files:
        try:
            with file.open("rb") as stream:
                parts.append(hashlib.file_digest(stream, "blake2b").hexdigest())
        except OSError as error:
            raise UserError(f"{file}: cannot be read ({error.strerror})") from error
    return content_key(*parts)


def settings_key(settings: Mapping[str, Any]) -> str:
    """The key of a detector's or embedder's settings and of this program's version.

    A setting that names an existing file or folder, such as the weights, counts by its content.
    """
    contents = {name: _content(value) for name, value in settings.items()}
    return content_key(mtmc.__version__, json.dumps(contents, sort_keys=True, default=str))


def _content(value: Any) -> Any:
    if not isinstance(value, str | Path) or not str(value):
        return value
    if not Path(value).exists():
        file, mark, output = str(value).rpartition("@")  # one of a network's outputs
        return [_content(file), output] if mark and Path(file).is_file() else value
    path = Path(value)
    if path.is_file():
        weights = path.with_suffix(".bin")  # of a model of OpenVINO
        return files_key([path, weights] if path.suffix == ".xml" and weights.exists() else [path])
    files = sorted(file for file in path.rglob("*") if file.is_file())
    return content_key(*(str(file.relative_to(path)) for file in files), files_key(files))
