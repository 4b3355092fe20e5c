"""Between two sightings of somebody, when the second is known before the time between is told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from mtmc.tracking.rows import Rows
from mtmc.types import Frame


class Gaps:
    """Puts those of whom a camera loses sight for a moment on the way to where it sees them next.

    Args:
        longest: seconds between the two sightings, at most.
    """

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._last: dict[int, dict[int, np.void]] = defaultdict(dict)  # by camera and person

    def fill(self, seen: Rows, camera: int, frame: Frame, later: Iterable[Rows]) -> Rows:
        """The rows of those whom a camera does not see, but has seen and will see.

        Args:
            seen: rows of those whom it sees, as they are told.
            camera: its number.
            frame: the frame.
            later: rows of all cameras in each of the next steps, in order of time.
        """
        last = self._last[camera]
        for person in [p for p, row in last.items() if frame.time - row["time"] > self._longest]:
            del last[person]
        missing = set(last).difference(seen["person"].tolist())
        following = self._following(missing, camera, later)
        last.update((int(row["person"]), row.copy()) for row in seen if row["person"])
        way = [_between(last[person], row, frame) for person, row in following.items()]
        return np.array(way, seen.dtype)

    def _following(
        self, people: set[int], camera: int, later: Iterable[Rows]
    ) -> dict[int, np.void]:
        """The next sightings of some people that come soon enough."""
        last, found = self._last[camera], {}
        until = max((last[person]["time"] for person in people), default=0.0) + self._longest
        for rows in later:
            if len(rows) and (rows["time"][0] > until or not people):
                break
            for row in rows[(rows["camera"] == camera) & rows["detected"]]:
                person = int(row["person"])
                if person in people:
                    people.remove(person)
                    if row["time"] - last[person]["time"] <= self._longest:
                        found[person] = row
        return found


def _between(before: np.void, after: np.void, frame: Frame) -> np.void:
    """A row on the way from one sighting to the next."""
    row = before.copy()
    share = (frame.time - before["time"]) / (after["time"] - before["time"])
    for name in ("box", "floor"):
        row[name] = before[name] + share * (after[name] - before[name])
    row["score"] = min(before["score"], after["score"])
    row["frame"], row["time"] = frame.index, frame.time
    row["detected"], row["changed"] = False, np.nan
    return row
