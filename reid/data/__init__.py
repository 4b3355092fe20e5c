"""Datasets, by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mtmc.reid.registry import lookup, unknown

if TYPE_CHECKING:
    from mtmc.reid.data.images import Dataset

DATASETS = {
    "market1501": "mtmc.reid.data.market:read_market1501",
    "dukemtmc": "mtmc.reid.data.market:read_dukemtmc",
    "cuhk03_labelled": "mtmc.reid.data.cuhk03:read_labelled",
    "cuhk03_detected": "mtmc.reid.data.cuhk03:read_detected",
    "cuhk03_labelled_200": "mtmc.reid.data.cuhk03:read_labelled_200",
    "cuhk03_detected_200": "mtmc.reid.data.cuhk03:read_detected_200",
    "msmt17": "mtmc.reid.data.msmt17:read_msmt17",
    "mars": "mtmc.reid.data.mars:read_mars",
    "cuhk_sysu": "mtmc.reid.data.cuhk_sysu:read_100",
    **{
        f"cuhk_sysu_{size}": f"mtmc.reid.data.cuhk_sysu:read_{size}"
        for size in (50, 500, 1000, 2000, 4000)
    },
    "folder": "mtmc.reid.data.folder:read_folder",
}


def is_dataset(spec: str, root: Path) -> bool:
    """Whether a text names a dataset, as `open_dataset` takes it."""
    return spec.partition("=")[0] in DATASETS or (Path(root) / spec).is_dir()


def need_dataset(spec: str, root: Path) -> None:
    """Check that a text names a dataset, without reading it.

    Raises:
        ReidError: it does not.
    """
    if not is_dataset(spec, root):
        raise unknown("dataset", spec.partition("=")[0], DATASETS)


def open_dataset(spec: str, root: Path) -> Dataset:
    """Read a dataset's file lists (no image is opened).

    Args:
        spec: a name of `DATASETS`, alone or as ``name=path`` with a path relative to ``root``
            (for example ``folder=pku-reid``); another name is that of a ``folder`` in ``root``.
        root: folder of the dataset, or of several.

    Raises:
        ReidError: no such dataset, or its files are not where they are expected.
    """
    name, _, path = spec.partition("=")
    if name not in DATASETS and is_dataset(spec, root):
        name, path = "folder", name
    dataset: Dataset = lookup("dataset", name, DATASETS)(Path(root) / path if path else Path(root))
    if not path:
        return dataset
    return replace(dataset, name=spec)
