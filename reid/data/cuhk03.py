"""CUHK03 by the 767/700 protocol, and by one random split as AlignedReID has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mtmc.reid.data.images import Dataset, Images, count_note, find_folder, joined
from mtmc.reid.data.market import TESTS, TRAIN, read_parts
from mtmc.reid.errors import ReidError

if TYPE_CHECKING:
    from pathlib import Path

# (train, query, gallery) images: Zhong et al., CVPR 2017, section 5.1.
PUBLISHED = {"labeled": (7368, 1400, 5328), "detected": (7365, 1400, 5332)}

TESTED, PEOPLE = 200, 1467  # of AlignedReID's split; of CUHK03


def read_labelled(root: Path) -> Dataset:
    """CUHK03 with hand-drawn boxes, see `_read`."""
    return _read(root, "labeled")


def read_detected(root: Path) -> Dataset:
    """CUHK03 with detected boxes, see `_read`."""
    return _read(root, "detected")


def read_labelled_200(root: Path) -> Dataset:
    """CUHK03 with hand-drawn boxes and one random split, see `_one_split`."""
    return _one_split(read_labelled(root))


def read_detected_200(root: Path) -> Dataset:
    """CUHK03 with detected boxes and one random split, see `_one_split`."""
    return _one_split(read_detected(root))


def _one_split(dataset: Dataset) -> Dataset:
    """200 people drawn to test, all others to train.

    Everybody is looked for by all images of the first camera, among one random image of each of
    the 200 by the second: so rank-k alone says what there is to say.

    Source: Zhang et al., "AlignedReID", section 4.1. Which people their split has is not
    published.

    Raises:
        ReidError: there are too few people, or not two cameras.
    """
    name = f"{dataset.name}_{TESTED}"
    everybody = joined([dataset.train, dataset.query, dataset.gallery])
    rng = np.random.default_rng(0)
    people = np.unique(everybody.pids)
    if len(people) <= TESTED:
        raise ReidError(f"{name}: found {len(people)} people, a split needs more than {TESTED}")
    tested = np.isin(everybody.pids, rng.choice(people, TESTED, replace=False))
    first, second = (tested & (everybody.camids == camera) for camera in (1, 2))
    shuffled = rng.permutation(np.flatnonzero(second))
    _, of_each = np.unique(everybody.pids[shuffled], return_index=True)
    one = np.zeros(len(everybody), bool)
    one[shuffled[of_each]] = True
    if not first.any() or one.sum() != TESTED:
        raise ReidError(f"{name}: expected every person in the cameras 1 and 2")
    notes = [
        *count_note(name, "people", len(people), PEOPLE),
        f"{name}: a random split of our own, always the same; the paper's is not published",
    ]
    train, query, gallery = (everybody.where(mask) for mask in (~tested, first, one))
    return Dataset(name, train, query, gallery, notes=tuple(notes))


def _read(root: Path, boxes: str) -> Dataset:
    """Read one kind of boxes in either of the two layouts it is passed around in.

    - ``cuhk03-np/<labeled|detected>/`` with ``bounding_box_train``, ``query``,
      ``bounding_box_test``, as the protocol's authors publish it;
    - ``images_<labeled|detected>/`` with files like ``1_001_1_01.png``, and
      ``cuhk03_new_protocol_config_<labeled|detected>.mat`` beside it.

    Source: Li et al., "DeepReID", CVPR 2014; protocol: Zhong et al., CVPR 2017.
    """
    name = f"cuhk03_{'labelled' if boxes == 'labeled' else boxes}"
    protocol = f"cuhk03_new_protocol_config_{boxes}.mat"
    for folder in (root, root / "cuhk03"):
        if (folder / protocol).is_file():
            train, query, gallery = _read_protocol(folder, boxes, folder / protocol)
            break
    else:
        folders = [f"cuhk03-np/{boxes}", f"CUHK03-NP/{boxes}", boxes]
        what = f"CUHK03 ({boxes}; or images_{boxes}/ and {protocol})"
        folder = find_folder(root, folders, (TRAIN, *TESTS), what, TESTS, (TRAIN,))
        train, query, gallery = read_parts(folder)
    notes: list[str] = []
    parts = (("train", train), ("query", query), ("gallery", gallery))
    for (part, images), published in zip(parts, PUBLISHED[boxes], strict=True):
        if len(images):
            notes += count_note(name, f"{part} images", len(images), published)
    return Dataset(name, train, query, gallery, notes=tuple(notes))


def _read_protocol(folder: Path, boxes: str, protocol: Path) -> tuple[Images, Images, Images]:
    from scipy.io import loadmat

    try:
        content: dict[str, Any] = loadmat(protocol)
        names = [str(entry[0]) for entry in content["filelist"].ravel()]
        labels, cameras = (content[key].ravel().astype(np.int64) for key in ("labels", "camId"))
        # Matlab counts from one.
        chosen = [content[f"{part}_idx"].ravel() - 1 for part in ("train", "query", "gallery")]
    except Exception as error:  # scipy raises many kinds for a damaged file
        raise ReidError(
            f"{protocol}: expected filelist, labels, camId, train_idx, query_idx and gallery_idx "
            f"of the 767/700 protocol ({type(error).__name__}: {error})"
        ) from error
    images = Images(
        tuple(folder / f"images_{boxes}" / name for name in names),
        labels,
        cameras,
    )
    masks = [np.isin(np.arange(len(images)), indices) for indices in chosen]
    train, query, gallery = (images.where(mask) for mask in masks)
    return train, query, gallery
