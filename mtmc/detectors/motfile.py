"""Detections that are already there: MOT text files."""

from __future__ import annotations

DEFAULT_FOLDER = "det"
