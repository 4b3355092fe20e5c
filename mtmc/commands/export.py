"""``mtmc export``."""

from __future__ import annotations

from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from mtmc.commands.options import RunDir


class Format(StrEnum):
    """What other tools read; a module of ``mtmc.outputs.exports`` each."""

    coco = "coco"
    cvat = "cvat"
    mot = "mot"
    fiftyone = "fiftyone"


def export(
    run_dir: RunDir,
    *,
    format_: Annotated[Format, typer.Option("--format", help="Of which tool.")],
    out: Annotated[
        Path | None, typer.Option(help="Where to.", show_default="RUN_DIR/export/FORMAT")
    ] = None,
) -> None:
    """Write the boxes and ids of a run as other tools read them; pictures are not copied."""
    from mtmc.results import Results

    writer = import_module(f"mtmc.outputs.exports.{format_}")
    for path in writer.write(Results.open(run_dir), out or run_dir / "export" / format_):
        typer.echo(path)
