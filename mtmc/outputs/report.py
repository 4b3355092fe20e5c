"""What is written of a run beside its tracks."""

from __future__ import annotations

import json
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

PACKAGES = ("mtmc", "numpy", "torch", "onnxruntime", "openvino", "ultralytics", "av")


def versions() -> dict[str, str]:
    """Of Python and of the packages that decide the result, as far as they are installed."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def to_json(value: Any) -> str:
    """JSON for people to read, too."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
