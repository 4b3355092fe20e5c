"""What a tracker is given for each frame of a MOTChallenge sequence."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from mtmc.detectors.motfile import unit_scores
from mtmc.errors import UserError
from mtmc.mot import MotKind, read_mot
from mtmc.perception.cut import cut_out
from mtmc.perception.keys import content_key, files_key, settings_key
from mtmc.perception.log import Inference, InferenceLog, remove_log
from mtmc.sources.cameras import list_images
from mtmc.trackers import Detections
from mtmc.types import Frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from mtmc.config import Plugin
    from mtmc.evaluate.sequences import MotSequence
    from mtmc.types import Image

    Floats = NDArray[np.float32]

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


@dataclass(frozen=True, eq=False)
class Picture:
    """One image file, decoded when first asked for."""

    frame: int
    path: Path

    @cached_property
    def pixels(self) -> Image:
        """``(H, W, 3) uint8`` BGR."""
        try:
            raw = np.fromfile(self.path, np.uint8)
        except OSError as error:
            raise UserError(f"{self.path}: cannot be read ({error.strerror})") from error
        image = cv2.imdecode(raw, cv2.IMREAD_COLOR) if len(raw) else None
        if image is None:
            raise UserError(f"{self.path}: not a readable image")
        return np.asarray(image, np.uint8)


class Perception:
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
        needs_images = config.detector or config.reid or with_images
        self._images = image_files(sequence) if needs_images else []

    def __iter__(self) -> Iterator[tuple[Detections, Image | None]]:
        config, length = self._config, self._sequence.length
        in_file = [] if config.detector else read_detections(self._file, length)
        if not self._images:
            yield from ((detections, None) for detections in in_file)
            return
        with ExitStack() as logs:
            find, describe = self._questions(logs)
            for start in range(0, length, _BATCH):
                part = slice(start, start + _BATCH)
                pictures = [Picture(start + n, p) for n, p in enumerate(self._images[part], 1)]
                found = find(pictures) if find else in_file[part]
                if describe:
                    found = describe(pictures, found)
                for picture, detections in zip(pictures, found, strict=True):
                    yield detections, picture.pixels if self._with_images else None

    def _questions(self, logs: ExitStack) -> tuple[Finder | None, Describer | None]:
        """The detector and the embedder, each with a log of its answers to this sequence."""
        config = self._config
        find = describe = None
        if config.detector:
            key = content_key(files_key(self._images), settings_key(config.detector.settings()))
            log = self._open_log(key, logs, whole=config.detector.cls.stateful)
            find = Finder(config.detector, self._sequence, log)
        else:
            key = content_key(files_key(self._images), files_key([self._file]))
        if config.reid:
            key = content_key(key, settings_key({"reid": config.reid}))
            log = self._open_log(key, logs)
            describe = Describer(config.reid, config.threads, self._sequence, log)
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

    Scores that are no shares, such as the margins of the DPM detector in MOT16, become some as in
    ``unit_scores``.

    Raises:
        UserError: the file is missing or breaks the format.
    """
    rows = read_mot(file, MotKind.DETECTIONS, length)
    boxes, scores = rows.boxes.astype(np.float32), unit_scores(rows.scores)
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
    paths = list(list_images(folder)) if folder.is_dir() else []
    if len(paths) < sequence.length:
        raise UserError(
            f"{folder}: {len(paths)} images; expected {sequence.length}, one per frame, as a "
            "detector, --reid or the tracker needs them"
        )
    return paths[: sequence.length]


class Finder:
    """A detector that is asked only what its log does not know."""

    def __init__(self, plugin: Plugin, sequence: MotSequence, log: InferenceLog) -> None:
        self._plugin = plugin
        self._sequence = sequence
        self._log = log

    @cached_property
    def _detector(self) -> Any:
        return self._plugin.cls(self._plugin.config, self._sequence.folder)

    def __call__(self, pictures: Sequence[Picture]) -> list[Detections]:
        """The people in each picture."""
        answers = _recall(
            self._log,
            self._sequence.name,
            pictures,
            lambda rows: self._find([pictures[row] for row in rows]),
        )
        return [answer.detections for answer in answers]

    def _find(self, pictures: Sequence[Picture]) -> list[Inference]:
        name, fps = self._sequence.name, self._sequence.fps
        frames = [Frame(name, p.frame, (p.frame - 1) / fps, p.pixels) for p in pictures]
        return [Inference(detections) for detections in self._detector.detect(frames)]


class Describer:
    """An embedder that is asked only what its log does not know."""

    def __init__(
        self, model: str, threads: int | None, sequence: MotSequence, log: InferenceLog
    ) -> None:
        self._model = model
        self._threads = threads
        self._sequence = sequence
        self._log = log

    @cached_property
    def _embedder(self) -> Any:
        return open_embedder(self._model, self._threads)

    def __call__(
        self, pictures: Sequence[Picture], found: Sequence[Detections]
    ) -> list[Detections]:
        """The detections of each picture with embeddings."""
        answers = _recall(
            self._log,
            self._sequence.name,
            pictures,
            lambda rows: self._embed([pictures[i] for i in rows], [found[i] for i in rows]),
        )
        return [
            Detections(detections.boxes, detections.scores, answer.embeddings)
            if len(detections)
            else detections
            for detections, answer in zip(found, answers, strict=True)
        ]

    def _embed(self, pictures: Sequence[Picture], found: Sequence[Detections]) -> list[Inference]:
        crops = [
            cut_out(picture.pixels, box)
            for picture, detections in zip(pictures, found, strict=True)
            for box in detections.boxes
        ]
        counts = [len(detections) for detections in found]
        parts = np.split(self._embedder.embed(crops), np.cumsum(counts)[:-1])
        return [
            Inference(detections, np.arange(count), part)
            for detections, count, part in zip(found, counts, parts, strict=True)
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


def _recall(
    log: InferenceLog,
    name: str,
    pictures: Sequence[Picture],
    ask: Callable[[Sequence[int]], list[Inference]],
) -> list[Inference]:
    """The answer to every picture: from the log, or by asking for the rows it does not know."""
    answers = [log.read(name, picture.frame) for picture in pictures]
    unknown = [row for row, answer in enumerate(answers) if answer is None]
    for row, answer in zip(unknown, ask(unknown) if unknown else [], strict=True):
        answers[row] = answer
        log.record([(name, pictures[row].frame, answer)])
    return [answer for answer in answers if answer is not None]
