"""The command line: ``reid train``, ``distill``, ``eval``, ``export``, ``settings`` and others."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from mtmc.reid.errors import ReidError
from mtmc.reid.extras import what_to_install

# The base of typer's errors; where click lives differs between versions of typer.
_ClickException: Any = typer.BadParameter.__mro__[2]

app = typer.Typer(
    name="reid",
    help="Person re-identification: train, evaluate, export.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Data = Annotated[Path, typer.Option(help="Folder of the dataset, or of several.", metavar="ROOT")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", help="Change a setting: schedule.epochs=10", metavar="K=V"),
]
Out = Annotated[
    Path | None, typer.Option(help="Folder for the results.  [default: out/reid/CONFIG]")
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the training in --out.")]
Device = Annotated[str | None, typer.Option(help="cpu, cuda or cuda:N; the GPU when there is one.")]
Json = Annotated[
    Path | None, typer.Option("--json", help="Also write the result here.", metavar="FILE")
]


@app.command()
def train(
    config: Annotated[str, typer.Argument(help="A YAML file, or a preset (see `reid list`).")],
    *,
    set_: Settings = None,
    data: Data = Path("data"),
    out: Out = None,
    resume: Resume = False,
    device: Device = None,
) -> None:
    """Train a model; OUT gets best.pt, last.pt, config.yaml and log.jsonl."""
    from mtmc.reid.commands.train import run

    run(config, set_ or [], data, out, resume=resume, device=device)


@app.command()
def distill(
    config: Annotated[str, typer.Argument(help="A YAML file, or a preset (see `reid list`).")],
    *,
    teacher: Annotated[str, typer.Option(help="best.pt or an .onnx file.")],
    data: Annotated[
        Path, typer.Option(help="Folder of crops, also in folders inside it.", metavar="DIR")
    ],
    set_: Settings = None,
    test: Annotated[
        list[str] | None,
        typer.Option(help="Evaluate on this dataset at the end.", metavar="NAME=PATH"),
    ] = None,
    out: Out = None,
    resume: Resume = False,
    device: Device = None,
) -> None:
    """Train a small model to see similarities as a large one does, on crops without ids.

    Where there are ids, `reid train` with a `distillation.teacher` learns from both.
    """
    from mtmc.reid.commands.distill import run

    run(config, teacher, data, set_ or [], test or [], out, resume=resume, device=device)


@app.command()
def tune(
    config: Annotated[str, typer.Argument(help="A YAML file, or a preset (see `reid list`).")],
    *,
    over: Annotated[
        list[str],
        typer.Option(
            help="A setting and its range: loss.margin=0..0.5, schedule.lr=1e-4..1e-1:log.",
            metavar="K=A..B",
        ),
    ],
    set_: Settings = None,
    data: Data = Path("data"),
    out: Annotated[
        Path | None, typer.Option(help="Folder for the results.  [default: out/tune/CONFIG]")
    ] = None,
    budget: Annotated[
        int | None,
        typer.Option(
            min=1, help="Epochs of all trainings.  [default: of 20 trainings]", metavar="EPOCHS"
        ),
    ] = None,
    by: Annotated[
        str, typer.Option(help="mAP of people held out, or drop: that of the loss nearest to 15 %.")
    ] = "mAP",
    held_out: Annotated[
        float, typer.Option(help="Share of the training people who are held out.")
    ] = 0.2,
    device: Device = None,
) -> None:
    """Search for good settings of a training; OUT gets best.yaml, tune.json and tune.png.

    The same command goes on with a search that was cut off, or with a larger budget.
    """
    from mtmc.reid.commands.tune import run

    run(config, over, set_ or [], data, out, budget=budget, by=by, share=held_out, device=device)


@app.command("eval")
def evaluate(
    models: Annotated[
        list[str], typer.Argument(help="best.pt, .onnx files, simulated, simulated-lite, color.")
    ],
    *,
    dataset: Annotated[
        list[str],
        typer.Option(help="Names, NAME=PATH or folders below ROOT: A,B or A B.", metavar="A,B"),
    ],
    data: Data = Path("data"),
    show: Annotated[
        int,
        typer.Option(
            min=0, help="Draw so many queries with their nearest 10: ranked.png.", metavar="N"
        ),
    ] = 0,
    save: Annotated[
        Path | None, typer.Option(help="Write the embeddings here.", metavar="NPZ")
    ] = None,
    rerank: Annotated[
        bool, typer.Option("--rerank", help="k-reciprocal re-ranking (k1=20, k2=6, lambda=0.3).")
    ] = False,
    augmentation: Annotated[str, typer.Option(help="none, flip or ten_crop.")] = "none",
    multi_query: Annotated[
        bool, typer.Option("--multi-query", help="Average a person's images of one camera.")
    ] = False,
    camera_centred: Annotated[
        bool,
        typer.Option("--camera-centred", help="Take each camera's mean embedding out, as runs do."),
    ] = False,
    metric: Annotated[
        str,
        typer.Option(help="cosine, or aligned: global, local and both distances of AlignedReID."),
    ] = "cosine",
    device: Device = None,
    batch_size: Annotated[int | None, typer.Option(help="Crops per forward pass.")] = None,
    threads: Annotated[int | None, typer.Option(help="CPU threads.")] = None,
    json_file: Json = None,
) -> None:
    """Score models on datasets: CMC, mAP and mINP, one table."""
    from mtmc.reid.data import is_dataset, need_dataset
    from mtmc.reid.embedder import need_model

    specs = [spec.strip() for each in dataset for spec in each.split(",") if spec.strip()]
    # `--dataset A B`: B is taken for one of the models here.
    more = [name for name in models[1:] if not Path(name).is_file() and is_dataset(name, data)]
    chosen = [name for name in models if name not in more]
    # Before what takes a while to load.
    for spec in specs:
        need_dataset(spec, data)
    for name in chosen:
        need_model(name)
    from mtmc.reid.commands.evaluate import Wanted, run
    from mtmc.reid.evaluation.benchmark import Protocol

    try:
        protocol = Protocol(
            augmentation=augmentation,  # type: ignore[arg-type]
            multi_query=multi_query,
            rerank=rerank,
            camera_centred=camera_centred,
            metric=metric,  # type: ignore[arg-type]
        )
    except ValueError as error:
        raise ReidError(str(error)) from error
    run(
        chosen,
        [*specs, *more],
        data,
        protocol,
        Wanted(json_file, show, save),
        device=device,
        batch_size=batch_size,
        threads=threads,
    )


@app.command()
def tradeoff(
    models: Annotated[
        list[str], typer.Argument(help="best.pt, .onnx files, simulated, simulated-lite, color.")
    ],
    *,
    dataset: Annotated[str, typer.Option(help="Name, or NAME=PATH below ROOT.")],
    data: Data = Path("data"),
    device: Device = None,
    threads: Annotated[int | None, typer.Option(help="CPU threads.")] = None,
    json_file: Json = None,
    plot: Annotated[
        Path | None,
        typer.Option(help="Draw accuracy over time per image here.", metavar="PNG"),
    ] = None,
) -> None:
    """Compare models: accuracy, size, multiply-adds and images/s on this machine."""
    from mtmc.reid.commands.tradeoff import run

    run(models, dataset, data, json_file, plot, device=device, threads=threads)


@app.command()
def budget(
    model: Annotated[str, typer.Argument(help="best.pt or an .onnx file of a model with exits.")],
    *,
    dataset: Annotated[str, typer.Option(help="Name, or NAME=PATH below ROOT.")],
    data: Data = Path("data"),
    confidence: Annotated[
        str | None,
        typer.Option(help="Who leaves early: margin, distance or random.  [default: all]"),
    ] = None,
    gallery: Annotated[
        str | None,
        typer.Option(help="full or same depth as the query.  [default: full where exits agree]"),
    ] = None,
    rule: Annotated[
        str, typer.Option(help="recent, or paper: for streams that never change.")
    ] = "recent",
    gflops: Annotated[
        list[float] | None,
        typer.Option(help="Mean budget per picture, several.  [default: evenly between exits]"),
    ] = None,
    device: Device = None,
    threads: Annotated[int | None, typer.Option(help="CPU threads.")] = None,
    json_file: Json = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw accuracy over GFLOPs here.", metavar="PNG")
    ] = None,
) -> None:
    """Score a model with exits at any time and within mean budgets (DaRe, Figs. 5 and 6)."""
    from mtmc.reid.commands.budget import Gallery, How, run
    from mtmc.reid.evaluation.budget import Rule

    run(
        model,
        dataset,
        data,
        confidence=None if confidence is None else _one_of("confidence", confidence, How),
        gallery=None if gallery is None else _one_of("gallery", gallery, Gallery),
        rule=_one_of("rule", rule, Rule),
        gflops=gflops or [],
        json_file=json_file,
        plot=plot,
        device=device,
        threads=threads,
    )


def _one_of(option: str, given: str, choices: Any) -> Any:
    """An option's value, which must be among the names of a literal type."""
    from typing import get_args

    if given not in get_args(choices):
        raise ReidError(f"--{option} {given}: expected one of {', '.join(get_args(choices))}")
    return given


@app.command()
def export(
    checkpoint: Annotated[Path, typer.Argument(help="best.pt; with --int8 also an .onnx file.")],
    target: Annotated[
        Path | None,
        typer.Argument(help="The .onnx file.  [default: beside CHECKPOINT, int8 as NAME_int8]"),
    ] = None,
    *,
    int8: Annotated[bool, typer.Option("--int8", help="Quantised to 8-bit integers.")] = False,
    calibration: Annotated[
        Path | None,
        typer.Option(help="Folder of crops that show --int8 what to expect.", metavar="DIR"),
    ] = None,
) -> None:
    """Write a checkpoint as ONNX, for any batch size, with its preprocessing inside."""
    from mtmc.reid.commands.export import run

    run(checkpoint, target, int8=int8, calibration=calibration)


@app.command()
def align(
    checkpoint: Annotated[Path, typer.Argument(help="best.pt, or simulated.")],
    *,
    dataset: Annotated[str, typer.Option(help="Whose training images are seen.", metavar="NAME")],
    data: Data = Path("data"),
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="[default: beside CHECKPOINT, NAME_aligned]")
    ] = None,
    device: Device = None,
) -> None:
    """Give a network exits whose embeddings can be compared with those of its end."""
    from mtmc.reid.commands.align import run

    run(checkpoint, dataset, data, out, device)


@app.command()
def explain(
    one: Annotated[Path, typer.Argument(help="A crop of a person.")],
    other: Annotated[Path, typer.Argument(help="Another one, of the same person or not.")],
    *,
    model: Annotated[Path, typer.Option(help="A checkpoint of an aligned:<trunk>.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The picture.")] = Path("explained.png"),
    device: Device = None,
) -> None:
    """Draw how the stripes of two crops are aligned, with their distances (AlignedReID)."""
    from mtmc.reid.commands.explain import run

    run(one, other, model, out, device)


@app.command("import")
def import_(
    source: Annotated[Path, typer.Argument(help="OSNet weights as torchreid publishes them.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="An .onnx file, or a .pt to train on.  [default: SOURCE.onnx]"
        ),
    ] = None,
) -> None:
    """Make published weights (torchreid's .pth) a model of ours."""
    from mtmc.reid.commands.import_ import run

    run(source, out)


@app.command()
def settings(
    section: Annotated[str | None, typer.Argument(help="Such as schedule.")] = None,
    *,
    expert: Annotated[bool, typer.Option("--expert", help="All of them.")] = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="The page docs/reference/reid-settings.md.")
    ] = False,
) -> None:
    """Show the settings of `reid train`: default, range and meaning."""
    from mtmc.reid.commands.settings import run

    run(section, expert=expert, markdown=markdown)


@app.command("list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON on stdout.")] = False,
) -> None:
    """Show models, losses, datasets and presets."""
    from mtmc.reid.commands.catalogue import run

    run(as_json=as_json)


def main() -> None:
    """Run the command line: 0 when done, 2 with one line on stderr when the input is wrong."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    try:
        # typer gives back the code of what ended early, 130 for Ctrl-C.
        sys.exit(app(standalone_mode=False) or 0)
    except ReidError as error:
        sys.exit(_refuse(str(error)))
    except ImportError as error:
        missing = what_to_install(error)
        if missing is None:
            raise
        sys.exit(_refuse(missing))
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(130)
    except _ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f" (see {context.command_path} --help)" if context else ""
        sys.exit(_refuse(f"{error.format_message()}{hint}"))


def _refuse(message: str) -> int:
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
    return 2
