"""Scores as a table for people and as JSON for programs; ratios are percentages in both."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mtmc.errors import UserError, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from rich.console import Console
    from rich.table import Table

    from mtmc.evaluate.scores import Scores

_ANY_WIDTH = 1000
_NOT_PERCENT = {"FP_per_frame"}
MAIN_COLUMNS = ("HOTA", "DetA", "AssA", "MOTA", "IDF1", "IDSW", "FP", "FN")
ALL_COLUMNS = (
    *("HOTA", "DetA", "AssA", "MOTA", "MOTP", "IDF1", "IDP", "IDR"),
    *("IDSW", "Frag", "FP", "FN", "MT", "PT", "ML"),
    *("boxes", "tracks"),  # where nothing is scored
    *("changed", "revisions_per_minute", "final_p50", "final_p90"),  # by lag
)


@dataclass(frozen=True)
class Row:
    """The figures of one line.

    Args:
        ratios: by name, as fractions.
        counts: by name, and whatever else is no ratio.
    """

    ratios: Mapping[str, float]
    counts: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, scores: Scores) -> Row:
        """All figures of our own metrics.

        Where nobody was to be found and nobody was, there is nothing to make a ratio of.
        """
        counts = scores.counts()
        nothing = not any(counts[name] for name in ("TP", "FN", "FP"))
        return cls({} if nothing else scores.ratios(), counts)

    @classmethod
    def mean(cls, rows: Iterable[Row]) -> Row:
        """The mean of the ratios of the rows that have some; counts have none."""
        rows = [row for row in rows if row.ratios]
        names = rows[0].ratios if rows else {}
        return cls({name: sum(row.ratios[name] for row in rows) / len(rows) for name in names})

    def cell(self, name: str) -> str:
        """A figure as text: ratios in percent."""
        if name in self.counts:
            return str(round(self.counts[name], 2))
        return f"{100 * self.ratios[name]:.2f}" if name in self.ratios else ""

    def as_dict(self) -> dict[str, float]:
        """All figures, ratios in percent."""
        percent = {
            name: value if name in _NOT_PERCENT else 100 * value
            for name, value in self.ratios.items()
        }
        return {**percent, **self.counts}


@dataclass(frozen=True)
class Report:
    """Scores by sequence or camera.

    Args:
        about: what was evaluated and how, for the title and the JSON.
        kind: what the rows are, ``sequence`` or ``camera``.
        rows: by name of sequence or camera.
        summary: the rows below: ``combined`` and such.
    """

    about: Mapping[str, Any]
    kind: str
    rows: Mapping[str, Row]
    summary: Mapping[str, Row] = field(default_factory=dict)

    def table(self, columns: Sequence[str] = ALL_COLUMNS) -> Table:
        """A rich table, without the columns that no row has."""
        from rich import box
        from rich.table import Table

        title = printable(", ".join(f"{key} {value}" for key, value in self.about.items()))
        table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
        known = {name for row in self.rows.values() for name in (*row.ratios, *row.counts)}
        columns = [name for name in columns if name in known]
        table.add_column(self.kind, no_wrap=True)
        for name in columns:
            table.add_column(name, justify="right", no_wrap=True)
        for name, row in self.rows.items():
            table.add_row(printable(name), *map(row.cell, columns))
        if self.summary:
            table.add_section()
        for name, row in self.summary.items():
            table.add_row(name, *map(row.cell, columns), style="bold")
        return table

    def print(self, console: Console) -> None:
        """Print the table whole; on a narrow terminal only its main columns."""
        unlimited = console.options.update(width=_ANY_WIDTH)
        table = self.table()
        if (
            console.is_terminal
            and console.measure(table, options=unlimited).maximum > console.width
        ):
            table = self.table(MAIN_COLUMNS)
        console.width = max(console.width, console.measure(table, options=unlimited).maximum)
        console.print(table)

    def as_json(self) -> str:
        """All figures; ratios in percent."""
        rows = {name: row.as_dict() for name, row in self.rows.items()}
        summary = {name: row.as_dict() for name, row in self.summary.items()}
        content = {**self.about, "unit": "percent", f"{self.kind}s": rows, **summary}
        return json.dumps(content, indent=2) + "\n"

    def write_json(self, path: Path) -> None:
        """Write :meth:`as_json` to a file.

        Raises:
            UserError: it cannot be written.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.as_json(), encoding="utf-8")
        except OSError as error:
            raise UserError(f"--json {path}: cannot be written ({error.strerror})") from error
