"""Everything known of what people look like, as arrays that grow."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from mtmc.associate.evidence.appearance import Scale, appearance
from mtmc.associate.evidence.config import EvidenceConfig
from mtmc.associate.evidence.looks import Looks
from mtmc.tracking.gallery import Gallery
from mtmc.types import Floats, Ints

FIRST_ROWS = 256
BLOCK = 4096  # looks that are adapted at a time
MOST_ALIKE = 8  # looks at known people that a new track is compared with further


class LookTable:
    """The looks at all people, one row per look, of which only what changes is written.

    A look is what one camera saw of a person, once or over time; a person has several.
    """

    def __init__(self) -> None:
        self._rows: dict[Hashable, int] = {}
        self._keys: list[Hashable] = []
        self._cameras: dict[str, int] = {}
        self._people = np.zeros(FIRST_ROWS, np.int64)
        self._looks: Looks | None = None  # as they are compared, with room for more rows
        self._raw = np.zeros((0, 0), np.float16)  # their sums as they came
        self._scale: Scale | None = None  # by which they were adapted

    def __len__(self) -> int:
        return len(self._keys)

    def put(self, key: Hashable, person: int, camera: str, gallery: Gallery) -> None:
        """Write the look called ``key``, in the place of what it was before.

        Args:
            key: its name.
            person: whose it is, from 0.
            camera: who saw it.
            gallery: not empty.
        """
        raw = Looks.of_galleries([gallery], [camera])
        look = self._coded(raw if self._scale is None else self._scale.adapted(raw))
        row = self._rows.setdefault(key, len(self._keys))
        if row == len(self._keys):
            self._keys.append(key)
        table = self._room(row, look)
        table.sums[row], table.totals[row] = look.sums[0], look.totals[0]
        table.cameras[row], table.weights[row] = look.cameras[0], look.weights[0]
        self._raw[row], self._people[row] = raw.sums[0], person

    def remove(self, key: Hashable) -> None:
        """Take a look out, if it is there; the last one takes its row."""
        row = self._rows.pop(key, None)
        if row is None or self._looks is None:
            return
        last = self._keys.pop()
        if last != key:
            table, end = self._looks, len(self._keys)
            looks = (table.sums, table.totals, table.cameras, table.weights)
            for column in (*looks, self._raw, self._people):
                column[row] = column[end]
            self._keys[row] = last
            self._rows[last] = row

    def alike(self, looks: Looks, scale: Scale, config: EvidenceConfig) -> Ints:
        """The people of whom a look speaks for one of some tracks, the most alike of each.

        Args:
            looks: of ``T`` tracklets, as ``scale`` has them adapted.
            scale: what distances mean.
            config: of the evidence.

        Returns:
            ``(P,)`` ascending.
        """
        seen = np.flatnonzero(looks.weights > 0)
        if len(self) == 0 or not len(seen):
            return np.zeros(0, np.int64)
        odds = self._odds(looks[seen], scale, config)
        few = np.argsort(-odds, axis=1)[:, :MOST_ALIKE]
        return np.unique(self._people[few[np.take_along_axis(odds, few, axis=1) > 0]])

    def likest(
        self, looks: Looks, scale: Scale, config: EvidenceConfig, least: float
    ) -> int | None:
        """The person of whom a look speaks most for a track, one row; None below ``least``."""
        if len(self) == 0 or not looks.weights[0] > 0:
            return None
        odds = self._odds(looks, scale, config)[0]
        best = int(odds.argmax())
        return int(self._people[best]) if odds[best] > least else None

    def _odds(self, looks: Looks, scale: Scale, config: EvidenceConfig) -> Floats:
        """``(T, looks known)`` log odds; none of the looks is unknown."""
        assert self._looks is not None
        self._adapt(self._looks, scale)
        return appearance(self._coded(looks), self._looks[: len(self)], scale, config)

    def _adapt(self, table: Looks, scale: Scale) -> None:
        """Have all looks adapted as ``scale`` says."""
        before = None if self._scale is None else self._scale.adaptation
        self._scale = scale
        if scale.adaptation is before:
            return
        for start in range(0, len(self), BLOCK):
            rows = slice(start, min(start + BLOCK, len(self)))
            part, raw = table[rows], self._raw[rows].astype(np.float32)
            part = scale.adapted(Looks.make(raw, part.totals, part.cameras))
            table.sums[rows], table.weights[rows] = part.sums, part.weights

    def _coded(self, looks: Looks) -> Looks:
        """The same with numbers for cameras, which compare faster than names."""
        codes = [self._cameras.setdefault(str(c), len(self._cameras)) for c in looks.cameras]
        return Looks(looks.sums, looks.totals, np.array(codes, np.int32), looks.weights)

    def _room(self, row: int, look: Looks) -> Looks:
        """The arrays, large enough for a row."""
        if self._looks is None:
            self._looks = _empty(FIRST_ROWS, look)
            self._raw = np.zeros(self._looks.sums.shape, np.float16)
        while row >= len(self._looks.weights):
            old, size = self._looks, len(self._looks.weights)
            self._looks = _empty(size + size // 2, look)
            for name in ("sums", "totals", "cameras", "weights"):
                getattr(self._looks, name)[:size] = getattr(old, name)
            self._raw = np.concatenate([self._raw, np.zeros_like(self._raw[: size // 2])])
            self._people = np.concatenate([self._people, np.zeros(size // 2, np.int64)])
        return self._looks


def _empty(rows: int, like: Looks) -> Looks:
    return Looks(
        np.zeros((rows, like.sums.shape[1]), np.float32),
        np.zeros((rows, 2)),
        np.zeros(rows, np.int32),
        np.zeros(rows, np.float32),
    )
