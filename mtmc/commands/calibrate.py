"""``mtmc calibrate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mtmc.errors import UserError, unknown_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mtmc.calibration.estimate.fit import Fit
    from mtmc.calibration.estimate.points import PointPairs
    from mtmc.calibration.estimate.sightings import SeenTracks
    from mtmc.calibration.estimate.tracks import Result
    from mtmc.results import Results

app = typer.Typer(
    help="Find out where cameras stand: from points on the floor, or from people's tracks.",
    no_args_is_help=True,
)

Out = Annotated[
    Path, typer.Option(help="The calibration to write; other cameras in it stay as they are.")
]
Intrinsics = Annotated[
    Path | None,
    typer.Option(help="Folder or file with intrinsics and distortion, for whole cameras."),
]


@app.command()
def frame(
    video_dir: Annotated[
        Path, typer.Argument(help="Folder of videos or image folders, or a cameras.yaml.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")] = Path("frames"),
    time: Annotated[float, typer.Option(help="Seconds from the beginning of each video.")] = 0.0,
) -> None:
    """Write a picture of each camera with a pixel grid, to read off where floor points are."""
    import cv2

    from mtmc.files import replacing
    from mtmc.outputs.grid import draw_grid, frames_at
    from mtmc.sources import SourcesConfig, find_cameras, open_cameras

    cameras = [camera for camera in find_cameras(video_dir) if camera.kind != "boxes"]
    if not cameras:
        raise UserError(f"{video_dir}: its cameras have no pictures")
    for picture in frames_at(open_cameras(cameras, SourcesConfig()), time):
        path = out / f"{picture.camera}.png"
        with replacing(path) as partial:
            cv2.imwrite(str(partial), draw_grid(picture.pixels))
        typer.echo(path)


@app.command()
def points(
    files: Annotated[
        list[Path],
        typer.Argument(help="CSV with columns camera,x,y,floor_x,floor_y (px and m), or YAML."),
    ],
    out: Out = Path("calibration.yaml"),
    videos: Annotated[
        Path | None, typer.Option(help="The cameras, for the size of their images.")
    ] = None,
    size: Annotated[
        str | None, typer.Option(help="Size of all images in pixels.", metavar="WxH")
    ] = None,
    intrinsics: Intrinsics = None,
    tolerance: Annotated[
        float, typer.Option(help="Pixels that a point may be off before it is left out.")
    ] = 5.0,
) -> None:
    """Fit each camera to listed pairs of image and floor points."""
    from mtmc.calibration.check import check
    from mtmc.calibration.estimate.fit import fit_camera, fit_homography
    from mtmc.calibration.estimate.points import read_points
    from mtmc.calibration.estimate.save import save_calibration
    from mtmc.calibration.load import load_lenses

    if not tolerance > 0:
        raise UserError(f"--tolerance {tolerance:g}: expected pixels above 0")
    pairs = read_points(files)
    lenses = load_lenses(intrinsics, list(pairs)) if intrinsics else {}
    sizes = _sizes(pairs, videos, size)
    fits = {}
    for name, pair in pairs.items():
        lens = lenses.get(name)
        pixels = sizes[name] or (lens.size if lens else None)
        if pixels is None:
            raise UserError(
                f"camera {name!r}: the size of its images is not known; give --videos VIDEO_DIR, "
                "--size WxH, or resolution in the YAML file"
            )
        try:
            if lens:
                fits[name] = fit_camera(pair.pixels, pair.floor, lens, pixels, tolerance)
            else:
                fits[name] = fit_homography(pair.pixels, pair.floor, pixels, tolerance)
        except ValueError as error:
            raise UserError(f"camera {name!r}: {error}") from error
        try:
            check(fits[name].model, f"camera {name!r}")
        except UserError as error:
            raise UserError(f"{error}; floor points must be in metres") from error
    save_calibration(out, {name: fit.model for name, fit in fits.items()})
    for name, fit in fits.items():
        _print_fit(name, pairs[name], fit)
    typer.echo(f"wrote {out}")


@app.command()
def tracks(
    run_dir: Annotated[Path, typer.Argument(help="The --out folder of a finished `mtmc run`.")],
    out: Out = Path("calibration.yaml"),
    calibration: Annotated[
        Path | None,
        typer.Option(help="Calibration of some of the cameras; the others join their floor."),
    ] = None,
    intrinsics: Intrinsics = None,
    reference: Annotated[
        str | None,
        typer.Option(
            help="The camera whose place and clock are kept.",
            show_default="the one that saw feet most often",
        ),
    ] = None,
    max_offset: Annotated[
        float, typer.Option(help="Greatest difference of two cameras' clocks, in seconds.")
    ] = 10.0,
) -> None:
    """Find where cameras stand and how their clocks differ, from people they see together."""
    from mtmc.calibration.estimate.save import save_calibration, save_offsets
    from mtmc.calibration.estimate.tracks import calibrate_tracks
    from mtmc.calibration.load import camera_names, load_calibration, load_lenses
    from mtmc.results import Results

    if not 0 <= max_offset <= 3600:
        raise UserError(f"--max-offset {max_offset:g}: expected seconds from 0 to 3600")
    run = Results.open(run_dir)
    sightings = _sightings(run)
    if reference is not None and reference not in sightings:
        raise unknown_name("camera --reference", reference, sightings)
    known, lenses = {}, {}
    if calibration is not None:
        known = load_calibration(calibration, _among(camera_names(calibration), sightings))
    if intrinsics is not None:
        lenses = load_lenses(intrinsics, _among(camera_names(intrinsics), sightings))
    try:
        result = calibrate_tracks(sightings, known, lenses, reference, max_offset)
    except ValueError as error:
        raise UserError(f"{run_dir}: {error}") from error
    save_calibration(out, {n: f.model for n, f in result.found.items() if n not in known})
    offsets = {name: found.offset for name, found in result.found.items()}
    clocks = save_offsets(out.with_name("cameras.yaml"), run.record, offsets)
    _print_found(result)
    for name, why in result.lost.items():
        typer.echo(f"not calibrated: {name} {why}", err=True)
    typer.echo(f"wrote {out}" + (f" and {clocks}" if clocks else ""))


def _sightings(run: Results) -> dict[str, SeenTracks]:
    """What each camera of a run saw."""
    import numpy as np

    from mtmc.calibration.estimate.sightings import SeenTracks

    result = {}
    for name, camera in run.cameras.items():
        mine = run.table.filter(run.table["camera"] == name)
        boxes = mine.select("x1", "y1", "x2", "y2").to_numpy().astype(np.float64)
        # A track that was given to two people is two.
        pairs = mine.select("global_id", "track_id").to_numpy()
        _, tracks = np.unique(pairs, axis=0, return_inverse=True)
        times = mine["time"].to_numpy().astype(np.float64)
        result[name] = SeenTracks.make(camera.size, times, tracks.reshape(-1), boxes)
    return result


def _among(names: list[str], sightings: Mapping[str, object]) -> list[str]:
    """The cameras of a file that are in the run, too."""
    found = [name for name in names if name in sightings]
    if not found:
        raise UserError(f"none of the cameras {', '.join(names) or '(none)'} is in the run")
    return found


def _print_found(result: Result) -> None:
    from rich.table import Table

    from mtmc.commands.tables import plain

    table = Table(title="from people seen together", title_justify="left")
    for heading in ("camera", "x m", "y m", "height m", "offset s", "together s", "apart m", ""):
        table.add_column(heading, justify="left" if heading == "camera" else "right")
    for name, found in result.found.items():
        position = found.model.position
        place = ["", "", ""] if position is None else [f"{value:.2f}" for value in position]
        numbers = [f"{found.offset:+.2f}", f"{found.together:.0f}", f"{found.apart:.2f}"]
        table.add_row(name, *place, *numbers, "known" if found.known else "")
    table.caption = "apart: median distance of where two cameras put one person"
    plain().print(table)


def _sizes(
    pairs: dict[str, PointPairs], videos: Path | None, size: str | None
) -> dict[str, tuple[int, int] | None]:
    """The image size of each camera, None where unknown."""
    if size is not None:
        width, _, height = size.lower().partition("x")
        if not (width.isdigit() and height.isdigit() and int(width) and int(height)):
            raise UserError(f"--size {size!r}: expected WIDTHxHEIGHT, as in 1920x1080")
        return dict.fromkeys(pairs, (int(width), int(height)))
    known = {name: pair.size for name, pair in pairs.items()}
    if videos is not None:
        from mtmc.sources import SourcesConfig, find_cameras, open_cameras

        cameras = [camera for camera in find_cameras(videos) if camera.name in pairs]
        missing = sorted(set(pairs) - {camera.name for camera in cameras})
        if missing:
            raise UserError(f"{videos}: has no camera {', '.join(missing)}")
        readers = open_cameras(cameras, SourcesConfig(), dict.fromkeys(pairs, 0))
        known |= {reader.name: reader.size for reader in readers}
    return known


def _print_fit(name: str, pair: PointPairs, fit: Fit) -> None:
    from rich.table import Table

    from mtmc.commands.tables import plain

    table = Table(title=name, title_justify="left")
    for heading in ("x", "y", "floor x", "floor y", "px off", "m off", ""):
        table.add_column(heading, justify="right")
    for pixel, floor, px, m, good in zip(
        pair.pixels, pair.floor, fit.pixels, fit.floor, fit.inliers, strict=True
    ):
        numbers = [f"{pixel[0]:g}", f"{pixel[1]:g}", f"{floor[0]:g}", f"{floor[1]:g}"]
        table.add_row(*numbers, f"{px:.1f}", f"{m:.3f}", "" if good else "outlier")
    used = fit.inliers
    table.caption = (
        f"{used.sum()} of {len(used)} points used; root mean square "
        f"{(fit.pixels[used] ** 2).mean() ** 0.5:.2f} px, "
        f"{(fit.floor[used] ** 2).mean() ** 0.5:.3f} m"
    )
    if used.sum() == 4:
        table.caption += " (four points always fit: a fifth would show errors)"
    plain().print(table)
