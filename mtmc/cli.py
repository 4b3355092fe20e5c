"""The command line."""

from __future__ import annotations

import io
import logging
import sys
from itertools import pairwise
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from mtmc.commands.associate import associate
from mtmc.commands.calibrate import app as calibrate
from mtmc.commands.count import count
from mtmc.commands.crops import crops
from mtmc.commands.demo import demo
from mtmc.commands.evaluate import evaluate
from mtmc.commands.export import export
from mtmc.commands.gallery import app as gallery
from mtmc.commands.messages import Sayable, sayable
from mtmc.commands.people import people
from mtmc.commands.render import render
from mtmc.commands.report import report
from mtmc.commands.run import INTERRUPTED, run
from mtmc.commands.search import search
from mtmc.commands.settings import settings
from mtmc.commands.simulate import simulate
from mtmc.commands.thresholds import thresholds
from mtmc.commands.train_detector import train_detector
from mtmc.commands.view import view
from mtmc.commands.weights import app as weights
from mtmc.errors import UserError
from mtmc.reid.extras import what_to_install


class Commands(TyperGroup):
    """Refuses an option where the value of the one before it is missing."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """See click's ``Group``."""
        name, command, rest = super().resolve_command(ctx, args)
        params = command.params if command else []
        options = {word: option for option in params for word in option.opts}
        for word, value in pairwise(rest):
            if value in options and not getattr(options.get(word), "is_flag", True):
                raise UserError(f"{word}: expected a value, got the option {value}")
        return name, command, rest


app = typer.Typer(
    name="mtmc",
    cls=Commands,
    help="Who is who in all cameras: multi-camera person tracking with one id per person.",
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def _main(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    if version:
        from mtmc import __version__

        typer.echo(f"mtmc {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


# What is done with a run, then what is measured and made, then how.
app.command()(run)
app.command()(view)
app.command()(report)
app.command()(people)
app.command()(search)
app.command()(associate)
app.command()(render)
app.command()(export)
app.command()(count)
app.command()(crops)
app.command("eval")(evaluate)
app.command()(demo)
app.command()(simulate)
app.command()(thresholds)
app.command("train-detector")(train_detector)
app.command()(settings)
app.add_typer(gallery, name="gallery")
app.add_typer(calibrate, name="calibrate")
app.add_typer(weights, name="weights")


def main() -> None:
    """Run the command line: 0 when done, 2 with one line on stderr when the input is wrong."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    logging.getLogger("mtmc").setLevel(logging.INFO)
    for handler in logging.getLogger().handlers:
        handler.addFilter(Sayable())
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a name it cannot show is no reason to fail
    try:
        code = app(standalone_mode=False)
    except UserError as error:
        code = _refuse(str(error))
    except OSError as error:
        # Full disks, missing rights, names too long: nothing a traceback would help with.
        where = f"{error.filename}: " if error.filename else ""
        code = _refuse(f"{where}{error.strerror or error}")
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except ImportError as error:
        missing = what_to_install(error)
        if missing is None:
            raise
        code = _refuse(missing)
    except Exception as error:
        # A wrong option or argument; which class of click that is depends on typer's version.
        format_message = getattr(error, "format_message", None)
        if format_message is None:
            raise
        code = _refuse(f"{format_message()} (see {_command_of(error)} --help)")
    sys.exit(code)


def _command_of(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    return str(context.command_path) if context else "mtmc"


def _refuse(message: str) -> int:
    print(f"error: {sayable(' '.join(message.split()))}", file=sys.stderr)
    return 2
