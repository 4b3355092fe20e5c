"""``mtmc report``, and the report at the end of a run."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from mtmc.commands.options import RunDir
from mtmc.errors import UserError

log = logging.getLogger("mtmc")

NoReport = Annotated[bool, typer.Option("--no-report", help="Leave out report.html.")]


def report(
    run_dir: RunDir,
) -> None:
    """Write report.html anew: who was there, when and where, in one file for any browser."""
    from mtmc.results import Results
    from mtmc.viewer.report import write_report

    typer.echo(write_report(Results.open(run_dir)))


def report_of(folder: Path) -> Path | None:
    """Write the report of a finished run. That it cannot be is no reason to call the run failed."""
    from mtmc.results import Results
    from mtmc.viewer.report import write_report

    try:
        return write_report(Results.open(folder))
    except UserError as error:
        log.warning("there is no report.html: %s", error)
        return None
