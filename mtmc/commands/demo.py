"""``mtmc demo``: the whole chain on a short simulated scene that comes with the package."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from mtmc.commands.report import report_of
from mtmc.errors import UserError

PRESET = "simulated"  # everything comes with the package


def demo_folder() -> Path:
    """Where the scene is: installed beside the package, or in a checkout.

    Raises:
        UserError: it is in neither.
    """
    installed = Path(str(resources.files("mtmc"))) / "demo_data"
    checkout = Path(__file__).parents[2] / "data" / "demo"
    for folder in (installed, checkout):
        if (folder / "videos").is_dir():
            return folder
    raise UserError(
        f"{checkout}: the demo's scene is missing; make it anew with "
        "`mtmc simulate data/demo --people 5 --seconds 26 --seed 0`"
    )


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("out/demo"),
) -> None:
    """Track the people of a simulated room and score it; nothing to download."""
    from mtmc.commands.display import RunDisplay
    from mtmc.commands.tables import plain
    from mtmc.config import load_settings
    from mtmc.evaluate.run import evaluate_recording

    with RunDisplay() as display:
        scores = evaluate_recording(demo_folder(), load_settings(PRESET), out, display)
    scores.print(plain())
    typer.echo(f"who is where: {out / 'mosaic.mp4'}")
    if page := report_of(out):
        typer.echo(f"to look at: {page}")
