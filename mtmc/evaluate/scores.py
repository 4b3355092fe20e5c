"""All metrics of a scene, and their combination over scenes: counts first, ratios afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mtmc.evaluate.clear import Clear, clear
from mtmc.evaluate.hota import Hota, hota
from mtmc.evaluate.identity import Identity, identity

if TYPE_CHECKING:
    from mtmc.evaluate.scene import ScoredScene


@dataclass(frozen=True, slots=True)
class Scores:
    """CLEAR, Identity and HOTA of one or more scenes; ``a + b`` combines them.

    Args:
        clear: CLEAR MOT counts.
        identity: identity counts.
        hota: HOTA sums.
    """

    clear: Clear = field(default_factory=Clear)
    identity: Identity = field(default_factory=Identity)
    hota: Hota = field(default_factory=Hota)

    def __add__(self, other: Scores) -> Scores:
        return Scores(
            self.clear + other.clear, self.identity + other.identity, self.hota + other.hota
        )

    def ratios(self) -> dict[str, float]:
        """All ratios by name, as fractions."""
        return self.hota.ratios() | self.clear.ratios() | self.identity.ratios()

    def counts(self) -> dict[str, int]:
        """All counts by name."""
        clear, identity = self.clear, self.identity
        names = ("TP", "FN", "FP", "IDSW", "Frag", "MT", "PT", "ML", "frames")
        ids = ("IDTP", "IDFN", "IDFP")
        return {name: getattr(clear, name) for name in names} | {
            name: getattr(identity, name) for name in ids
        }


def score(scene: ScoredScene) -> Scores:
    """Score one scene at the usual IoU of 0.5 (HOTA: at 0.05 to 0.95)."""
    return Scores(clear(scene), identity(scene), hota(scene))
