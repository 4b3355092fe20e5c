"""People who walk from camera to camera, as what the cameras tell of them."""

from itertools import pairwise, product

import numpy as np

from mtmc.tracking.messages import CameraStep
from mtmc.types import TrackKey

DIM = 32
CROPS = (0, 1, 2, 4, 8)  # steps after its start at which a track is embedded
LOST_AFTER = 2.0  # s


def looks(people, seed=0):
    found = np.random.default_rng(seed).normal(size=(people, DIM))
    return found / np.linalg.norm(found, axis=1, keepdims=True)


class Walks:
    """Stays of people in the views of cameras.

    Args:
        stays: ``(camera, person, first, last)``, s; the tracks of a camera are numbered so.
        noise: of each crop.
    """

    def __init__(self, stays, noise=0.08, seed=0):
        self.cameras = sorted({camera for camera, *_ in stays})
        self.end = max(last for *_, last in stays)
        random = np.random.default_rng(seed)
        people = looks(max(person for _, person, *_ in stays) + 1, seed)
        self.truth, self._tracks = {}, []
        for camera, person, first, last in sorted(stays, key=lambda s: (s[2], s[0], s[1])):
            number = 1 + sum(key.camera == camera for key in self.truth)
            self.truth[TrackKey(camera, number)] = person
            crops = people[person] + noise * random.normal(size=(len(CROPS), DIM))
            crops /= np.linalg.norm(crops, axis=1, keepdims=True)
            self._tracks.append((camera, number, first, last, crops.astype(np.float32)))

    def moments(self, step=1.0):
        """``(time, steps)``, one after the other; each camera takes a frame at each."""
        for tick in range(round((self.end + 10) / step)):
            now = tick * step
            yield now, [self._step(camera, tick, now, step) for camera in self.cameras]

    def _step(self, camera, tick, now, step):
        mine = [t for t in self._tracks if t[0] == camera]
        there = [t for t in mine if t[2] <= now <= t[3]]
        age = [round((now - t[2]) / step) for t in there]
        rows = [row for row, each in enumerate(age) if each in CROPS]
        crops = [there[row][4][CROPS.index(age[row])] for row in rows]
        gone = [t[1] for t in mine if now - LOST_AFTER - step <= t[3] < now - LOST_AFTER]
        count = len(there)
        return CameraStep(
            camera, tick + 1, now,
            np.array([t[1] for t in there], np.int64),
            np.zeros((count, 4), np.float32),
            np.ones(count, np.float32),
            np.ones(count, bool),
            np.zeros(count, np.int64),
            crops=np.array(rows, np.int64),
            quality=np.full(len(rows), 0.9, np.float32),
            embeddings=np.array(crops, np.float32).reshape(-1, DIM),
            ended=np.array(gone, np.int64),
        )  # fmt: skip


def corridor(people, cameras, stay=12.0, way=6.0, apart=4.0):
    """Everybody walks along all cameras, one after the other; their ways, as a topology."""
    names = [f"c{number:02}" for number in range(cameras)]
    stays = []
    for person, (place, name) in product(range(people), enumerate(names)):
        begin = apart * person + place * (stay + way)
        stays.append((name, person, begin, begin + stay))
    topology = {a: {b: (way - 2, way + 4)} for a, b in pairwise(names)}
    return stays, topology


def said(associator, walks, step=1.0):
    """The last id of every track, from an associator that is told all."""
    ids, renewed = {}, []
    for now, steps in walks.moments(step):
        decisions = associator.update(now, steps)
        assert not decisions.ids.keys() & ids.keys(), "a decision was revised"
        ids |= decisions.ids
        renewed += decisions.renewed
    ids |= associator.finish([]).ids
    return ids, renewed
