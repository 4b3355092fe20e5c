"""``mtmc weights``: networks that others publish, fetched when the user says so."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mtmc.errors import UserError, unknown_name

app = typer.Typer(help="Networks that others publish: show them, fetch one.", no_args_is_help=True)

# Not fetched: no sum is known, or the licence wants a decision first.
ELSEWHERE = """\
Elsewhere: yolo11n.pt (AGPL-3.0) from https://github.com/ultralytics/assets/releases; other OSNet
weights (.pth) from https://huggingface.co/kaiyangzhou/osnet, for `reid import FILE`."""


@app.command("list")
def list_() -> None:
    """Show what can be fetched, how large it is and under which licence."""
    from rich.table import Table

    from mtmc.commands.tables import plain
    from mtmc.reid.offers import OFFERS, fetched, folder

    table = Table("name", "MB", "what", "licence", "here")
    for name, offer in OFFERS.items():
        here = "yes" if fetched(name) else ""
        table.add_row(name, f"{offer.size / 1e6:.1f}", offer.what, offer.licence, here)
    console = plain()
    console.print(table)
    console.print(f"Fetched ones lie in {folder()}.", soft_wrap=True)
    console.print(ELSEWHERE)


@app.command()
def get(
    names: Annotated[list[str], typer.Argument(help="See `mtmc weights list`.", metavar="NAME")],
) -> None:
    """Fetch weights; `--detector NAME` and `--reid NAME` then find them."""
    from mtmc.reid.offers import OFFERS, fetched, folder

    for name in names:
        if name not in OFFERS:
            raise unknown_name("weights", name, OFFERS)
    for name in names:
        offer = OFFERS[name]
        path = folder() / f"{name}{offer.suffix}"
        if fetched(name) is None:
            _fetch(name, path)
            if path.suffix == ".pth":
                _convert(path)
        typer.echo(f"{name}: {fetched(name)} ({offer.licence})")


def _fetch(name: str, path: Path) -> None:
    from rich.console import Console
    from rich.progress import DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    from mtmc.reid import ReidError
    from mtmc.reid.download import download
    from mtmc.reid.offers import OFFERS

    offer = OFFERS[name]
    columns = (TextColumn("{task.description}"), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(name, total=offer.size)
        try:
            download(
                offer.urls, path, offer.size, offer.sha256,
                lambda here: bar.update(task, completed=here),
            )  # fmt: skip
        except ReidError as error:
            raise UserError(str(error)) from error


def _convert(path: Path) -> None:
    """Weights for torch as ONNX, which needs no torch any more."""
    from mtmc.reid import ReidError
    from mtmc.reid.extras import install

    try:
        from mtmc.reid.commands.import_ import run

        run(path, path.with_suffix(".onnx"))
    except ImportError as error:
        raise UserError(
            f"{path}: fetched; torch, which is not installed, has to turn it into ONNX once: "
            f"{install('reid')}, then the same command again"
        ) from error
    except ReidError as error:
        raise UserError(str(error)) from error
