"""``mtmc view``: the results of a run in a browser."""

from __future__ import annotations

import typer

from mtmc.commands.options import LOCAL, PORT, Host, Port, RunDir, VideosOfRun


def view(
    run_dir: RunDir,
    videos: VideosOfRun = None,
    *,
    host: Host = LOCAL,
    port: Port = PORT,
) -> None:
    """Look through a run in a browser: play it, search for people, correct who is who."""
    from mtmc.results import Results
    from mtmc.viewer.recorded import Recorded, recorded_application
    from mtmc.viewer.server import Address, Served

    served = Served(Address(host, port))
    recorded = Recorded(Results.open(run_dir), videos or [])
    recorded.start()
    typer.echo(f"{served.url}   (Ctrl-C ends it)")
    try:
        served.run(recorded_application(recorded))
    finally:
        recorded.footage.close()
