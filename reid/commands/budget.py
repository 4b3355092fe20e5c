from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from rich.table import Table

from mtmc import reid
from mtmc.reid.commands.display import console, counting, print_notes, write_json
from mtmc.reid.commands.plotting import pyplot, save_figure
from mtmc.reid.data import open_dataset
from mtmc.reid.errors import ReidError
from mtmc.reid.evaluation.budget import Rule, stream
from mtmc.reid.evaluation.exits import Answers, Confidence, at_every_exit
from mtmc.reid.staged import StagedEmbedder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mtmc.reid.data.images import Dataset

Gallery = Literal["full", "same"]
How = Literal["margin", "distance", "random"]

RANDOM = "random"
POINTS = 11  # budgets, evenly from the first exit's cost to the last one's
COLOURS = {RANDOM: "tab:blue", "distance": "tab:orange", "margin": "tab:green"}


@dataclass(frozen=True)
class Point:
    """What is found for a mean cost.

    Args:
        how: ``random`` (between the two exits next to the budget), ``distance`` or ``margin``; of
            everybody's one exit, its number.
        budget: asked for, GFLOPs per picture.
        spent: realised.
        rank1: share of queries whose first answer is right.
        mAP: mean average precision.
        exits: shares of queries that leave at each exit.
    """

    how: str
    budget: float
    spent: float
    rank1: float
    mAP: float  # noqa: N815  (the field's name for it)
    exits: list[float]


def run(
    model: str,
    spec: str,
    data: Path,
    *,
    confidence: How | None,
    gallery: Gallery | None,
    rule: Rule,
    gflops: Sequence[float],
    json_file: Path | None,
    plot: Path | None,
    device: str | None,
    threads: int | None,
) -> None:
    """`reid budget`: what a network of several exits finds at any time and within any budget.

    Raises:
        ReidError: the model has no exits, a budget is too small, something cannot be read or drawn.
    """
    drawing = pyplot("--plot") if plot else None  # better now than after the measurements
    dataset = open_dataset(spec, data)
    embedder = reid.load(model, device=device, threads=threads)
    if not isinstance(embedder, StagedEmbedder):
        raise ReidError(f"{model}: has no exits; train a model `exits:TRUNK`, or `reid align` one")
    among = gallery or ("full" if embedder.reliability else "same")
    if among == "full" and not embedder.reliability:
        raise ReidError(
            f"{model}: each exit has a space of its own, so --gallery full compares nothing; "
            "`reid align` it first, or choose --gallery same"
        )
    if low := [each for each in gflops if each < embedder.costs[0]]:
        raise ReidError(
            f"--gflops {low[0]:g}: the first exit of {model} costs {embedder.costs[0]:g}"
        )
    dataset.need_one_gallery("reid budget")
    print_notes(dataset)
    kinds = [kind for kind in get_args(Confidence) if confidence in (None, kind)]
    answers = _answers(embedder, dataset, among, kinds)
    costs, name = embedder.costs, f"{embedder.name} on {dataset.name}, gallery at {among} depth"
    budgets = list(gflops) or np.linspace(costs[0], costs[-1], POINTS).tolist()
    anytime = _anytime(answers, costs)
    streams = _streams(answers, costs, budgets, rule)
    _print(name, anytime, streams)
    if json_file is not None:
        about = {"model": model, "dataset": dataset.name, "gallery": among, "rule": rule}
        points = {"anytime": anytime, "streams": streams}
        told = {key: [asdict(point) for point in each] for key, each in points.items()}
        write_json({**about, "gflops": list(costs), **told}, json_file)
    if plot is not None:
        _draw(drawing, name, anytime, streams, plot)


def _answers(
    embedder: StagedEmbedder, dataset: Dataset, among: Gallery, kinds: Sequence[Confidence]
) -> Answers:
    dataset.need("query", "gallery")
    with counting("embedding", len(dataset.query) + len(dataset.gallery)) as progress:
        query = at_every_exit(embedder, dataset.query, progress)
        gallery = at_every_exit(embedder, dataset.gallery, progress)
    if len({int(pid) for pid in gallery[-1].pids if pid >= 0}) == 1 and "margin" in kinds:
        console.print("[yellow]note:[/] the gallery shows one person, of whom a margin is sure")
    if among == "full":
        gallery = [gallery[-1]] * len(gallery)
    try:
        return Answers.of(query, gallery, kinds)
    except ValueError as error:
        raise ReidError(f"{dataset.name}: {error}") from error


def _anytime(answers: Answers, costs: Sequence[float]) -> list[Point]:
    """Everybody's last exit so far, at the moment that it is reached (Fig. 5)."""
    return [
        Point(
            str(stage), cost, cost, *_alone(answers, stage), np.eye(len(costs))[stage - 1].tolist()
        )
        for stage, cost in enumerate(costs, 1)
    ]


def _alone(answers: Answers, stage: int) -> tuple[float, float]:
    """Rank-1 and mAP where everybody leaves at that exit."""
    return answers.scores(np.full(len(answers.first), stage))


def _streams(
    answers: Answers, costs: Sequence[float], budgets: Sequence[float], rule: Rule
) -> list[Point]:
    """Queries one after the other, in no order, each as far as the budget lets it (Fig. 6)."""
    order = np.random.default_rng(0).permutation(len(answers.first))
    found = [_random(answers, costs, budget) for budget in budgets]
    for kind, sure in answers.sure.items():
        for budget in budgets:
            exits = np.empty(len(order), np.int64)
            exits[order] = stream(sure[order], costs, budget, rule)
            shares = np.bincount(exits, minlength=len(costs) + 1)[1:] / len(exits)
            spent = float(shares @ costs)
            found.append(Point(kind, budget, spent, *answers.scores(exits), shares.tolist()))
    return found


def _random(answers: Answers, costs: Sequence[float], budget: float) -> Point:
    """What is to be expected where chance decides between the two exits next to the budget."""
    spent = min(budget, costs[-1])
    shares: NDArray[np.float64] = np.array(
        [np.interp(spent, costs, exit_alone) for exit_alone in np.eye(len(costs))]
    )
    rank1, mean_ap = shares @ [_alone(answers, stage) for stage in range(1, len(costs) + 1)]
    return Point(RANDOM, budget, spent, float(rank1), float(mean_ap), shares.tolist())


def _print(name: str, anytime: Sequence[Point], streams: Sequence[Point]) -> None:
    whole = anytime[-1].spent
    table = Table("exit", "GFLOPs", "of all", "rank-1", "mAP", title=f"{name}: at any time")
    for point in anytime:
        table.add_row(point.how, f"{point.spent:.4g}", _share(point.spent, whole), *_percent(point))
    console.print(table)
    kinds = list(dict.fromkeys(point.how for point in streams))
    heads = [f"{kind}\n{what}" for kind in kinds for what in ("spent", "rank-1", "mAP")]
    table = Table("asked", *heads, title=f"{name}: within a mean budget, of all", padding=(0, 0))
    for budget in dict.fromkeys(point.budget for point in streams):
        points = [point for point in streams if point.budget == budget]
        cells = [cell for p in points for cell in (_share(p.spent, whole), *_percent(p))]
        table.add_row(_share(budget, whole), *cells)
    console.print(table)


def _share(cost: float, whole: float) -> str:
    return f"{100 * cost / whole:.1f} %"


def _percent(point: Point) -> tuple[str, str]:
    return f"{100 * point.rank1:.2f}", f"{100 * point.mAP:.2f}"


def _draw(
    plt: Any, name: str, anytime: Sequence[Point], streams: Sequence[Point], file: Path
) -> None:
    """Rank-1 and mAP over GFLOPs, at any time (the paper's Fig. 5) and on average (Fig. 6)."""
    figure, axes = plt.subplots(2, 2, figsize=(10, 7), sharex=True, sharey="row")
    costs = [point.spent for point in anytime]
    for row, key in enumerate(("rank1", "mAP")):
        reached = [100 * getattr(point, key) for point in anytime]
        axes[row, 0].step(costs, reached, "o-", where="post", color=COLOURS[RANDOM])
        for kind in dict.fromkeys(point.how for point in streams):
            points = [point for point in streams if point.how == kind]
            values = [100 * getattr(point, key) for point in points]
            spent = [point.spent for point in points]
            axes[row, 1].plot(spent, values, ".-", label=kind, color=COLOURS[kind])
        axes[row, 1].plot(costs, reached, "o", color=COLOURS[RANDOM], label="everybody's exit")
        axes[row, 0].set_ylabel({"rank1": "rank-1, %", "mAP": "mAP, %"}[key])
    for column, title in enumerate(("at any time", "within a mean budget")):
        axes[0, column].set_title(title)
        axes[1, column].set_xlabel("GFLOPs per picture")
        for axis in axes[:, column]:
            axis.grid(alpha=0.3)
    axes[0, 1].legend(fontsize=8)
    figure.suptitle(name)
    save_figure(figure, file)
