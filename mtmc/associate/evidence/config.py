"""How evidence is weighed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mtmc.errors import unknown_name
from mtmc.trackers.settings import check, setting

FLOOR_MEMORY = 1.0  # seconds after which another look at the floor counts as a new one
# Log odds that a tracker over all cameras is right: in favour of tracklets it took for one person,
# against those of two at one time.
FLOOR_TRACK = 6.0

Topology = dict[str, dict[str, tuple[float, float]]]


@dataclass(frozen=True)
class EvidenceConfig:
    """How appearance and floor positions are weighed.

    Args:
        max_distance: distance in looks up to which tracks of two cameras are rather one person
            than two; smaller is stricter. ``auto`` learns it from the footage, None takes what
            suits the embedder.
        same_camera: the same within one camera, where light and view do not change, as a share of
            ``max_distance``; what ``auto`` learns, it learns for both.
        camera_colours: with ``auto``, take out of the embeddings what sets the cameras apart, as
            far as people recognised in two of them show it.
        appearance_weight: log odds of equal looks; twice ``max_distance`` has the opposite. The
            fewer crops, the less it is.
        appearance_limit: appearance never speaks louder than this, log odds.
        floor_limit: so many looks at the floor count at most.
        passage: the time between two tracks never speaks louder than this, log odds: how long
            people take from camera to camera is learned; None lets it say nothing.
        topology: ``topology[a][b]`` the least and greatest time that people take from camera
            ``a`` to camera ``b``; the least is 0 where both see one place. Who is quicker is
            somebody else; online, so is who comes later after the last sighting. What is not given
            is learned.
    """

    max_distance: float | Literal["auto"] | None = setting("auto", gt=0, le=2, public=True)
    same_camera: float = setting(0.7, gt=0)
    camera_colours: bool = True
    appearance_weight: float = setting(12.0, gt=0)
    appearance_limit: float = setting(4.0, gt=0)
    floor_limit: float = setting(10.0, gt=0)
    passage: float | None = setting(3.0, gt=0)
    topology: Topology | None = setting(None, unit="s", public=True)  # noqa: RUF009 - it is None

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
        check(self)
        for before, others in (self.topology or {}).items():
            for after, (least, most) in others.items():
                if least > most:
                    raise ValueError(
                        f"topology.{before}.{after} must be the least and the greatest time, s"
                    )
