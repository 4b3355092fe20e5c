"""When tracks are cut."""

from __future__ import annotations

from dataclasses import dataclass

from mtmc.associate.evidence.config import EvidenceConfig
from mtmc.trackers.settings import setting


@dataclass(frozen=True)
class CutsConfig(EvidenceConfig):
    """When tracks are cut, beside how evidence is weighed.

    Args:
        split: a track is cut where the looks before and after speak at least that much against
            one person, log odds; None cuts none.
        change: so many log odds speak against a track's changing person, where it is compared with
            everybody at every moment, given floor positions; None does not compare.
        overlap: two tracks that one camera shows at once for up to so long, and for less
            than half of the longer, may be one person's, and are cut there; None: never. Online,
            where what was shown stays, they are not cut.
    """

    split: float | None = setting(2.0, gt=0)
    change: float | None = setting(4.0, gt=0)
    overlap: float | None = setting(2.0, gt=0, unit="s")
