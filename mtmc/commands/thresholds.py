"""``mtmc thresholds``: the distance that tells one person from two, and what it is read from."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mtmc.commands.options import Changes, Config, with_chosen
from mtmc.errors import UserError

if TYPE_CHECKING:
    from mtmc.associate.evidence.scale import LearnedScale


def thresholds(
    source: Annotated[
        Path,
        typer.Argument(
            help="Videos as for `mtmc run`, or the results of a run.", metavar="VIDEO_DIR|RUN_DIR"
        ),
    ],
    out: Annotated[Path, typer.Option(help="The picture.")] = Path("thresholds.png"),
    config: Config = None,
    set_: Changes = None,
    detector: Annotated[
        str | None, typer.Option(help="As for `mtmc run`.", metavar="NAME|WEIGHTS")
    ] = None,
    reid: Annotated[
        str | None, typer.Option(help="As for `mtmc run`.", metavar="CKPT|ONNX|color")
    ] = None,
) -> None:
    """Learn from footage at which distance two looks are no longer one person.

    Draws the histograms and prints the numbers. A folder with the results of a run is
    read as it is; videos go through detection, tracking and ReID first.
    """
    from mtmc.associate.evidence.config import EvidenceConfig
    from mtmc.associate.evidence.scale import learn_scale
    from mtmc.results import Results

    if out.suffix.lower() != ".png":
        raise UserError(f"--out {out}: expected a file that ends in .png")
    if Results.is_in(source):
        if config or set_ or detector or reid:
            raise UserError(
                f"{source}: is the results of a run, made with settings of its own; leave out "
                "--config, --set, --detector and --reid, or give the videos"
            )
        looks = Results.open(source).looks
    else:
        with tempfile.TemporaryDirectory() as folder:
            _run(source, Path(folder), config, set_, detector, reid)
            looks = Results.open(Path(folder)).looks
    result = learn_scale(looks.tracklets, looks.even_distance, EvidenceConfig())
    _draw(out, result)
    _print(result, looks.even_distance, len(looks.tracklets), out)


def _run(
    source: Path,
    out: Path,
    config: str | None,
    set_: list[str] | None,
    detector: str | None,
    reid: str | None,
) -> None:
    from mtmc.commands.display import RunDisplay
    from mtmc.config import load_settings, override
    from mtmc.run import run

    settings = with_chosen(load_settings(config) if config else {}, detector, reid)
    settings = override(settings, [*(set_ or []), "output.video=false", "associator.name=offline"])
    if reid == "none" or settings.get("reid") in ("none", {"weights": "none"}):
        raise UserError("--reid none: without a ReID model there are no distances")
    with RunDisplay() as display:
        run(source, out, settings, listener=display)


def _draw(path: Path, result: LearnedScale) -> None:
    import numpy as np

    from mtmc.outputs.histograms import OTHER, SAME, UNKNOWN, Panel, write_histograms

    scale = result.scale
    everything = np.concatenate([result.halves, result.together, result.across, [2 * scale.across]])
    at = np.linspace(0, everything.max(), 200)
    densities = result.mixture.densities(at) if result.mixture else ()
    curves = [(c, at, d) for c, d in zip((SAME, OTHER), densities, strict=False)]
    write_histograms(
        path,
        [
            Panel(
                "within one camera",
                [
                    ("halves of one track", SAME, result.halves),
                    ("seen at the same time", OTHER, result.together),
                ],
                scale.within,
            ),
            Panel(
                "across cameras",
                [("all pairs of tracks", UNKNOWN, result.across)],
                scale.across,
                curves,
            ),
        ],
    )


def _print(result: LearnedScale, usual: float, tracklets: int, out: Path) -> None:
    import numpy as np
    from rich import box
    from rich.table import Table

    from mtmc.commands.tables import plain

    table = Table(
        title=f"distances of {tracklets} tracks", title_justify="left", box=box.SIMPLE_HEAD
    )
    for heading in ("", "number", "5 %", "median", "95 %"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, values in (
        ("halves of one track: one person", result.halves),
        ("seen together in one camera: two people", result.together),
        ("tracks of two cameras: unknown", result.across),
    ):
        figures = np.quantile(values, [0.05, 0.5, 0.95]).tolist() if len(values) else []
        table.add_row(name, str(len(values)), *(f"{value:.3f}" for value in figures))
    console = plain()
    console.print(table)
    if mixture := result.mixture:
        console.print("distances are of looks adapted to this footage, not those of the embedder")
        for name, mean, share in (
            ("one person", mixture.same, mixture.share),
            ("two people", mixture.other, 1 - mixture.share),
        ):
            console.print(
                f"across cameras, {name}: {mean:.3f} ± {mixture.deviation:.3f}, "
                f"{100 * share:.0f} % of pairs"
            )
    else:
        console.print(f"too little to learn from; the embedder's own {usual:g} is taken")
    console.print(
        f"one person up to {result.scale.across:.3f} across cameras, "
        f"{result.scale.within:.3f} within one"
    )
    console.print(f"picture: {out}", soft_wrap=True)
