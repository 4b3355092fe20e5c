"""Tables and progress bars on stderr; stdout is for results that scripts read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from mtmc.reid.atomic import writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mtmc.reid.data.images import Dataset

console = Console(stderr=True)


def progress_bar() -> Progress:
    """A bar with counts and the time that is left."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[info]}"),
        console=console,
        disable=not console.is_terminal,  # a log file wants lines, not bars
    )


@contextmanager
def counting(what: str, total: int) -> Iterator[Callable[[int], object]]:
    """A bar that is told how many more are done."""
    with progress_bar() as bar:
        task = bar.add_task(what, total=total, info="")
        yield lambda more: bar.advance(task, more)


def print_notes(dataset: Dataset) -> None:
    """What the user should know about a dataset."""
    for note in dataset.notes:
        console.print(f"[yellow]note:[/] {note}", highlight=False)


Row = Mapping[str, float | int]  # of scores


def print_scores(title: str, scores: Mapping[str, Row]) -> None:
    """Scores per dataset, in percent, with their mean where there are several."""
    print_comparison(title, {("", name): row for name, row in scores.items()})


def print_comparison(title: str, scores: Mapping[tuple[str, str], Row]) -> None:
    """Scores per model and dataset, in percent, with each model's mean over several datasets."""
    models = list(dict.fromkeys(model for model, _ in scores))
    head = ["model"] if len(models) > 1 else []
    table = Table(*head, "dataset", *_NAMES.values(), "queries", title=title)
    for model in models:
        rows = {name: row for (other, name), row in scores.items() if other == model}
        for name, row in rows.items():
            shares = [f"{100 * row[key]:.2f}" for key in _NAMES]
            table.add_row(*[model][: len(head)], name, *shares, str(row["queries"]))
        if len(rows) > 1:
            sums = (sum(row[key] for row in rows.values()) for key in _NAMES)
            means = [f"{100 * total / len(rows):.2f}" for total in sums]
            table.add_row(*[model][: len(head)], "mean", *means, "", style="bold")
    console.print(table)
    for name, row in {name: row for (_, name), row in scores.items()}.items():
        if row["skipped"]:
            note = f"{name}: {row['skipped']} more queries skipped, not in another camera's gallery"
            console.print(f"[yellow]note:[/] {escape(note)}", highlight=False, soft_wrap=True)


_NAMES = {"rank1": "rank-1", "rank5": "rank-5", "rank10": "rank-10", "mAP": "mAP", "mINP": "mINP"}


def short_names(models: Sequence[str]) -> list[str]:
    """As much of each path's end as tells it from the others."""
    paths = [Path(model).parts for model in models]
    for length in range(1, max(map(len, paths)) + 1):
        names = ["/".join(parts[-length:]) for parts in paths]
        if len(set(names)) == len(set(models)):
            break
    return names


def write_json(content: Mapping[str, Any], file: Path) -> None:
    """Write a result for scripts.

    Raises:
        ReidError: the file cannot be written.
    """
    with writing(file):
        file.write_text(json.dumps(content, indent=2) + "\n")
