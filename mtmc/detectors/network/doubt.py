"""Whether a network that finds nobody is read the right way."""

from __future__ import annotations

import logging

import numpy as np

from mtmc.detectors.network.layouts import Candidates

log = logging.getLogger("mtmc")

MINUTE = 60.0  # s of footage after which an empty place is believed to be empty
SURE = 0.5  # score that claims a person
FRAMES = 10  # that claim people, of which no box is left


class Doubt:
    """Watches the first minute, until somebody is found.

    Args:
        weights: the file, for the warning.
    """

    def __init__(self, weights: str) -> None:
        self._weights = weights
        self._begin: float | None = None
        self._claims = 0
        self._over = False

    def look(self, time: float, seen: Candidates, found: int) -> None:
        """Compare what the scores of a frame claim with what came of it; warns once.

        Args:
            time: of the frame, s.
            seen: what the network says of people.
            found: people in the picture.
        """
        if self._over:
            return
        self._begin = time if self._begin is None else self._begin
        self._over = found > 0 or time - self._begin > MINUTE
        if found or len(seen.scores) == 0:
            return
        best = float(seen.scores.max())  # NaN where one is
        self._claims += not best < SURE
        if self._claims < FRAMES:
            return
        self._over = True
        if np.isnan(best):
            log.warning("%s: its scores are not numbers; nobody can be found", self._weights)
        else:
            log.warning(
                "%s: finds nobody although its scores for people reach %.2f; its output may be "
                "read the wrong way, see detector.layout and detector.person_class",
                self._weights, best,
            )  # fmt: skip
