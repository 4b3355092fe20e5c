"""Files that OpenCV's FileStorage wrote: YAML, XML or JSON."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import cv2

from mtmc.errors import UserError
from mtmc.reid.text import read_text

_BEGINNINGS = ("%YAML:", "<?xml", "<opencv_storage")
_MATRIX = "opencv-matrix"


def is_opencv(text: str) -> bool:
    """Whether a text was written by OpenCV's FileStorage."""
    return text.lstrip().startswith(_BEGINNINGS) or _MATRIX in text


def read_opencv(path: Path) -> dict[str, Any]:
    """All values of a file, by name; matrices as arrays.

    Raises:
        UserError: OpenCV cannot read it.
    """
    try:
        text = read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read: {error}") from error
    return parse_opencv(text, path)


def parse_opencv(text: str, path: Path) -> dict[str, Any]:
    """See ``read_opencv``; ``path`` is for errors."""
    level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        storage = cv2.FileStorage(text, cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY)
        content = _value(storage.root())
    except (cv2.error, SystemError, ValueError) as error:  # the second is its constructor's
        raise UserError(f"{path}: not a file that OpenCV's FileStorage can read") from error
    finally:
        cv2.utils.logging.setLogLevel(level)
    if not isinstance(content, dict):
        raise UserError(f"{path}: expected keys and values")
    return content


def _value(node: cv2.FileNode) -> Any:
    if node.isMap():
        keys = node.keys()
        if {"rows", "cols", "data"} <= set(keys):
            # Not through `mat()`, which refuses types that hold a camera matrix well enough.
            return _value(node.getNode("data"))
        return {key: _value(node.getNode(key)) for key in keys}
    if node.isSeq():
        return [_value(node.at(index)) for index in range(node.size())]
    if node.isString():
        return _number_list(node.string())
    if node.isInt() or node.isReal():
        return node.real()
    return math.nan


def _number_list(text: str) -> list[float] | str:
    """The numbers of a text such as ``"1 0 0"``, or the text."""
    try:
        return [float(word) for word in text.split()]
    except ValueError:
        return text
