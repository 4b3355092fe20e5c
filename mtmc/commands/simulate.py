"""The command `mtmc simulate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mtmc.errors import UserError


def simulate(
    out: Annotated[Path, typer.Argument(help="Folder to write; made if missing.")],
    cameras: Annotated[int, typer.Option(help="How many cameras.")] = 4,
    people: Annotated[int, typer.Option(help="How many people.")] = 6,
    seconds: Annotated[float, typer.Option(help="How long.")] = 60.0,
    fps: Annotated[float, typer.Option(help="Frames per second.")] = 15.0,
    seed: Annotated[int, typer.Option(help="Same seed, same scene.")] = 0,
    place: Annotated[str, typer.Option(help="lab, corridor or plaza.")] = "lab",
    workers: Annotated[
        int, typer.Option(help="Processes.  [default: one per core]", show_default=False)
    ] = 0,
    crops: Annotated[
        bool, typer.Option("--crops", help="Write a ReID set in Market-1501's layout instead.")
    ] = False,
    frames: Annotated[
        int | None,
        typer.Option(help="Write so many still frames with boxes (COCO layout) instead."),
    ] = None,
    ids: Annotated[int, typer.Option(help="With --crops: people in the set.")] = 1500,
    images: Annotated[int, typer.Option(help="With --crops: images per person.")] = 20,
    crop_cameras: Annotated[int, typer.Option(help="With --crops: cameras.")] = 6,
    panoramas: Annotated[
        Path | None,
        typer.Option(
            help="With --crops or --frames: folder of 360-degree pictures without people, for "
            "backgrounds and light.  [default: made-up places]",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Simulate people in rooms: videos with exact truth, or sets to train ReID and detectors."""
    from rich.console import Console
    from rich.progress import Progress

    from mtmc.simulate.extra import require_sim

    if crops and frames is not None:
        raise UserError("--crops and --frames make different sets: give one of them")
    require_sim()
    with Progress(console=Console(stderr=True), transient=True) as bar:
        try:
            if crops:
                from mtmc.simulate.crops import CropsConfig, write_crops

                set_config = CropsConfig(ids, images, crop_cameras, seed, panoramas)
                task = bar.add_task("crops", total=set_config.people * set_config.images)
                write_crops(set_config, out, workers, lambda n: bar.advance(task, n))
            elif frames is not None:
                from mtmc.simulate.frames import FramesConfig, write_frames

                stills = FramesConfig(frames, seed, panoramas)
                task = bar.add_task("frames", total=stills.frames)
                write_frames(stills, out, workers, lambda n: bar.advance(task, n))
            else:
                from mtmc.simulate.output import simulate as render
                from mtmc.simulate.scene import SceneConfig

                config = SceneConfig(place, cameras, people, seconds, fps, seed)
                task = bar.add_task("frames", total=config.frames * config.cameras)
                render(config, out, workers, lambda n: bar.advance(task, n))
        except ValueError as error:
            raise UserError(f"--{error}") from error
    typer.echo(f"wrote {out}")
