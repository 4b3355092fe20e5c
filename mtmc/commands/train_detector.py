"""The command `mtmc train-detector`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mtmc.errors import UserError


def train_detector(
    data: Annotated[
        Path, typer.Argument(help="A set in COCO's layout, as `mtmc simulate --frames` writes it.")
    ],
    out: Annotated[Path, typer.Option(help="The .onnx file to write.")] = Path("detector.onnx"),
    epochs: Annotated[
        int | None, typer.Option(help="Times the set is gone through.", show_default="12")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Same seed and set, same training.", show_default="0")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change a setting: batch=32, device=cuda.", metavar="K=V"),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the training of OUT that was cut off.")
    ] = False,
) -> None:
    """Train a small person detector; `mtmc run --detector OUT` uses it."""
    from rich.console import Console
    from rich.progress import Progress as Bar

    from mtmc.config import build, override
    from mtmc.detectors.training.train import Progress, TrainingConfig, train

    if out.suffix != ".onnx":
        raise UserError(f"--out {out}: expected a name that ends in .onnx")
    chosen = {k: v for k, v in (("epochs", epochs), ("seed", seed)) if v is not None}
    config = build(TrainingConfig, override(chosen, set_ or []), "train-detector")
    with Bar(console=Console(stderr=True)) as bar:
        task = bar.add_task("training", total=None)

        def show(done: Progress) -> None:
            text = f"loss {done.loss:.3f}"
            bar.update(task, total=done.steps, completed=done.step, description=text)
            if done.validation:
                bar.console.print(
                    f"step {done.step}: loss {done.loss:.3f}, "
                    f"val AP50 {100 * done.validation.average_precision:.1f}, "
                    f"precision {100 * done.validation.precision:.1f}, "
                    f"recall {100 * done.validation.recall:.1f}"
                )

        train(data, out, config, resume, show)
    typer.echo(f"wrote {out}")
