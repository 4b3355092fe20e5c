"""What a tracker is given for each frame of a MOTChallenge sequence."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from mtmc.detectors import motfile
from mtmc.errors import UserError
from mtmc.perception.keys import content_key, files_key, settings_key
from mtmc.perception.log import Inference, InferenceLog, remove_log
from mtmc.perception.perception import Perception
from mtmc.perception.scores import stated
from mtmc.reid.pictures import PictureReader
from mtmc.sources.pictures import list_images, numbered
from mtmc.trackers import Detections
from mtmc.trackers.scores import PROBABILITIES, ScoreCurve
from mtmc.types import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mtmc.config import Plugin
    from mtmc.evaluate.sequences import MotSequence
    from mtmc.types import Floats, Image

log = logging.getLogger("mtmc")
_BATCH = 16  # frames


@dataclass(frozen=True)
class PerceptionConfig:
    """Where detections and embeddings come from.

    Args:
        cache: folder for the networks' answers, so that nothing is asked twice: one inference log
            per sequence and question, named by the content of images, weights and settings.
        detector: finds people in the images; None takes detections from files.
        folder: of those files, ``<sequence>.txt``; None takes the public ``det/det.txt``.
        reid: embeds them, as in ``reid.load``; None leaves them without embeddings.
        threads: CPU threads of the embedder; None takes all.
    """

    cache: Path
    detector: Plugin | None = None
    folder: Path | None = None
    reid: str | None = None
    threads: int | None = None


class SequencePicture(Frame):
    """A frame whose image file is decoded when first asked for."""

    def __init__(
        self, sequence: MotSequence, number: int, path: Path, reader: PictureReader
    ) -> None:
        super().__init__(sequence.name, number, (number - 1) / sequence.fps, None)
        object.__setattr__(self, "_path", path)
        object.__setattr__(self, "_reader", reader)

    @cached_property
    def pixels(self) -> Image:
        """``(H, W, 3) uint8`` BGR."""
        path: Path = self._path  # type: ignore[attr-defined]
        reader: PictureReader = self._reader  # type: ignore[attr-defined]
        image = reader.read(path)
        if image is None:
            raise UserError(f"{path}: not a readable image")
        return image


class SequenceFrames:
    """The detections of a sequence, frame by frame, with embeddings and images where wanted.

    Args:
        sequence: the sequence.
        config: where detections and embeddings come from.
        with_images: whether the tracker looks at the images, too.

    Raises:
        UserError: a detection file is missing or breaks the format, or images are missing.
    """

    def __init__(
        self, sequence: MotSequence, config: PerceptionConfig, with_images: bool = False
    ) -> None:
        self._sequence = sequence
        self._config = config
        self._with_images = with_images
        folder = config.folder
        self._file = folder / f"{sequence.name}.txt" if folder else sequence.detection_file
        if not config.detector and not folder and not self._file.is_file():
            raise UserError(
                f"{self._file}: missing; {sequence.name} comes without public detections: choose "
                "--detections DETECTOR, or a folder of <sequence>.txt"
            )
        needs_images = config.detector or config.reid or with_images
        self._images = image_files(sequence) if needs_images else []

    @cached_property
    def curve(self) -> ScoreCurve:
        """What the scores mean, as far as is known beforehand."""
        if self._config.detector:
            return stated(self._config.detector.cls)
        scores = [detections.scores for detections in self._in_file]
        return motfile.stated_curve(np.concatenate(scores)) if scores else PROBABILITIES

    @cached_property
    def _in_file(self) -> list[Detections]:
        return read_detections(self._file, self._sequence.length)

    def __iter__(self) -> Iterator[tuple[Detections, Image | None]]:
        config, length = self._config, self._sequence.length
        in_file = [] if config.detector else self._in_file
        if not self._images:
            yield from ((detections, None) for detections in in_file)
            return
        with ExitStack() as logs:
            find, describe = self._networks(logs)
            reader = PictureReader(self._sequence.name, self._images, log)
            for start in range(0, length, _BATCH):
                part = slice(start, start + _BATCH)
                pictures = [
                    SequencePicture(self._sequence, start + n, path, reader)
                    for n, path in enumerate(self._images[part], 1)
                ]
                found = _found(find, pictures) if find else in_file[part]
                if describe:
                    found = _described(describe, pictures, found)
                for picture, detections in zip(pictures, found, strict=True):
                    yield detections, picture.pixels if self._with_images else None

    def _networks(self, logs: ExitStack) -> tuple[Perception | None, Perception | None]:
        """The detector and the embedder, each with a log of its answers to this sequence.

        Of their own, so that another embedder does not ask the detector again.
        """
        config = self._config
        find = describe = None
        if config.detector:
            key = content_key(files_key(self._images), settings_key(config.detector.settings()))
            log = self._open_log(key, logs, whole=config.detector.cls.stateful)
            find = Perception(_LateDetector(config.detector, self._sequence.folder), None, log)
        else:
            key = content_key(files_key(self._images), files_key([self._file]))
        if config.reid:
            key = content_key(key, settings_key({"reid": config.reid}))
            embedder = _LateEmbedder(config.reid, config.threads)
            describe = Perception(None, embedder, self._open_log(key, logs))
        return find, describe

    def _open_log(self, key: str, logs: ExitStack, whole: bool = False) -> InferenceLog:
        """The log of that key; one that must be ``whole`` starts anew unless it is."""
        name, folder = self._sequence.name, self._config.cache
        path = folder / f"{name}.{key}.sqlite"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"--cache {folder}: cannot be made ({error.strerror})") from error
        log = InferenceLog(path, {"key": key})
        if whole and log.recorded.get(name, 0) < self._sequence.length:
            log.close()
            remove_log(path)
            log = InferenceLog(path, {"key": key})
        logs.callback(log.close)
        return log


def read_detections(file: Path, length: int) -> list[Detections]:
    """The detections of a MOT file for each of ``length`` frames; boxes without area are left out.

    See ``motfile.read_detections``.

    Raises:
        UserError: the file is missing or breaks the format.
    """
    rows = motfile.read_detections(file, length)
    boxes, scores = rows.boxes.astype(np.float32), rows.scores
    real = (boxes[:, 0] < boxes[:, 2]) & (boxes[:, 1] < boxes[:, 3])
    order = np.flatnonzero(real)[np.argsort(rows.frames[real], kind="stable")]
    cuts = np.searchsorted(rows.frames[order], np.arange(2, length + 1))
    return [
        Detections(boxes[part], scores[part].astype(np.float32)) for part in np.split(order, cuts)
    ]


def image_files(sequence: MotSequence) -> list[Path]:
    """One image file per frame.

    Raises:
        UserError: there are fewer than frames.
    """
    folder = sequence.image_folder
    images = list(list_images(folder)) if folder.is_dir() else []
    paths = list(numbered(images, sequence.length).paths) if images else []
    if len(paths) < sequence.length:
        raise UserError(
            f"{folder}: {len(paths)} images; expected {sequence.length}, one per frame, as a "
            "detector, --reid or the tracker needs them"
        )
    return paths[: sequence.length]


@dataclass(frozen=True)
class _LateDetector:
    """A detector that is opened when it is first asked."""

    plugin: Plugin
    folder: Path

    # Also one with a memory is asked about all frames or, where its log is whole, about none.
    stateful: ClassVar = False

    @cached_property
    def _opened(self) -> Any:
        return self.plugin.cls(self.plugin.config, self.folder)

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        found: list[Detections] = self._opened.detect(frames)
        return found


@dataclass(frozen=True)
class _LateEmbedder:
    """An embedder that is opened when it is first asked."""

    model: str
    threads: int | None

    @cached_property
    def _opened(self) -> Any:
        return open_embedder(self.model, self.threads)

    def embed(self, crops: Sequence[Image]) -> Floats:
        vectors: Floats = self._opened.embed(crops)
        return vectors


def _found(perception: Perception, pictures: Sequence[SequencePicture]) -> list[Detections]:
    """The people in each picture."""
    answers = perception.detect(pictures)()
    perception.note(pictures, answers)
    return [answer.detections for answer in answers]


def _described(
    perception: Perception, pictures: Sequence[SequencePicture], found: Sequence[Detections]
) -> list[Detections]:
    """The detections of each picture with embeddings."""
    known = [perception.known(picture) for picture in pictures]
    answers = [k or Inference(detections) for k, detections in zip(known, found, strict=True)]
    every = [np.arange(len(detections)) for detections in found]
    answers = perception.embed(pictures, answers, every)
    perception.note(pictures, answers)
    return [
        Detections(detections.boxes, detections.scores, answer.embeddings)
        if len(detections)
        else detections
        for detections, answer in zip(found, answers, strict=True)
    ]


def open_embedder(model: str, threads: int | None = None) -> Any:
    """The embedder of ``--reid``.

    Raises:
        UserError: it cannot be opened.
    """
    from mtmc import reid

    try:
        return reid.load(model, threads=threads)
    except reid.ReidError as error:
        raise UserError(f"--reid: {error}") from error
