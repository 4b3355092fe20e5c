from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from rich.console import Console

from mtmc.reid.errors import ReidError, unknown_text
from mtmc.reid.metric.config import MetricTraining
from mtmc.reid.reference import entries, meanings, page, table
from mtmc.reid.training.config import TrainConfig

if TYPE_CHECKING:
    from mtmc.reid.reference import Entry

TITLE = """\
# Settings of `reid train`

Written by `reid settings --markdown`; do not edit.

They stand in the YAML file of a training, or after `--set`: `--set schedule.epochs=40`. The first
table of a section is what one usually chooses. `metric` is for trainings that learn a metric only.
"""
WHOLE = "training"  # what is in no section


def run(section: str | None, *, expert: bool, markdown: bool) -> None:
    """`reid settings`: what there is to set about a training.

    Raises:
        ReidError: there is no such section.
    """
    every = sections()
    if markdown:
        about = meanings(MetricTraining) | meanings(TrainConfig)
        print(page(TITLE, [(name, about.get(name, ""), every[name]) for name in every]), end="")
        return
    if section is not None and section not in every:
        raise ReidError(unknown_text("section", section, every))
    console = Console()
    for name, rows in every.items():
        shown = [row for row in rows if row.public or expert]
        if shown and section in (None, name):
            console.print(table(name, shown))
    if not expert:
        console.print("More with --expert.")


def sections() -> dict[str, list[Entry]]:
    """Settings by the section they are in."""
    found: dict[str, list[Entry]] = defaultdict(list)
    known = set()
    for cls in (TrainConfig, MetricTraining):
        for entry in entries(cls, ""):
            if entry.key not in known:
                known.add(entry.key)
                section, dot, _ = entry.key.partition(".")
                found[section if dot else WHOLE].append(entry)
    return dict(found)
