"""``mtmc gallery``: the people who are known from one run to the next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mtmc.errors import UserError, printable

if TYPE_CHECKING:
    import numpy as np

    from mtmc.known import Look, Picture

app = typer.Typer(help="The people who are known from one run to the next.", no_args_is_help=True)

GALLERY = Path("people.sqlite")
OptionalGallery = Annotated[
    Path, typer.Option(help="The file that `mtmc run --gallery` uses.", metavar="people.sqlite")
]
SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}


@app.command("list")
def list_(gallery: OptionalGallery = GALLERY) -> None:
    """Say who is known, by which network, and from where."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from mtmc.known import KnownPeople

    known = KnownPeople.open(gallery, must_exist=True)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in ("id", "name", "runs", "pictures", "cameras"):
        table.add_column(heading, justify="left" if heading in {"name", "cameras"} else "right")
    for number, person in sorted(known.people.items()):
        runs = {look.run for look in person.looks if look.run}
        cameras = sorted({look.camera or "photos" for look in person.looks})
        count = len(runs), len(person.pictures)
        table.add_row(
            str(number), printable(person.name), *map(str, count), printable(" ".join(cameras))
        )
    Console(markup=False, emoji=False).print(table)
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
    from mtmc.known import KnownPeople
    from mtmc.known.learning import network_of
    from mtmc.known.people import locked
    from mtmc.reid import ReidError, load

    try:
        checked_name(name)
        embedder = load(reid)
    except (ReidError, ValueError) as error:
        raise UserError(str(error)) from error
    images = [_image(path) for path in _files(photos)]
    with locked(gallery):
        known = KnownPeople.open(gallery)
        network = network_of(embedder)
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
    from mtmc.files import replacing, write_text
    from mtmc.known import KnownPeople

    known = KnownPeople.open(gallery, must_exist=True)
    if out.exists() and (not out.is_dir() or next(out.iterdir(), None) is not None):
        raise UserError(f"{out}: is not empty; choose a new folder")
    lines = ["id,name,pictures"]
    for number, person in sorted(known.people.items()):
        lines.append(
            f'{number},"{person.name.replace(chr(34), chr(34) * 2)}",{len(person.pictures)}'
        )
        for place, picture in enumerate(person.pictures, 1):
            with replacing(out / f"{number:04d}" / f"{place}.jpg") as partial:
                partial.write_bytes(picture.jpeg)
    write_text(out / "people.csv", "\n".join(lines) + "\n")
    typer.echo(f"{len(known.people)} people: {out}")


def _one(found: list[int], name: str) -> int | None:
    if len(found) > 1:
        several = ", ".join(map(str, found))
        raise UserError(f"{name}: is the name of people {several}; give an id")
    return found[0] if found else None


def _files(photos: list[Path]) -> list[Path]:
    """All pictures among files and folders."""
    files = []
    for path in photos:
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        files += [file for file in inside if file.suffix.lower() in SUFFIXES or not path.is_dir()]
    if not files:
        raise UserError(f"{photos[0]}: has no pictures; expected {', '.join(sorted(SUFFIXES))}")
    return files


def _image(path: Path) -> np.ndarray:
    import cv2
    import numpy as np

    try:
        image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    except (OSError, cv2.error):
        image = None
    if image is None:
        raise UserError(f"{path}: is no picture that can be read; expected a photo of one person")
    return np.asarray(image)


def _seen(images: list[np.ndarray], embeddings: np.ndarray) -> tuple[Look, list[Picture]]:
    """What photos tell of somebody: each as much as a good crop."""
    from mtmc.known import Look, Picture
    from mtmc.outputs.crops import as_jpeg

    look = Look("", "", embeddings.sum(axis=0), (float(len(images)), float(len(images))))
    return look, [Picture("", "", 1.0, as_jpeg(image)) for image in images]
