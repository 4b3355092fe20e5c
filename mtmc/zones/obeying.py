"""Cameras that nobody can answer: what the association says of their tracks is done afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mtmc.tracking.messages import CameraStep, Decisions
from mtmc.types import Ints

LIFE = 1 << 32  # between the numbers under which one track of a camera goes on


def original(track_id: int) -> int:
    """The camera's own number of a track."""
    return track_id % LIFE


class Obeying:
    """Ends tracks and gives them other numbers as ``CameraTracking`` would, in what it has told.

    So what becomes of a camera's steps depends on them alone, not on how long answers take to it.
    """

    def __init__(self) -> None:
        # By camera and the camera's own number: that which a track has now.
        self._lives: dict[str, dict[int, int]] = {}
        self._to_end: dict[str, set[int]] = {}
        self._to_renew: dict[str, set[int]] = {}

    def obey(self, decisions: Decisions) -> None:
        """From the next step on."""
        for keys, waiting in (
            (decisions.ended, self._to_end),
            (decisions.renewed, self._to_renew),
        ):
            for camera, track in keys:
                waiting.setdefault(camera, set()).add(track)

    def __call__(self, step: CameraStep) -> CameraStep:
        """The step of a camera that obeys."""
        lives = self._lives.setdefault(step.camera, {})
        ended = [lives.pop(own) for own in step.ended.tolist() if own in lives]
        to_end = self._to_end.pop(step.camera, set())
        to_renew = self._to_renew.pop(step.camera, set())
        renewed = []
        for own, now in lives.items() if to_end or to_renew else ():
            if now in to_end:
                ended.append(now)
            elif now in to_renew:
                renewed.append((now, now + LIFE))
            else:
                continue
            lives[own] = now + LIFE
        own_ids = step.ids.tolist()
        ids = [lives.setdefault(track, track) for track in own_ids]
        if ids == own_ids and ended == step.ended.tolist() and not renewed:
            return step
        return replace(
            step, ids=_ints(ids), ended=_ints(ended), renewed=_ints(renewed).reshape(-1, 2)
        )

    def late(self, step: CameraStep) -> CameraStep:
        """A step that comes when later ones are told: what it adds are looks of tracks known."""
        lives = self._lives.get(step.camera, {})
        own = [lives.get(track) for track in step.ids.tolist()]
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
