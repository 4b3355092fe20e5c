"""Weights that others publish and `mtmc weights get` fetches, and where they then lie."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Offer:
    """A file that its authors publish.

    Args:
        what: it is, in a few words.
        licence: of the weights, with what their training data asks for.
        urls: where the very same file can be had, in the order they are tried.
        size: bytes.
        sha256: of the file; anything else is refused.
    """

    what: str
    licence: str
    urls: tuple[str, ...]
    size: int
    sha256: str

    @property
    def suffix(self) -> str:
        """Of the file, such as ``.onnx``."""
        return Path(self.urls[0]).suffix


YOLOX = "https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0"
OSNET = "https://huggingface.co/kaiyangzhou/osnet/resolve/a5c5cc037c24235cda3b21085b93ad77c9616224"
OPENCV = "opencv/opencv_zoo/main/models/person_reid_youtureid/person_reid_youtu_2021nov.onnx"
RESEARCH = "MIT code; learned from MSMT17, which is for research only"

# Sums and sizes are those that several independent projects pin for these addresses, and of the
# OpenCV Zoo's file the ones its own repository holds (Git LFS).
OFFERS = {
    "yolox_nano": Offer(
        "detector, 416 px, COCO AP 25.8: as fast as the one that ships",
        "Apache-2.0",
        (f"{YOLOX}/yolox_nano.onnx",),
        3_659_407,
        "c789161ed43c8269fcd4e67c67eeeb4e80c622da2eb296a20bc6007bd18a0b7d",
    ),
    "yolox_tiny": Offer(
        "detector, 416 px, COCO AP 32.8",
        "Apache-2.0",
        (f"{YOLOX}/yolox_tiny.onnx",),
        20_219_662,
        "427cc366d34e27ff7a03e2899b5e3671425c262ea2291f88bb942bc1cc70b0f7",
    ),
    "yolox_s": Offer(
        "detector, 640 px, COCO AP 40.5",
        "Apache-2.0",
        (f"{YOLOX}/yolox_s.onnx",),
        35_858_002,
        "c5c2d13e59ae883e6af3b45daea64af4833a4951c92d116ec270d9ddbe998063",
    ),
    "osnet_x0_25_msmt17": Offer(
        "ReID, 0.2 M parameters; torch turns it into ONNX once",
        RESEARCH,
        (
            f"{OSNET}/osnet_x0_25_msmt17_combineall_256x128_amsgrad_ep150_stp60_lr0.0015_b64_"
            "fb10_softmax_labelsmooth_flip_jitter.pth",
        ),
        9_336_983,
        "cf55163d78fc44c62c82f85ab62d39f10438679b5abe8c698ae08cfa84aa6e18",
    ),
    "person_reid_youtu": Offer(
        "ReID, ONNX as it is; not measured by this project",
        "Apache-2.0; its authors do not say what it learned from",
        (
            f"https://media.githubusercontent.com/media/{OPENCV}",
            f"https://github.com/{OPENCV.replace('/main/', '/raw/main/', 1)}",
        ),
        106_878_407,
        "0579683334d4b9440221606dcb461656dd0dc64143b18f48faedaced9b4f580d",
    ),
}


def folder() -> Path:
    """Where fetched weights lie: ``$XDG_CACHE_HOME/mtmc/weights``, usually below ``~/.cache``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mtmc" / "weights"


def fetched(name: str) -> Path | None:
    """The ONNX file that goes by this name of `OFFERS`, None where it was not fetched."""
    if name not in OFFERS:
        return None
    path = folder() / f"{name}.onnx"
    return path if path.is_file() else None


def how_to_get(name: str) -> str | None:
    """One line about weights that are offered under this name, None where none are."""
    if name not in OFFERS:
        return None
    offer = OFFERS[name]
    return (
        f"{name}: not fetched yet; `mtmc weights get {name}` does "
        f"({offer.size / 1e6:.0f} MB, {offer.licence})"
    )
