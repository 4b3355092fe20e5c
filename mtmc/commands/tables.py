"""Tables on standard output."""

from __future__ import annotations

from collections.abc import Container, Sequence

from rich import box
from rich.console import Console
from rich.table import Table


def plain() -> Console:
    """Standard output; names and paths may hold [brackets] and :colons:, no markup."""
    return Console(markup=False, emoji=False)


def plain_table(headings: Sequence[str], words: Container[str]) -> Table:
    """A table with one line alone, below its headings; all but words stand to the right."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in headings:
        left = heading in words
        table.add_column(heading, justify="left" if left else "right", no_wrap=not left)
    return table
