"""``mtmc associate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mtmc.commands.interrupts import like_ctrl_c, terminal_may_be_gone
from mtmc.commands.options import Changes
from mtmc.commands.report import NoReport, report_of
from mtmc.errors import printable


def associate(
    run_dir: Annotated[
        Path,
        typer.Argument(
            help="Results of `mtmc run --keep`; of any run for corrections.", metavar="RUN_DIR"
        ),
    ],
    set_: Changes = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the results.", show_default="RUN_DIR")
    ] = None,
    no_report: NoReport = False,
    corrections: Annotated[
        Path | None,
        typer.Option(
            help="What was said of the run's people.", show_default="RUN_DIR/corrections.jsonl"
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what corrections change, and write nothing.")
    ] = False,
) -> None:
    """Track and decide anew who is who, with other settings, without running the networks again.

    Corrections are applied. Needs neither the videos nor the weights. What changes what the
    networks are asked is refused. Of a run without --keep, corrections are applied to its tables.
    """
    from mtmc.commands.display import RunDisplay, print_summary
    from mtmc.run.retrace import associate as associate_again
    from mtmc.run.retrace import preview

    folder = out or run_dir
    if dry_run:
        typer.echo(printable(preview(run_dir, set_ or [], corrections).text))
        return
    with like_ctrl_c(), RunDisplay() as display:
        record = associate_again(run_dir, folder, set_ or [], display, corrections)
    page = None if no_report else report_of(folder)
    with terminal_may_be_gone():
        print_summary(record, folder, page)
