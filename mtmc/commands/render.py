"""``mtmc render``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mtmc.commands.interrupts import like_ctrl_c


def render(
    run_dir: Annotated[Path, typer.Argument(help="Results of `mtmc run`.", metavar="RUN_DIR")],
    videos: Annotated[
        list[str] | None,
        typer.Argument(
            help="Its cameras, as for `mtmc run`.",
            metavar="[VIDEO_DIR]",
            show_default="where the run found them",
        ),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change a setting: output.width=1280", metavar="K=V"),
    ] = None,
) -> None:
    """Draw the videos and the floor of a run anew, from its tracks."""
    from mtmc.commands.display import RunDisplay
    from mtmc.run.retrace import render as render_again

    with like_ctrl_c(), RunDisplay() as display:
        drawn = render_again(run_dir, videos or [], set_ or [], display)
    for path in drawn:
        typer.echo(path)
