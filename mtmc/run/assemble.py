"""From settings to opened cameras and plug-ins."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from mtmc.associate import Associator, Placed
from mtmc.associate.by_kind import ByKind
from mtmc.calibration import load_calibration
from mtmc.calibration.check import doubt_at_sight
from mtmc.config import Plugin, choose
from mtmc.corrections import Corrections
from mtmc.detectors import Detector
from mtmc.detectors.motfile import MotFileDetector
from mtmc.detectors.people import PERSON
from mtmc.errors import UserError
from mtmc.events.sink import Sink, make_sink
from mtmc.perception.given import FROM_DETECTOR, GivenLooks
from mtmc.registry import DEFAULT_TRACKER, TRACKERS
from mtmc.reid import Embedder
from mtmc.reid.staged import StagedEmbedder
from mtmc.run.config import ReidConfig, RunConfig
from mtmc.run.parts import Parts
from mtmc.sources import Camera, CameraReader, open_cameras
from mtmc.tracking.camera import follows_all_cameras
from mtmc.types import Frame

if TYPE_CHECKING:
    from mtmc.run.workers import Workers

log = logging.getLogger("mtmc")

SLOW = 4.0  # frames per second from which down people are followed on the floor
# Distance of looks across cameras at which one person and two are equally likely, where the
# embedder does not know: between both for OSNet, on the training people of PKU-ReID.
MAX_DISTANCE = 0.28


def assemble(
    config: RunConfig, cameras: Sequence[Camera], root: Path, workers: Workers | None = None
) -> Parts:
    """Open the cameras and make the plug-ins; whatever is wrong with them shows here.

    Args:
        config: of the run.
        cameras: on one clock.
        root: the folder that holds them.
        workers: who opens the cameras; None where this process does.

    Raises:
        UserError: something cannot be opened, loaded or found.
    """
    detector, counts = find_detector(config, cameras, root)
    kinds: Sequence[str] = getattr(detector, "classes", (PERSON,))
    if len(kinds) > 1 and follows_all_cameras(config.tracker):
        raise UserError(
            f"tracker {config.tracker.name}: follows people only, not {' and '.join(kinds)}; "
            f"choose another, such as {DEFAULT_TRACKER}"
        )
    embedder = load_embedder(config)
    if isinstance(detector, MotFileDetector):
        _check_looks(detector, cameras, embedder)
    if workers is not None:
        readers = workers.open(cameras, config)
    else:
        if any(camera.kind == "live" for camera in cameras):
            warm_up(detector, embedder, len(cameras))
        readers = open_cameras(cameras, config.sources, counts)
    parts = put_together(config, readers, detector, embedder, kinds)
    return replace(parts, workers=workers, sinks=_sinks(config))


def find_detector(
    config: RunConfig, cameras: Sequence[Camera], root: Path
) -> tuple[Detector, dict[str, int]]:
    """The detector, and how many frames cameras have of which it knows that alone."""
    detector = config.detector.cls(config.detector.config, root)
    counts = {}
    if isinstance(detector, MotFileDetector):
        counts = {camera.name: detector.last_frame(camera.name) for camera in cameras}
    return detector, counts


def _check_looks(
    detector: MotFileDetector, cameras: Sequence[Camera], embedder: Embedder | None
) -> None:
    """Refuse looks that are wanted and not in the files; say so where it is the other way round.

    Raises:
        UserError: so it is.
    """
    lacking = [camera.name for camera in cameras if not detector.has_looks(camera.name)]
    wanted = isinstance(embedder, GivenLooks)
    if wanted and lacking:
        raise UserError(
            f"--reid detector: {detector.folder} holds no embeddings of camera {lacking[0]}; "
            "expected a .npy, .npz or .parquet file, or give --reid another model"
        )
    if not wanted and len(lacking) < len(cameras):
        log.info("%s holds embeddings, which --reid detector would take", detector.folder)


def put_together(
    config: RunConfig,
    readers: Sequence[CameraReader],
    detector: Detector,
    embedder: Embedder | None,
    kinds: Sequence[str] = (PERSON,),
) -> Parts:
    """The parts of a run whose cameras and networks are there.

    Raises:
        UserError: the calibration, the corrections or the associator's settings are wrong.
    """
    calibration, names = {}, [reader.name for reader in readers]
    if config.calibration:
        calibration = load_calibration(Path(config.calibration), names, partial=True)
    for reader in readers:
        if (model := calibration.get(reader.name)) and (said := doubt_at_sight(model, reader.size)):
            log.warning("camera %s: its calibration %s", reader.name, said)
    if embedder is None and config.tracker.cls.needs_embeddings:
        log.warning(
            "tracker %s makes use of appearance, of which --reid none leaves nothing",
            config.tracker.name,
        )
    plugin, names = config.associator, [reader.name for reader in readers]
    try:
        even = even_distance(embedder)
        each = [plugin.cls(plugin.config, even, names) for _ in kinds]
        for one in each:
            if isinstance(one, Placed):
                one.place(calibration)
        associator = each[0] if len(each) == 1 else cast(Associator, ByKind(each))
    except ValueError as error:
        raise UserError(f"associator: {error}") from error
    told = Corrections.open(config.corrections, must_exist=True) if config.corrections else None
    for line in told.said if told else ():
        log.warning("%s", line)
    corrections = told.entries if told else ()
    return Parts(
        list(readers), detector, embedder, associator, calibration, kinds, corrections=corrections
    )


def _sinks(config: RunConfig) -> list[tuple[str, Sink]]:
    """Where the events go.

    Raises:
        UserError: nothing of that kind is there, or there are no events.
    """
    if config.output.events and not config.associator.cls.online:
        raise UserError("--events: are of runs that decide as they go; give --online, too")
    return [make_sink(url) for url in config.output.events]


def warm_up(detector: Detector | None, embedder: Embedder | None, cameras: int = 1) -> None:
    """Let the networks load what they load at their first use; streams do not wait for that."""
    noise = np.random.default_rng(0).integers(0, 255, (720, 1280, 3), np.uint8)
    if not (detector is None or detector.stateful or isinstance(detector, MotFileDetector)):
        detector.detect([Frame("", 1, 0.0, noise)] * cameras)
    if embedder is not None:
        embedder.embed([noise[:256, :128]])


def suitable_tracker(config: RunConfig, parts: Parts) -> Plugin:
    """The tracker of a run for which none was chosen.

    Where frames are far apart, boxes of one person hardly overlap; calibrated cameras can follow
    people on the floor instead.
    """
    slow = max(reader.fps for reader in parts.readers) <= SLOW
    people = len(parts.kinds) == 1
    return (
        choose(TRACKERS, {}, "floor") if slow and parts.calibration and people else config.tracker
    )


def check_tracker(config: RunConfig, parts: Parts) -> None:
    """Refuse a tracker that needs a calibration where there is none.

    Raises:
        UserError: so it is.
    """
    if follows_all_cameras(config.tracker) and not parts.calibration:
        raise UserError(
            f"tracker {config.tracker.name}: follows people on the floor, for which cameras must "
            "be calibrated; give --calibration or choose another --tracker"
        )


def even_distance(embedder: Embedder | None) -> float:
    """Of looks across cameras; what suits the embedder where the footage tells nothing."""
    return (embedder and embedder.even_distance) or MAX_DISTANCE


def load_embedder(config: RunConfig) -> Embedder | None:
    """What describes people; None where nobody does.

    Raises:
        UserError: it cannot be loaded, or not be used so.
    """
    if isinstance(config.reid, Plugin):
        made: Embedder = config.reid.cls(config.reid.config)
        return made
    chosen = config.reid
    if chosen.weights == "none":
        if chosen.budget.given:
            raise UserError("reid.budget: without --reid there is nothing to spend it on")
        return None
    if chosen.weights == FROM_DETECTOR:
        return GivenLooks()
    from mtmc import reid

    try:
        embedder = reid.load(chosen.weights, chosen.device, chosen.batch_size)
    except reid.ReidError as error:
        raise UserError(str(error)) from error
    if chosen.budget.given:
        _check_budget(chosen, embedder)
    return embedder


def _check_budget(chosen: ReidConfig, embedder: Embedder) -> None:
    """Refuse a budget that cannot be kept.

    Raises:
        UserError: so it is.
    """
    name, wanted = chosen.weights, chosen.budget.gflops
    if not isinstance(embedder, StagedEmbedder):
        raise UserError(
            f"reid.budget: {name} has no exits, so every crop costs the same; `reid align` a model "
            "that has, or take a smaller one"
        )
    if not embedder.reliability:
        raise UserError(
            f"reid.budget: each exit of {name} has a space of its own; `reid align` it first"
        )
    if wanted is not None and wanted < embedder.costs[0]:
        raise UserError(
            f"reid.budget.gflops: {wanted:g} is less than the first exit of {name} costs, "
            f"{embedder.costs[0]:g}; give more"
        )
    if wanted is not None and wanted >= embedder.costs[-1]:
        log.info(
            "reid.budget.gflops: %g is all that %s costs, %g; every crop goes to the end",
            wanted, name, embedder.costs[-1],
        )  # fmt: skip
