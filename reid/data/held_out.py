"""People kept from a training, to choose settings by without looking at a test set."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mtmc.reid.data.images import Dataset
from mtmc.reid.errors import ReidError

if TYPE_CHECKING:
    from mtmc.reid.data.images import Images


def hold_out(dataset: Dataset, share: float, seed: int) -> Dataset:
    """The same training images without some of the people, who are looked for among themselves.

    Of each of them one image (or tracklet) per camera is a query and all are the gallery, where
    images of a query's own camera do not count as ever. The dataset's own queries and gallery are
    not used.

    Args:
        dataset: with training images.
        share: of its training people, 0..1; at least two are held out.
        seed: chooses them.

    Raises:
        ReidError: too few people are left to train on, or none of those held out is seen by two
            cameras.
    """
    rng = np.random.default_rng(seed)
    # In a gallery, 0 would be a distractor; among people to learn from it is one of them.
    people, numbers = np.unique(dataset.train.pids, return_inverse=True)
    train = replace(dataset.train, pids=numbers + 1)
    count = max(2, round(share * len(people)))
    if count > len(people) - 2:
        raise ReidError(
            f"dataset {dataset.name}: has {len(people)} people to train on, too few to hold some "
            "out; expected at least 4"
        )
    chosen = rng.choice(len(people), count, replace=False) + 1
    held = np.isin(train.pids, chosen)
    asked = train.where(held)
    query = one_per_camera(asked, rng)
    if not any(len(np.unique(asked.camids[asked.pids == pid])) > 1 for pid in chosen):
        raise ReidError(
            f"dataset {dataset.name}: none of {count} people held out of the training is seen by "
            "two cameras, so settings cannot be compared by looking for them"
        )
    train = train.where(~held)
    return Dataset(dataset.name, train, query, asked, notes=dataset.notes)


def one_per_camera(images: Images, rng: np.random.Generator) -> Images:
    """One image, or all of one tracklet, per person and camera."""
    order = rng.permutation(len(images))
    sides = np.column_stack([images.pids, images.camids])
    first = order[np.unique(sides[order], axis=0, return_index=True)[1]]
    if images.tracklets is None:
        return images.where(np.isin(np.arange(len(images)), first))
    return images.where(np.isin(images.tracklets, images.tracklets[first]))
