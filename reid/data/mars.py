"""MARS: tracklets instead of single images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mtmc.reid.data.images import Dataset, Images, count_note, find_folder
from mtmc.reid.errors import ReidError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

INFO = ("train_name", "test_name", "tracks_train_info", "tracks_test_info", "query_IDX")
# Neighbouring frames look alike: so many of a tracklet, evenly spread, are learned from.
TRAINING_FRAMES = 16


def read_mars(root: Path) -> Dataset:
    """MARS: 625 people to train (8,298 tracklets), 636 to test (1,980 queries among 12,180).

    As in the authors' evaluation, the gallery is all test tracklets, the queries among them (a
    query meets itself in its own camera, which the same-camera rule leaves out), and person -1 is
    junk. Embeddings of a tracklet's images are averaged.

    Source: Zheng et al., "MARS: A Video Benchmark", ECCV 2016.

    Raises:
        ReidError: a folder or file is missing, or a table is not as published.
    """
    holds = ("bbox_train", "bbox_test", "info")
    folder = find_folder(root, ("MARS", "mars"), holds, "MARS", holds[1:], holds[::2])
    train_names = _names(folder / "info" / "train_name.txt")
    test_names = _names(folder / "info" / "test_name.txt")
    train_tracks = _table(folder / "info" / "tracks_train_info.mat")
    test_tracks = _table(folder / "info" / "tracks_test_info.mat")
    queries = _table(folder / "info" / "query_IDX.mat").ravel() - 1
    known = np.flatnonzero(train_tracks[:, 2] > 0)
    everyone = np.arange(len(test_tracks))
    if not (folder / "bbox_train").is_dir():
        known = known[:0]
    if not (folder / "bbox_test").is_dir():
        queries, everyone = queries[:0], everyone[:0]
    train = _images(folder / "bbox_train", train_names, train_tracks, known, TRAINING_FRAMES)
    query = _images(folder / "bbox_test", test_names, test_tracks, queries, None)
    gallery = _images(folder / "bbox_test", test_names, test_tracks, everyone, None)
    notes = (
        *count_note("mars", "train tracklets", len(train_tracks), 8298),
        *count_note("mars", "query tracklets", len(queries) or 1980, 1980),
        *count_note("mars", "gallery tracklets", len(test_tracks), 12180),
    )
    return Dataset("mars", train, query, gallery, notes=notes)


def _names(listing: Path) -> list[str]:
    if not listing.is_file():
        raise ReidError(f"{listing}: no such file; expected the lists of MARS's info folder")
    return listing.read_text().split()


def _table(path: Path) -> NDArray[np.int64]:
    """The one array of a mat file."""
    from scipy.io import loadmat

    if not path.is_file():
        raise ReidError(f"{path}: no such file; expected the tables of MARS's info folder")
    try:
        arrays = [v for k, v in loadmat(path).items() if not k.startswith("__")]
        return np.asarray(arrays[0], np.int64)
    except Exception as error:  # scipy raises many kinds for a damaged file
        raise ReidError(f"{path}: not a readable .mat table ({error})") from error


def _images(
    folder: Path,
    names: list[str],
    tracks: NDArray[np.int64],
    chosen: NDArray[np.int64],
    most: int | None,
) -> Images:
    """The images of the chosen rows (first, last, pid, camera; 1-based, inclusive)."""
    if len(chosen) and (chosen.max() >= len(tracks) or tracks[chosen, 1].max() > len(names)):
        raise ReidError(f"{folder}: the tables in info/ name more images than the lists there")
    paths, numbers = [], []
    for number in chosen:
        first, last = tracks[number, :2]
        count = last - first + 1 if most is None else min(most, last - first + 1)
        for i in np.linspace(first - 1, last - 1, int(count)).round().astype(int):
            paths.append(folder / names[i][:4] / names[i])
            numbers.append(number)
    members = np.array(numbers, np.int64)
    return Images(tuple(paths), tracks[members, 2], tracks[members, 3], members)
