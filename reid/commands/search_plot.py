"""What a search tried, what came out, and what it believes of the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mtmc.reid.commands.display import console, write_json
from mtmc.reid.commands.plotting import pyplot, save_figure
from mtmc.reid.errors import ReidError
from mtmc.reid.training.progressive import LEARN
from mtmc.reid.training.search import GaussianProcess, shares

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mtmc.reid.training.progressive import Progressive
    from mtmc.reid.training.search import Point, Space

HISTORY, PLOT = "search.json", "search.png"
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


def show_search(search: Progressive, note: dict[str, Any], out: Path) -> None:
    """Write what a progressive training tried and chose; draw it where a round begins to learn.

    Args:
        search: of the training.
        note: of the epoch that is done, see `Progressive.end`.
        out: folder.
    """
    write_json({"search": search.history}, out / HISTORY)
    if note["part"] != LEARN or note["part_epoch"] > 1 or len(search.history) == note["round"]:
        return  # nothing new, or nothing is ever tried
    rounds: dict[int, list[dict[str, Any]]] = {}
    for entry in search.history:
        rounds.setdefault(entry["round"], []).append(entry)
    searches = [
        Searched(
            f"round {number}",
            [entry["settings"] for entry in tried],
            [entry["f"] for entry in tried],
            chosen["settings"],
        )
        for number, (*tried, chosen) in rounds.items()
    ]
    draw_or_say(search.space, searches, "f", out / PLOT)


def draw_or_say(space: Space, searches: Sequence[Searched], label: str, file: Path) -> None:
    """Draw, or say why that is not possible: a search is worth more than its picture."""
    try:
        draw_searches(space, searches, label, file)
    except ReidError as error:
        console.print(f"no picture: {error}", highlight=False, soft_wrap=True, markup=False)


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
    save_figure(figure, file)
    plt.close(figure)
