"""``mtmc search``: who in a run looks like somebody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mtmc.commands.times import clock, period
from mtmc.errors import UserError, unknown_name

if TYPE_CHECKING:
    from mtmc.results import Results
    from mtmc.types import Image
    from mtmc.viewer.search import Alike


def search(
    run_dir: Annotated[Path, typer.Argument(help="Results of `mtmc run`.", metavar="RUN_DIR")],
    *,
    image: Annotated[Path | None, typer.Option(help="A picture of one person, cut out.")] = None,
    id_: Annotated[int | None, typer.Option("--id", help="A person of the run.")] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="The network that the run embedded with.",
            metavar="CKPT|ONNX",
            show_default="where the run had it",
        ),
    ] = None,
    camera: Annotated[str | None, typer.Option(help="Only tracks of this camera.")] = None,
    from_: Annotated[
        str | None, typer.Option("--from", help="Only from then on: seconds, or 9:05:00.")
    ] = None,
    to: Annotated[str | None, typer.Option(help="And until then.")] = None,
    most: Annotated[int, typer.Option(min=1, help="So many people at most.")] = 10,
    json_: Annotated[Path | None, typer.Option("--json", help="Write everything there.")] = None,
) -> None:
    """Rank the people of a run by the probability that they are who is asked for.

    By looks alone, as the run's association weighs them: 50 % is as likely one person as two.
    """
    from mtmc.files import write_text
    from mtmc.results import Results
    from mtmc.viewer.search import Finder, Wanted, embedded, network_of

    results = Results.open(run_dir)
    if (image is None) == (id_ is None):
        raise UserError("mtmc search: expected either --image FILE or --id NUMBER")
    if camera is not None and camera not in results.cameras:
        raise unknown_name("camera", camera, results.cameras)
    start, end = period(results, from_, to)
    wanted = Wanted(camera, start, end)
    if image is not None:
        picture = _picture(image)
        found = Finder(results).like_embedding(
            embedded(network_of(results, model), picture), wanted
        )
    else:
        assert id_ is not None
        if id_ not in {person["id"] for person in results.people}:
            raise UserError(f"--id {id_}: nobody in {run_dir} has that id")
        found = Finder(results).like_person(id_, wanted)
    _print(results, found[:most])
    if json_ is not None:
        write_text(json_, json.dumps({"people": [one.plain() for one in found]}, indent=1))


def _picture(path: Path) -> Image:
    import cv2
    import numpy as np

    try:
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise UserError(f"--image {path}: {error.strerror}") from error
    image = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    if image is None:
        raise UserError(f"--image {path}: is no picture; expected a JPEG, PNG or WebP file")
    return np.asarray(image, np.uint8)


def _print(results: Results, people: list[Alike]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    names = {person["id"]: person["name"] or "" for person in results.people}
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in ("id", *(["name"] if any(names.values()) else []), "probability", "seen"):
        table.add_column(heading, justify="right" if heading in {"id", "probability"} else "left")
    for one in people:
        name = [names.get(one.person, "")] if any(names.values()) else []
        when = "; ".join(_when(results, track) for track in one.tracks[:3])
        more = f"; {len(one.tracks) - 3} more" if len(one.tracks) > 3 else ""
        apart = "  (seen beside them: somebody else)" if one.together else ""
        chance = f"{100 * one.probability:.0f} %"
        table.add_row(str(one.person), *name, chance, f"{when}{more}{apart}")
    Console(markup=False, emoji=False).print(table)


def _when(results: Results, track: Alike) -> str:
    assert track.key is not None
    return f"{track.key.camera} {clock(results, track.start)} to {clock(results, track.end)}"
