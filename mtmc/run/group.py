"""Some cameras, from their pictures to what is told of them: all of a run that looks at pixels."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np

from mtmc.outputs.crops import Cutter
from mtmc.perception.budget import Budget, Looks
from mtmc.perception.log import Inference
from mtmc.perception.perception import Perception
from mtmc.results.crops import Crop
from mtmc.run.stopwatch import Stopwatch
from mtmc.trackers import Detections
from mtmc.trackers.scores import ScoreCurve, probable
from mtmc.tracking.camera import CameraTracking, Sighting
from mtmc.tracking.messages import CameraStep, Decisions
from mtmc.tracking.scene import SceneTracking
from mtmc.tracking.view import View
from mtmc.types import Frame

if TYPE_CHECKING:
    from mtmc.calibration import Calibration
    from mtmc.reid import Embedder
    from mtmc.reid.staged import StagedEmbedder
    from mtmc.run.config import RunConfig
    from mtmc.sources import CameraReader

Found = tuple[Sequence[Frame], list[Inference]]  # of the cameras of one time step


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What is told of one camera's frame; it can cross a process.

    Args:
        sighting: its tracks.
        inference: what the networks said.
        step: what the association is told, with embeddings.
        crops: of its tracks, those worth it.
        fresh: whether it had a picture: else its crops are on disk from before.
    """

    sighting: Sighting
    inference: Inference
    step: CameraStep
    crops: Sequence[Crop]
    fresh: bool


class Cameras(Protocol):
    """All cameras of a run, here or in other processes."""

    def detect(self, frames: Sequence[Frame]) -> Callable[[], Found]:
        """Begin to find people in the frames of a time step; what is returned waits for it."""
        ...

    def follow(
        self, frames: Sequence[Frame], inferences: Sequence[Inference], curve: ScoreCurve
    ) -> list[Seen]:
        """Track those people, and embed and cut out who is worth it.

        Args:
            frames: of the next time step.
            inferences: of each.
            curve: what the detector's scores mean.
        """
        ...

    def obey(self, decisions: Decisions) -> None:
        """Take in what the association has decided, before the next time step."""
        ...


def scene_tracking(
    config: RunConfig,
    readers: Sequence[CameraReader],
    calibration: Mapping[str, Calibration],
    kinds: Sequence[str],
    *,
    online: bool,
) -> SceneTracking:
    """The tracking of some cameras.

    Args:
        config: of the run.
        readers: the opened cameras.
        calibration: of some of them, by name.
        kinds: names of what is followed.
        online: whether what is told of a moment stays.
    """
    cameras = {r.name: camera_tracking(config, r, calibration.get(r.name), kinds) for r in readers}
    return SceneTracking(config.tracker, cameras, online=online)


def camera_tracking(
    config: RunConfig, reader: CameraReader, model: Calibration | None, kinds: Sequence[str]
) -> CameraTracking:
    """The tracking of one camera; see ``scene_tracking``."""
    view = View(reader.name, reader.fps, reader.size, model, kinds)
    return CameraTracking(config.tracker, config.crops, view)


def pictured(readers: Sequence[CameraReader]) -> set[str]:
    """The cameras that have pictures."""
    return {reader.name for reader in readers if reader.camera.kind != "boxes"}


def cutter_of(
    config: RunConfig, pictured: Container[str], embedder: Embedder | None
) -> Cutter | None:
    """What cuts out crops, where pictures or embeddings of people are kept."""
    if not config.output.crops and embedder is None:
        return None
    return Cutter(pictured if config.output.crops else (), config.output.anonymise)


class Group:
    """Cameras whose frames are looked at in this process; see ``Cameras``.

    Args:
        perception: asks the networks.
        tracking: of these cameras.
        embedder: describes people; None where nobody does.
        cutter: cuts out crops; None where there are to be none.
        recorded: whether nothing but what was embedded once can be.
        budget: says how deep crops go into the embedder; None where all go to the end.
        watch: counts the stages' times.
    """

    def __init__(
        self,
        perception: Perception,
        tracking: SceneTracking,
        embedder: Embedder | None,
        cutter: Cutter | None,
        *,
        recorded: bool = False,
        budget: Budget | None = None,
        watch: Stopwatch,
    ) -> None:
        self._perception, self._tracking, self._embedder = perception, tracking, embedder
        self._cutter, self._recorded, self._budget = cutter, recorded, budget
        self._embed_all = embedder is not None and tracking.needs_embeddings
        self._watch = watch

    def detect(
        self, frames: Sequence[Frame], answers: Sequence[Inference | None] | None = None
    ) -> Callable[[], Found]:
        """See ``Cameras``; ``answers`` as ``Perception.detect`` has them."""
        with self._watch("detect"):
            found = self._perception.detect(frames, answers)
        return lambda: (frames, self._waited(found))

    def _waited(self, found: Callable[[], list[Inference]]) -> list[Inference]:
        with self._watch("detect"):
            return found()

    def follow(
        self, frames: Sequence[Frame], inferences: Sequence[Inference], curve: ScoreCurve
    ) -> list[Seen]:
        """See ``Cameras``."""
        if self._embed_all:
            with self._watch("embed"):
                every = [np.arange(len(i.detections)) for i in inferences]
                inferences = self._perception.embed(frames, inferences, every)
        with self._watch("track"):
            detections = {
                frame.camera: probable(_with_embeddings(inference, self._embed_all), curve)
                for frame, inference in zip(frames, inferences, strict=True)
            }
            embedded = None
            if self._recorded and not self._embed_all:
                embedded = {f.camera: i.rows for f, i in zip(frames, inferences, strict=True)}
            sightings = self._tracking.update({f.camera: f for f in frames}, detections, embedded)
        steps = [s.unembedded() for s in sightings]
        if self._embedder is not None:
            with self._watch("embed"):
                inferences, steps = self._embed_tracks(sightings, inferences)
        with self._watch("write"):
            seen = zip(sightings, inferences, steps, strict=True)
            return [
                Seen(s, i, step, list(self._cutter.crops(s, i)) if self._cutter else (), _fresh(s))
                for s, i, step in seen
            ]

    def _embed_tracks(
        self, sightings: Sequence[Sighting], inferences: Sequence[Inference]
    ) -> tuple[list[Inference], list[CameraStep]]:
        """Embed the crops worth it, as one batch over all cameras; what is told of all tracks."""
        wanted = [s.tracks.det_index[s.wanted] for s in sightings]
        tracks = [s.tracks.ids[s.wanted] for s in sightings]
        frames = [s.frame for s in sightings]
        embedded = self._perception.embed(frames, inferences, wanted, tracks)
        steps = []
        for sighting, inference, rows in zip(sightings, embedded, wanted, strict=True):
            place = {int(row): position for position, row in enumerate(inference.rows)}
            chosen = [place[int(row)] for row in rows]
            reliability = None
            if (exits := inference.exits) is not None:
                embedder = cast("StagedEmbedder", self._embedder)
                reliability = np.array(embedder.reliability, np.float32)[exits[chosen] - 1]
            steps.append(sighting.embedded(inference.embeddings[chosen], reliability))
        if self._budget is not None:
            _remember(self._budget.looks, steps)
        return embedded, steps

    def obey(self, decisions: Decisions) -> None:
        """See ``Cameras``."""
        self._tracking.obey(decisions)


def _fresh(sighting: Sighting) -> bool:
    return sighting.frame.image is not None


def _remember(looks: Looks, steps: Sequence[CameraStep]) -> None:
    """What the tracks of a time step look like."""
    for step in steps:
        looks.forget(step.camera, np.concatenate([step.ended, step.renewed[:, 0]]))
        looks.take(step.camera, step.ids[step.crops], step.embeddings, step.quality)


def _with_embeddings(inference: Inference, embed_all: bool) -> Detections:
    found = inference.detections
    if not embed_all or len(found) == 0:
        return found
    return replace(found, embeddings=inference.embeddings)
