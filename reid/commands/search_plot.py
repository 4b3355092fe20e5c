"""What a search tried, what came out, and what it believes of the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mtmc.reid.commands.plots import pyplot, save
from mtmc.reid.training.search import GaussianProcess, shares

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mtmc.reid.training.search import Point, Space

PLACES = 200  # at which a curve is drawn


@dataclass(frozen=True)
class Searched:
    """A search to draw.

    Args:
        title: of its row.
        points: what was tried, in order.
        values: what came out.
        chosen: what was chosen from that.
    """

    title: str
    points: Sequence[Point]
    values: Sequence[float]
    chosen: Point


def draw_searches(space: Space, searches: Sequence[Searched], label: str, file: Path) -> None:
    """Draw a row per search, in it a panel per setting.

    The curve is the posterior mean and standard deviation where only this setting moves away from
    the chosen point.

    Raises:
        ReidError: matplotlib is not installed, or the file cannot be written.
    """
    plt = pyplot(file.name)
    size = (3 * len(space) + 1, 2.6 * len(searches) + 0.4)
    figure, axes = plt.subplots(
        len(searches), len(space), figsize=size, squeeze=False, sharex="col", sharey="row"
    )
    for row, searched in zip(axes, searches, strict=True):
        process = GaussianProcess(shares(space, searched.points), np.array(searched.values))
        for axis, (name, limits) in zip(row, space.items(), strict=True):
            x = np.unique(limits.snapped(np.linspace(0, 1, PLACES)))
            along = [{**searched.chosen, name: value} for value in x.tolist()]
            mean, deviation = process(shares(space, along))
            axis.fill_between(x, mean - deviation, mean + deviation, color="0.88")
            axis.plot(x, mean, color="0.5")
            axis.axvline(searched.chosen[name], color="tab:red", linestyle="--")
            order = range(len(searched.points))
            at = [point[name] for point in searched.points]
            axis.scatter(at, searched.values, c=order, cmap="viridis", zorder=3)
            axis.set_xscale("log" if limits.log else "linear")
        row[0].set_ylabel(f"{searched.title}\n{label}")
    for axis, name in zip(axes[-1], space, strict=True):
        axis.set_xlabel(name)
    save(figure, file)
    plt.close(figure)
