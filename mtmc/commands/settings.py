"""``mtmc settings``: what there is to set."""

from __future__ import annotations

from typing import Annotated

import typer

from mtmc.errors import unknown_name

TITLE = """\
# Settings of `mtmc run`

Written by `mtmc settings --markdown`; do not edit.

In a YAML file they stand in sections, on the command line after `--set`:
`--set tracker.max_age=3`. `null` means nothing, or that it is found out. The settings in the first
table of a section are those that depend on your footage. Those for experts were measured once, and
are best left alone.
"""


def settings(
    section: Annotated[
        str | None, typer.Argument(help="Such as tracker, or tracker.sort for one plug-in.")
    ] = None,
    *,
    expert: Annotated[bool, typer.Option("--expert", help="All of them.")] = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="The page docs/reference/settings.md.")
    ] = False,
) -> None:
    """Show the settings of `mtmc run`: default, range and meaning.

    Without SECTION those of a default run; with one, those of all its plug-ins.
    """
    from rich.console import Console

    from mtmc.reid.reference import page, table
    from mtmc.run.reference import sections

    if markdown:
        print(page(TITLE, [(s.title, s.about, s.entries) for s in sections(False)]), end="")
        return
    every = list(sections())
    chosen = [s for s in every if (s.is_default if section is None else section in s.names)]
    if not chosen:
        raise unknown_name("section", section, {name for s in every for name in s.names})
    console = Console()
    for each in chosen:
        rows = [row for row in each.entries if expert or row.public]
        if rows:
            console.print(table(each.title, rows))
    if not expert:
        console.print("More with --expert; those of other plug-ins with their section's name.")
