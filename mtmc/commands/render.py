"""``mtmc render``."""

from __future__ import annotations

from typing import Annotated

import typer

from mtmc.commands.interrupts import like_ctrl_c
from mtmc.commands.options import RunDir, VideosOfRun


def render(
    run_dir: RunDir,
    videos: VideosOfRun = None,
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
