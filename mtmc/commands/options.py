"""Options that several commands have."""

from typing import Annotated

import typer

Config = Annotated[
    str | None, typer.Option(help="A YAML file, or the name of a preset.", metavar="YAML")
]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", help="Change a setting: detector.confidence=0.3", metavar="K=V"),
]
Host = Annotated[
    str, typer.Option(help="Where to listen; from elsewhere than this computer it takes a token.")
]
Port = Annotated[int, typer.Option(min=0, max=65535, help="0 takes any that is free.")]
LOCAL, PORT = "127.0.0.1", 8000
