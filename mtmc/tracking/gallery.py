"""A bounded set of what somebody looks like."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mtmc.types import Floats

MAX_EMBEDDINGS = 16  # per tracklet


SETTLED_EMBEDDINGS = 6  # of a tracklet that has ended, each of a stretch of time


class Gallery:
    """A bounded set of one person's embeddings that keeps what is good and different.

    When it is full, the two most similar members compete and the one of less quality goes. A
    member is one crop, or after ``settle`` the sum of several. ``version`` counts the changes.
    """

    def __init__(self, capacity: int = MAX_EMBEDDINGS) -> None:
        self.version = 0
        self._capacity = capacity
        self._sums: list[NDArray[np.floating]] = []  # embeddings times quality
        self._weights: list[float] = []  # sums of qualities
        self._squares: list[float] = []  # sums of squared qualities
        self._times: list[float] = []
        self._added: tuple[int, Floats, NDArray[np.float64]] | None = None  # as of a version

    @classmethod
    def of(
        cls, sums: NDArray[np.floating], weights: NDArray[np.floating], times: NDArray[np.floating]
    ) -> Gallery:
        """With the members that ``sums``, ``weights`` and ``times`` said of another one."""
        gallery = cls(max(MAX_EMBEDDINGS, len(sums)))
        gallery._sums = list(sums)
        gallery._weights, gallery._squares = weights[:, 0].tolist(), weights[:, 1].tolist()
        gallery._times = times.tolist()
        return gallery

    def __len__(self) -> int:
        return len(self._sums)

    def add(self, embedding: Floats, quality: float, time: float = 0.0) -> None:
        """Take in a unit vector ``(D,)`` of a crop of that quality in 0..1, seen at ``time`` s."""
        weight = max(float(quality), 1e-3)
        row = np.asarray(embedding, np.float32) * np.float32(weight)
        self._insert(row, weight, weight**2, float(time))

    def extend(self, other: Gallery) -> None:
        """Take in all members of another gallery."""
        for member in zip(other._sums, other._weights, other._squares, other._times, strict=True):
            self._insert(*member)

    def _insert(self, row: NDArray[np.floating], weight: float, square: float, at: float) -> None:
        self.version += 1
        self._sums.append(row)
        self._weights.append(weight)
        self._squares.append(square)
        self._times.append(at)
        if len(self._sums) > self._capacity:
            rows = self.rows()
            similarity = rows @ rows.T
            np.fill_diagonal(similarity, -np.inf)
            pair = np.unravel_index(int(similarity.argmax()), similarity.shape)
            self._remove(int(min(pair, key=lambda row: self._weights[row])))

    def _remove(self, row: int) -> None:
        for column in (self._sums, self._weights, self._squares, self._times):
            del column[row]

    def settle(self, members: int = SETTLED_EMBEDDINGS) -> None:
        """Add up neighbours in time, the most alike first, and store halves, to save memory."""
        order = np.argsort(self._times, kind="stable")
        for name in ("_sums", "_weights", "_squares", "_times"):
            setattr(self, name, [getattr(self, name)[row] for row in order])
        while len(self) > members:
            rows = self.rows()
            first = int((rows[:-1] * rows[1:]).sum(axis=1).argmax())
            share = self._weights[first + 1] / (self._weights[first] + self._weights[first + 1])
            self._times[first] += share * (self._times[first + 1] - self._times[first])
            self._sums[first] = self._sums[first] + self._sums[first + 1]
            self._weights[first] += self._weights[first + 1]
            self._squares[first] += self._squares[first + 1]
            self._remove(first + 1)
        self._sums = [row.astype(np.float16) for row in self._sums]
        self.version += 1

    def rows(self) -> Floats:
        """The members' directions, unit ``(K, D)``."""
        sums = self.sums()
        directions: Floats = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
        return directions

    def sums(self) -> Floats:
        """The members' embeddings times their quality, ``(K, D)``."""
        if not self._sums:
            return np.zeros((0, 0), np.float32)
        return np.stack(self._sums).astype(np.float32)

    def sum(self) -> Floats:
        """The embeddings' sum weighted by quality, ``(D,)``; its direction is their mean."""
        return self._total()[0]

    def total(self) -> NDArray[np.float64]:
        """``(2,)`` sums of the qualities, and of their squares, over all."""
        return self._total()[1]

    def _total(self) -> tuple[Floats, NDArray[np.float64]]:
        """Both; they are asked for far more often than they change."""
        if self._added is None or self._added[0] != self.version:
            both = self.sums().sum(axis=0), self.weights().sum(axis=0)
            for total in both:
                total.flags.writeable = False
            self._added = (self.version, *both)
        return self._added[1:]

    def weights(self) -> NDArray[np.float64]:
        """``(K, 2)`` sums of the qualities, and of their squares, in each member."""
        return np.column_stack([self._weights, self._squares]).reshape(-1, 2)

    def times(self) -> NDArray[np.float64]:
        """``(K,)`` when each member was seen, s."""
        return np.array(self._times)

    def part(self, chosen: NDArray[np.bool_]) -> Gallery:
        """A gallery of the chosen members ``(K,)``."""
        rows = np.flatnonzero(chosen)
        return Gallery.of(self.sums()[rows], self.weights()[rows], self.times()[rows])
