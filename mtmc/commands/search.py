"""``mtmc search``: who in a run looks like somebody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mtmc.commands.options import From, RunDir, To, check_asked
from mtmc.commands.pictures import read_picture
from mtmc.commands.times import clock, period
from mtmc.errors import UserError

if TYPE_CHECKING:
    from mtmc.results import Results
    from mtmc.viewer.search import Alike


def search(
    run_dir: RunDir,
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
    from_: From = None,
    to: To = None,
    most: Annotated[int, typer.Option(min=1, help="So many people at most.")] = 10,
    json_: Annotated[Path | None, typer.Option("--json", help="Write everything there.")] = None,
) -> None:
    """Rank the people of a run by the probability that they are who is asked for.

    By looks alone, as the run's association weighs them: 50 % is as likely one person as two.
    """
    from mtmc.files import write_text
    from mtmc.results import Results
    from mtmc.viewer.search import Finder, Wanted, embedded, embedder_of

    results = Results.open(run_dir)
    if (image is None) == (id_ is None):
        raise UserError("mtmc search: expected either --image FILE or --id NUMBER")
    check_asked(results, camera, id_)
    start, end = period(results, from_, to)
    wanted = Wanted(camera, start, end)
    if image is not None:
        picture = read_picture(image)
        found = Finder(results).like_embedding(
            embedded(embedder_of(results, model), picture), wanted
        )
    else:
        assert id_ is not None
        found = Finder(results).like_person(id_, wanted)
    _print(results, found[:most])
    if json_ is not None:
        write_text(json_, json.dumps({"people": [one.plain() for one in found]}, indent=1))


def _print(results: Results, people: list[Alike]) -> None:
    from mtmc.commands.tables import plain, plain_table

    names = {person["id"]: person["name"] or "" for person in results.people}
    headings = ("id", *(["name"] if any(names.values()) else []), "probability", "seen")
    table = plain_table(headings, words={"name", "seen"})
    for one in people:
        name = [names.get(one.person, "")] if any(names.values()) else []
        when = "; ".join(_when(results, track) for track in one.tracks[:3])
        more = f"; {len(one.tracks) - 3} more" if len(one.tracks) > 3 else ""
        apart = "  (seen beside them: somebody else)" if one.together else ""
        chance = f"{100 * one.probability:.0f} %"
        table.add_row(str(one.person), *name, chance, f"{when}{more}{apart}")
    plain().print(table)


def _when(results: Results, track: Alike) -> str:
    assert track.key is not None
    return f"{track.key.camera} {clock(results, track.start)} to {clock(results, track.end)}"
