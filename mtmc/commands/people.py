"""``mtmc people``: who was there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mtmc.commands.options import From, RunDir, To, check_asked
from mtmc.commands.times import clock, period
from mtmc.errors import UserError

if TYPE_CHECKING:
    from mtmc.results import Results

    Person = dict[str, Any]

WORDS = {"brief": "seen for a moment", "still": "never moves", None: ""}


def people(
    run_dir: RunDir,
    *,
    camera: Annotated[str | None, typer.Option(help="Only who was seen by this camera.")] = None,
    from_: From = None,
    to: To = None,
    id_: Annotated[int | None, typer.Option("--id", help="Only this person, in detail.")] = None,
    crops: Annotated[
        bool, typer.Option("--crops", help="Write their pictures, a folder for each.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Where to.", show_default="RUN_DIR/people")
    ] = None,
) -> None:
    """List the people of a run: when, where, for how long, and how sure that is.

    Times are those of the run's clock, in seconds or as h:mm:ss; where it is known when the cameras
    began, h:mm:ss is by the clock on the wall.
    """
    from mtmc.outputs.people import told
    from mtmc.results import Results

    results = Results.open(run_dir)
    check_asked(results, camera, id_)
    start, end = period(results, from_, to)
    if out is not None and not crops:
        raise UserError(f"--out {out}: is where --crops writes to; give --crops, too")
    found = [p for p in results.people if _was_there(p, camera, start, end)]
    if id_ is not None:
        found = [person for person in found if person["id"] == id_]
    _print(results, found)
    if id_ is not None:
        _print_tracks(results, found)
    elif camera is None and start is None and end is None:
        typer.echo(told(results.record.get("people", {})))
    if crops:
        folder = out or run_dir / "people"
        count = sum(_write(results, person, folder) for person in found)
        typer.echo(f"{count} pictures of {len(found)} people: {folder}")


def _was_there(person: Person, camera: str | None, start: float | None, end: float | None) -> bool:
    """Whether a person was seen by the camera, or any, in that time."""
    tracks = [
        track
        for name, tracks in person["cameras"].items()
        for track in tracks
        if camera in (None, name)
    ]
    return any(
        (end is None or track["start"] <= end) and (start is None or track["end"] >= start)
        for track in tracks
    )


def _print(results: Results, people: list[Person]) -> None:
    from mtmc.commands.tables import plain, plain_table

    times = [clock(results, p[key]) for p in people for key in ("first_seen", "last_seen")]
    days = {time.split()[0] for time in times} if results.record.get("clock_zero") else set()
    if len(days) == 1:
        typer.echo(next(iter(days)))

    def moment(seconds: float) -> str:
        time = clock(results, seconds)
        return time.split()[-1] if len(days) == 1 else time  # the day is above

    named = any(person["name"] for person in people)
    headings = ("id", *(["name"] if named else []), "from", "to", "seconds", "boxes", "score")
    table = plain_table((*headings, "cameras", "doubt"), words={"name", "cameras", "doubt"})
    for person in people:
        table.add_row(
            str(person["id"]),
            *([person["name"] or ""] if named else []),
            moment(person["first_seen"]),
            moment(person["last_seen"]),
            f"{person['seconds']:.1f}",
            str(person["detections"]),
            f"{person['score']:.2f}",
            " ".join(person["cameras"]),
            WORDS.get(person["doubt"], str(person["doubt"])),
        )
    plain().print(table)


def _print_tracks(results: Results, people: list[Person]) -> None:
    for person in people:
        for name, tracks in person["cameras"].items():
            for track in tracks:
                when = f"{clock(results, track['start'])} to {clock(results, track['end'])}"
                frames = f"frames {track['first_frame']} to {track['last_frame']}"
                typer.echo(f"{name}: {when}, {frames} (track {track['track_id']})")


def _write(results: Results, person: Person, folder: Path) -> int:
    """Write the pictures of a person; returns how many."""
    from mtmc.files import replacing

    pictures = [c for c in results.crops.of(*results.tracks_of(person["id"])) if c.jpeg]
    for crop in pictures:
        name = f"{crop.key.camera}_{crop.frame:06d}.jpg"
        with replacing(folder / f"{person['id']:04d}" / name) as partial:
            partial.write_bytes(crop.jpeg)
    return len(pictures)
