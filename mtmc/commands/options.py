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
