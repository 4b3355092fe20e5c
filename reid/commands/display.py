"""Tables and progress bars on stderr; stdout is for results that scripts read."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from mtmc.reid.errors import ReidError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

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


def print_scores(title: str, scores: Mapping[str, Mapping[str, float | int]]) -> None:
    """Scores per dataset, in percent."""
    table = Table("dataset", "rank-1", "rank-5", "rank-10", "mAP", "mINP", "queries", title=title)
    for name, row in scores.items():
        shares = (row[key] for key in ("rank1", "rank5", "rank10", "mAP", "mINP"))
        table.add_row(name, *(f"{100 * share:.2f}" for share in shares), str(row["queries"]))
    console.print(table)
    for name, row in scores.items():
        if row["skipped"]:
            note = f"{name}: {row['skipped']} more queries skipped, not in another camera's gallery"
            console.print(f"[yellow]note:[/] {escape(note)}", highlight=False, soft_wrap=True)


def write_json(content: Mapping[str, Any], file: Path) -> None:
    """Write a result for scripts.

    Raises:
        ReidError: the file cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content, indent=2) + "\n")
    except OSError as error:
        raise ReidError(f"{file}: cannot be written ({error.strerror})") from error
