"""Is telling simulated people apart as hard as telling real ones apart?

Rank-1 and mAP of models that never saw either set, on sets in Market-1501's layout: queries
against the gallery, without images of the same person by the same camera.

    uv run mtmc simulate out/crops --crops --ids 200
    uv run python benchmarks/simulated_reid_difficulty.py out/crops ../shared/data/pku-reid \
        --models color ../shared/weights/osnet_x0_25_msmt17.onnx
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from mtmc import reid

NAME = re.compile(r"(\d+)_c(\d+)")


def read(folder):
    """Images with person and camera, by Market-1501's file names."""
    images, people, cameras = [], [], []
    for path in sorted(p for p in folder.iterdir() if p.suffix in {".jpg", ".png"}):
        person, camera = map(int, NAME.match(path.name).groups())
        images.append(cv2.imread(str(path)))
        people.append(person)
        cameras.append(camera)
    return images, np.array(people), np.array(cameras)


def evaluate(model, query, gallery):
    """Rank-1 and mAP."""
    (images, people, cameras), (others, their_people, their_cameras) = query, gallery
    similarity = model.embed(images) @ model.embed(others).T
    first, precisions = [], []
    for row, person, camera in zip(similarity, people, cameras, strict=True):
        keep = ~((their_people == person) & (their_cameras == camera))
        right = (their_people == person)[keep][np.argsort(-row[keep], kind="stable")]
        if right.any():
            ranks = np.flatnonzero(right) + 1
            first.append(right[0])
            precisions.append(np.mean(np.arange(1, len(ranks) + 1) / ranks))
    return np.mean(first), np.mean(precisions)


def subset(data, people):
    """Only some people."""
    images, ids, cameras = data
    keep = np.isin(ids, people)
    return [i for i, k in zip(images, keep, strict=True) if k], ids[keep], cameras[keep]


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument("--models", nargs="+", default=["color"])
    options = parser.parse_args()
    table = Table(title="rank-1 / mAP, %")
    columns = ("set", "people", "queries", *(Path(m).stem for m in options.models))
    for column in columns:
        table.add_column(column, justify="right")
    models = [reid.load(m, threads=1) for m in options.models]
    for folder in options.sets:
        query, gallery = read(folder / "query"), read(folder / "bounding_box_test")
        everybody = np.unique(query[1])
        # The same number of people as in the smallest set makes sets comparable.
        for count in sorted({min(25, len(everybody)), len(everybody)}):
            people = everybody[:count]
            part = subset(query, people), subset(gallery, people)
            cells = [
                "{:.1f} / {:.1f}".format(*(100 * x for x in evaluate(m, *part))) for m in models
            ]
            table.add_row(folder.name, str(count), str(len(part[0][0])), *cells)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
