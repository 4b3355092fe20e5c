"""Ground truth of some frames only, such as every tenth: which ones are evaluated."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mtmc.evaluate.scene import Ints
    from mtmc.mot import MotRows

log = logging.getLogger("mtmc")

# People who are seen are seen for several frames on end. Where less than this share of the
# annotated frames has an annotated one beside it, those in between were not annotated.
_IN_A_ROW = 0.1
_ENOUGH = 3  # annotated frames to tell by


@dataclass(frozen=True, slots=True, eq=False)
class Annotated:
    """Which frames are annotated.

    Args:
        only: by camera, ``(K,) int64`` ascending; None for every frame.
        said: what was found out about them; empty where it was given, or they are all.
    """

    only: Mapping[str, Ints | None]
    said: str = ""

    @classmethod
    def find(
        cls, truths: Mapping[str, MotRows], frames: tuple[int, int], every: int | None = None
    ) -> Self:
        """Among the frames from the first to the last.

        Where all cameras together have ground truth only at a fixed distance, that is what is
        annotated. Else each camera by itself may have such a distance, or frames that stand alone.

        Args:
            truths: ground truth by camera.
            frames: the first frame and the last one.
            every: the distance, where it is known.
        """
        seen = {name: _between(rows, frames) for name, rows in truths.items()}
        together = np.unique(np.concatenate(list(seen.values())))
        if every is not None:
            start = int(together[0]) if len(together) else frames[0]
            steps = _every(every, start, frames)
            same: Ints | None = None if every == 1 else steps
            return cls(dict.fromkeys(truths, same))
        step = _distance(together)
        if step > 1:
            steps = _every(step, int(together[0]), frames)
            return cls(dict.fromkeys(truths, steps), f"one frame in {step}")
        only = {name: _alone(mine, frames) for name, mine in seen.items()}
        some = any(frames is not None for frames in only.values())
        return cls(only, "single frames" if some else "")

    def tell(self, where: str, results: Mapping[str, MotRows]) -> None:
        """Warn of what was found out, if results have anything in the frames left out."""
        if not self.said:
            return
        for name, only in self.only.items():
            rows = results[name]
            if only is None or not len(only):
                continue
            inside = (rows.frames >= only[0]) & (rows.frames <= only[-1])
            if not np.isin(rows.frames[inside], only).all():
                log.warning(
                    "%s: has ground truth of %s only (%d of %d); those between are not scored "
                    "(--every 1 scores them)",
                    where,
                    self.said,
                    len(only),
                    only[-1] - only[0] + 1,
                )
                return


def _between(rows: MotRows, frames: tuple[int, int]) -> Ints:
    """The frames of rows, each once, from the first to the last."""
    every = np.unique(rows.frames)
    return every[(every >= frames[0]) & (every <= frames[1])]


def _every(step: int, start: int, frames: tuple[int, int]) -> Ints:
    first, last = frames
    return np.arange(first + (start - first) % step, last + 1, step)


def _distance(seen: Ints) -> int:
    """The greatest distance at which all frames lie; 1 where there are too few to tell."""
    return int(np.gcd.reduce(np.diff(seen))) if len(seen) >= _ENOUGH else 1


def _alone(seen: Ints, frames: tuple[int, int]) -> Ints | None:
    """The annotated frames of a camera, None where that is every one."""
    step = _distance(seen)
    if step > 1:
        return _every(step, int(seen[0]), frames)
    if len(seen) < _ENOUGH:
        return None
    beside = np.diff(seen) == 1
    in_a_row = np.append(beside, False) | np.insert(beside, 0, False)
    return seen if in_a_row.mean() < _IN_A_ROW else None
