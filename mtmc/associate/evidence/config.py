"""How evidence is weighed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mtmc.config import require
from mtmc.errors import unknown_name


@dataclass(frozen=True)
class EvidenceConfig:
    """How appearance and floor positions are weighed.

    Args:
        max_distance: distance between the looks of two tracklets of different cameras, see
            ``Looks.directions``, up to which they are more likely one person than two. ``auto``
            learns it from the footage, see ``learn_scale``; None takes the one that suits
            the embedder.
        same_camera: the same within one camera, where light and view do not change, as a share of
            ``max_distance``; what ``auto`` learns, it learns for both.
        camera_colours: with ``auto``, take out of the embeddings what sets the cameras apart, as
            far as people recognised in two of them show it.
        appearance_weight: log odds of equal looks; twice ``max_distance`` has the opposite. The
            fewer crops, the less it is.
        appearance_limit: appearance never speaks louder than this, log odds.
        floor_memory: seconds after which another look at the floor counts as a new one.
        floor_limit: so many looks at the floor count at most.
        floor_track: log odds that a tracker over all cameras is right: in favour of tracklets it
            took for one person, against those of two at one time.
        passage: the time between two tracks never speaks louder than this, log odds: how long
            people take from camera to camera is learned; None lets it say nothing.
        topology: ``topology[a][b]`` the least and greatest time in s that people take from camera
            ``a`` to camera ``b``; the least is 0 where both see one place. Who is quicker is
            somebody else; online, so is who comes later after the last sighting. What is not given
            is learned.
    """

    max_distance: float | Literal["auto"] | None = "auto"
    same_camera: float = 0.7
    camera_colours: bool = True
    appearance_weight: float = 12.0
    appearance_limit: float = 4.0
    floor_memory: float = 1.0
    floor_limit: float = 10.0
    floor_track: float = 6.0
    passage: float | None = 3.0
    topology: dict[str, dict[str, tuple[float, float]]] | None = None

    def distance(self, even: float) -> float:
        """``max_distance``, or where that is no number what suits the embedder."""
        given = self.max_distance
        return even if given is None or given == "auto" else given

    def check_cameras(self, names: Sequence[str]) -> None:
        """Refuse a topology of other cameras.

        Raises:
            ValueError: so it is.
        """
        for before, others in (self.topology or {}).items():
            for name in (before, *others):
                if name not in names:
                    raise ValueError(str(unknown_name("camera of topology", name, names)))

    def __post_init__(self) -> None:
        if self.max_distance is not None and self.max_distance != "auto":
            require(0 < self.max_distance <= 2, "max_distance must be in 0..2, or auto")
        for name in (
            "same_camera",
            "appearance_weight",
            "appearance_limit",
            "floor_memory",
            "floor_limit",
            "floor_track",
        ):
            value = getattr(self, name)
            require(math.isfinite(value) and value > 0, f"{name} must be above 0, got {value}")
        require(self.passage is None or self.passage > 0, "passage must be above 0, or null")
        for before, others in (self.topology or {}).items():
            for after, (least, most) in others.items():
                require(
                    least <= most,
                    f"topology.{before}.{after} must be the least and the greatest time, s",
                )
