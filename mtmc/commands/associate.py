"""``mtmc associate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mtmc.commands.interrupts import like_ctrl_c, terminal_may_be_gone
from mtmc.commands.options import Changes
from mtmc.commands.report import NoReport, report_of


def associate(
    run_dir: Annotated[
        Path, typer.Argument(help="Results of `mtmc run --keep`.", metavar="RUN_DIR")
    ],
    set_: Changes = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the results.", show_default="RUN_DIR")
    ] = None,
    no_report: NoReport = False,
) -> None:
    """Track and decide anew who is who, with other settings, without running the networks again.

    Needs neither the videos nor the weights. What changes what the networks are asked is refused.
    """
    from mtmc.commands.display import RunDisplay, print_summary
    from mtmc.run.retrace import associate as associate_again

    folder = out or run_dir
    with like_ctrl_c(), RunDisplay() as display:
        record = associate_again(run_dir, folder, set_ or [], display)
    page = None if no_report else report_of(folder)
    with terminal_may_be_gone():
        print_summary(record, folder, page)
