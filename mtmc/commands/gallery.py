"""``mtmc gallery``: the people who are known from one run to the next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mtmc.commands.options import check_new
from mtmc.commands.pictures import read_picture
from mtmc.errors import UserError, printable

if TYPE_CHECKING:
    from mtmc.known import Look, Picture
    from mtmc.types import Floats, Image

app = typer.Typer(help="The people who are known from one run to the next.", no_args_is_help=True)

GALLERY = Path("people.sqlite")
OptionalGallery = Annotated[
    Path, typer.Option(help="The file that `mtmc run --gallery` uses.", metavar="people.sqlite")
]


@app.command("list")
def list_(gallery: OptionalGallery = GALLERY) -> None:
    """Say who is known, by which network, and from where."""
    from mtmc.commands.tables import plain, plain_table
    from mtmc.known import KnownPeople

    known = KnownPeople.open(gallery, must_exist=True)
    headings = ("id", "name", "runs", "pictures", "cameras")
    table = plain_table(headings, words={"name", "cameras"})
    for number, person in sorted(known.people.items()):
        runs = {look.run for look in person.looks if look.run}
        cameras = sorted({look.camera or "photos" for look in person.looks})
        count = len(runs), len(person.pictures)
        table.add_row(
            str(number), printable(person.name), *map(str, count), printable(" ".join(cameras))
        )
    plain().print(table)
    network = f", known by the network {known.network.name}" if known.network else ""
    typer.echo(f"{len(known.people)} people{network}; the next new one is {known.last + 1}")


@app.command()
def enrol(
    name: Annotated[str, typer.Argument(help="Of the person, or the id of somebody known.")],
    photos: Annotated[
        list[Path], typer.Argument(help="Of that person alone, head to feet, cut to them.")
    ],
    gallery: OptionalGallery = GALLERY,
    reid: Annotated[
        str, typer.Option(help="As for `mtmc run`.", metavar="CKPT|ONNX")
    ] = "simulated",
) -> None:
    """Make somebody known from photos, or better known."""
    from mtmc.corrections.kinds import checked_name
    from mtmc.known import KnownPeople, Network
    from mtmc.known.people import locked
    from mtmc.reid import ReidError, load

    try:
        checked_name(name)
        embedder = load(reid)
    except (ReidError, ValueError) as error:
        raise UserError(str(error)) from error
    images = [read_picture(path) for path in _files(photos)]
    with locked(gallery):
        known = KnownPeople.open(gallery)
        network = Network.of(embedder)
        known.check(network)
        known.network = known.network or network
        number = _one(known.find(name), name) or known.last + 1
        look, pictures = _seen(images, embedder.embed(images))
        named = "" if number in known.people else name
        known.add(number, named, [look], pictures)
        known.save()
    typer.echo(f"{printable(name)} is person {number}, by {len(images)} photos")


@app.command()
def forget(
    name: Annotated[str, typer.Argument(help="Of the person, or their id.")],
    gallery: OptionalGallery = GALLERY,
) -> None:
    """Delete somebody's name, looks and pictures for good. Their id is not given again.

    Results of runs that have them stay as they are: delete those, too.
    """
    from mtmc.known import KnownPeople
    from mtmc.known.people import locked

    with locked(gallery):
        known = KnownPeople.open(gallery, must_exist=True)
        number = _one(known.find(name), name)
        if number is None:
            raise UserError(f"{name}: nobody in {gallery} has that name or id")
        del known.people[number]
        known.save()
    typer.echo(f"person {number} is forgotten; the results of runs that show them are not")


@app.command()
def export(
    out: Annotated[Path, typer.Argument(help="Folder for their pictures; new or empty.")],
    gallery: OptionalGallery = GALLERY,
) -> None:
    """Write everybody's pictures, a folder for each, and who they are in `people.csv`."""
    import polars as pl

    from mtmc.files import replacing, write_text
    from mtmc.known import KnownPeople

    known = KnownPeople.open(gallery, must_exist=True)
    check_new(out)
    people = sorted(known.people.items())
    for number, person in people:
        for place, picture in enumerate(person.pictures, 1):
            with replacing(out / f"{number:04d}" / f"{place}.jpg") as partial:
                partial.write_bytes(picture.jpeg)
    rows = [(number, person.name, len(person.pictures)) for number, person in people]
    table = pl.DataFrame(rows, ["id", "name", "pictures"], orient="row")
    write_text(out / "people.csv", table.write_csv())
    typer.echo(f"{len(known.people)} people: {out}")


def _one(found: list[int], name: str) -> int | None:
    if len(found) > 1:
        several = ", ".join(map(str, found))
        raise UserError(f"{name}: is the name of people {several}; give an id")
    return found[0] if found else None


def _files(photos: list[Path]) -> list[Path]:
    """All pictures among files and folders."""
    from mtmc.reid.pictures import is_picture

    files = []
    for path in photos:
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        files += [file for file in inside if is_picture(file) or not path.is_dir()]
    if not files:
        raise UserError(f"{photos[0]}: has no pictures; expected photos of one person")
    return files


def _seen(images: list[Image], embeddings: Floats) -> tuple[Look, list[Picture]]:
    """What photos tell of somebody: each as much as a good crop."""
    from mtmc.known import Look, Picture
    from mtmc.outputs.crops import as_jpeg

    look = Look("", "", embeddings.sum(axis=0), (float(len(images)), float(len(images))))
    return look, [Picture("", "", 1.0, as_jpeg(image)) for image in images]
