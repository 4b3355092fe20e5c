"""Cameras that nobody can answer: what the association says of their tracks is done afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mtmc.tracking.messages import CameraStep, Decisions
from mtmc.types import Ints, TrackKey

LIFE = 1 << 32  # between the numbers under which one track of a camera goes on


def original(track_id: int) -> int:
    """The camera's own number of a track."""
    return track_id % LIFE


class Obeying:
    """Ends tracks and gives them other numbers as ``CameraTracking`` would, in what it has told.

    So what becomes of a camera's steps depends on them alone, not on how long answers take to it.
    """

    def __init__(self) -> None:
        self._lives: dict[TrackKey, int] = {}  # by the camera's own number: that it has now
        self._to_end: dict[TrackKey, None] = {}
        self._to_renew: dict[TrackKey, None] = {}

    def obey(self, decisions: Decisions) -> None:
        """From the next step on."""
        self._to_end |= dict.fromkeys(decisions.ended)
        self._to_renew |= dict.fromkeys(decisions.renewed)

    def __call__(self, step: CameraStep) -> CameraStep:
        """The step of a camera that obeys."""
        camera, ended = step.camera, []
        for own in step.ended.tolist():
            now = self._lives.pop(TrackKey(camera, own), None)
            if now is not None:
                ended.append(now)
        renewed = []
        for own in [key for key in self._lives if key.camera == camera]:
            now = self._lives[own]
            key = TrackKey(camera, now)
            if self._to_end.pop(key, 0) is None:
                ended.append(now)
            elif self._to_renew.pop(key, 0) is None:
                renewed.append((now, now + LIFE))
            else:
                continue
            self._lives[own] = now + LIFE
        ids: list[int] = []
        for track in step.ids.tolist():
            ids.append(self._lives.setdefault(TrackKey(camera, track), track))
        return replace(
            step, ids=_ints(ids), ended=_ints(ended), renewed=_ints(renewed).reshape(-1, 2)
        )

    def late(self, step: CameraStep) -> CameraStep:
        """A step that comes when later ones are told: what it adds are looks of tracks known."""
        own = [self._lives.get(TrackKey(step.camera, track)) for track in step.ids.tolist()]
        crops = [at for at, row in enumerate(step.crops.tolist()) if own[row] is not None]
        rows = step.crops[crops]
        nobody = np.zeros(len(rows), bool)
        return CameraStep(
            step.camera,
            step.frame,
            step.time,
            _ints([own[row] for row in rows.tolist()]),
            step.boxes[rows],
            step.scores[rows],
            nobody,  # seen: their time is over
            step.people[rows],
            crops=np.arange(len(rows)),
            quality=step.quality[crops],
            embeddings=step.embeddings[crops] if crops else step.embeddings[:0],
            kinds=None if step.kinds is None else step.kinds[rows],
        )


def _ints(values: Sequence[object]) -> Ints:
    return np.array(values, np.int64)
