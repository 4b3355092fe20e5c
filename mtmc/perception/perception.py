"""Asking the networks about pictures, and nothing twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

import numpy as np

from mtmc.perception.budget import Budget
from mtmc.perception.changes import Changes
from mtmc.perception.given import GivenLooks
from mtmc.perception.log import Inference, InferenceLog
from mtmc.reid.preprocess import crop_boxes
from mtmc.trackers import Detections
from mtmc.types import Floats, Frame, Image, Ints


class Finds(Protocol):
    """What is asked of a detector here; see ``Detector``."""

    @property
    def stateful(self) -> bool:
        """Whether its answers depend on earlier frames, so that none can be skipped."""
        ...

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """The people in each frame."""
        ...


class Embeds(Protocol):
    """What is asked of an embedder here; see ``reid.Embedder``."""

    def embed(self, crops: Sequence[Image]) -> Floats:
        """Unit vectors ``(N, D)`` of crops."""
        ...


class Perception:
    """Detections in frames and embeddings of them, as far as a log does not know them.

    Args:
        detector: finds people; None where detections are given.
        embedder: describes them; None where nobody does.
        log: the answers so far, and where new ones are noted; None for none.
        changes: looks where pictures change; None where nobody does.
        budget: says how deep crops go into the embedder; None where all go to the end.
        recording: whether there are later frames to begin with before earlier ones are done.
    """

    def __init__(
        self,
        detector: Finds | None,
        embedder: Embeds | None,
        log: InferenceLog | None,
        changes: Changes | None = None,
        budget: Budget | None = None,
        *,
        recording: bool = False,
    ) -> None:
        self._recording = recording
        self._changes, self._budget = changes, budget
        self._detector, self._embedder, self._log = detector, embedder, log

    @property
    def recorded(self) -> Mapping[str, int]:
        """The last frame of each camera about which nothing needs to be asked any more."""
        # A detector that learns from every frame must see also those it was asked before.
        if self._log is None or (self._detector is not None and self._detector.stateful):
            return {}
        return self._log.recorded

    def known(self, frame: Frame) -> Inference | None:
        """What was once said of a frame; None when nothing was."""
        return self._log.read(frame.camera, frame.index) if self._log else None

    def answers(self, frames: Sequence[Frame]) -> list[Inference | None]:
        """What was once said of each frame of the next time step; None where nothing was."""
        answers = [self.known(frame) for frame in frames]
        spent = [each.certainty for each in answers if each and each.certainty is not None]
        if self._budget is not None and spent:  # of which it is to know
            self._budget.again(np.concatenate(spent))
        return answers

    @property
    def ahead(self) -> int:
        """So many later frames the detector can work on while earlier ones go through the rest."""
        return int(getattr(self._detector, "at_once", 0)) if self._recording else 0

    def detect(
        self, frames: Sequence[Frame], answers: Sequence[Inference | None] | None = None
    ) -> Callable[[], list[Inference]]:
        """Begin to find out who is in each frame; what is returned waits for it.

        Frames known before come with the embeddings there are.

        Args:
            frames: of the next time step.
            answers: what was once said of each; None asks the log.
        """
        assert self._detector is not None
        answers = self.answers(frames) if answers is None else answers
        stateful = self._detector.stateful
        new = [row for row, known in enumerate(answers) if stateful or known is None]
        asked = [frames[row] for row in new]
        if self.ahead and asked:
            begun: Any = self._detector
            return partial(self._told, frames, answers, new, begun.begin(asked))
        found = self._detector.detect(asked) if asked else []
        told = self._told(frames, answers, new, lambda: found)
        return lambda: told

    def _told(
        self,
        frames: Sequence[Frame],
        answers: Sequence[Inference | None],
        new: Sequence[int],
        found: Callable[[], list[Detections]],
    ) -> list[Inference]:
        told = self._embedder.take if isinstance(self._embedder, GivenLooks) else Inference
        fresh = dict(zip(new, map(told, found()), strict=True))
        return [
            self._looked(frames[row], fresh[row] if known is None else known)
            for row, known in enumerate(answers)
        ]

    def _looked(self, frame: Frame, inference: Inference) -> Inference:
        """The same, and where the picture has changed; what is known stays."""
        if self._changes is None:
            return inference
        shares = self._changes.shares(frame, inference.detections.boxes)
        return inference if inference.changed is not None else replace(inference, changed=shares)

    def embed(
        self,
        frames: Sequence[Frame],
        inferences: Sequence[Inference],
        wanted: Sequence[Ints],
        tracks: Sequence[Ints] | None = None,
    ) -> list[Inference]:
        """The same with the wanted detections embedded, all that are missing as one batch.

        Args:
            frames: ``K``.
            inferences: ``K``, of these.
            wanted: ``K`` times rows of their detections.
            tracks: whose these are, by which a budget is spent; None where nobody knows yet.
        """
        result = list(inferences)
        missing = [n for n, i in enumerate(result) if not np.isin(wanted[n], i.rows).all()]
        crops = [crop for n in missing for crop in self._crops(frames[n], result[n], wanted[n])]
        if not crops:
            return result
        assert self._embedder is not None
        counts = [len(wanted[n]) for n in missing]
        ends = np.cumsum(counts)[:-1]
        sure: Sequence[Floats | None] = [None] * len(missing)
        if self._budget is None:
            vectors = self._embedder.embed(crops)
        else:
            cameras = np.repeat([frames[n].camera for n in missing], counts).tolist()
            whose = np.zeros(len(crops), np.int64)
            if tracks is not None:
                whose = np.concatenate([tracks[n] for n in missing])
            vectors, certainty = self._budget.embed(crops, cameras, whose)
            sure = np.split(certainty, ends)
        for n, part, known in zip(missing, np.split(vectors, ends), sure, strict=True):
            result[n] = replace(result[n], rows=wanted[n], embeddings=part, certainty=known)
        return result

    def _crops(self, frame: Frame, inference: Inference, wanted: Ints) -> list[Image]:
        return crop_boxes(frame.pixels, inference.detections.boxes[wanted])

    def note(self, frames: Sequence[Frame], inferences: Sequence[Inference]) -> None:
        """Keep what was said of the frames of one time step."""
        if self._log:
            steps = zip(frames, inferences, strict=True)
            self._log.record(
                [(frame.camera, frame.index, said) for frame, said in steps],
                [frame.time for frame in frames],
            )
