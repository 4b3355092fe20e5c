"""Association as the pictures come: ids that are never revised."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mtmc.associate.evidence import (
    EvidenceConfig,
    Looks,
    Scale,
    appearance,
    floor_evidence,
    without_camera_colours,
)
from mtmc.associate.matching import FORBIDDEN, clearness, match_or_new
from mtmc.associate.thresholds import scale_of
from mtmc.associate.travel import Passage, TravelTimes
from mtmc.config import require
from mtmc.tracklets import Gallery, Tracklet
from mtmc.types import TrackKey

LEARN_EVERY = 2.0  # seconds between two looks at what distances mean
LEARN_FROM = 64  # tracklets at most
LOOK_EVERY = 0.5  # seconds between two looks at a track that is unclear


@dataclass(frozen=True)
class OnlineConfig(EvidenceConfig):
    """Settings of the online association, beside those of ``EvidenceConfig``.

    Args:
        patience: seconds from a track's first sighting to the decision, at least.
        min_crops: a track with fewer crops waits on,
        clear: as does one for which the best choice is not that much better than the next, log
            odds,
        max_patience: until so many seconds are over, when it is decided whatever is known of it.
        gallery_size: embeddings remembered of a person in each camera.
        topology: ``topology[a][b]`` the least and greatest time in s that people take from camera
            ``a`` to camera ``b``; the least is 0 where both see one place. What is not given is
            learned.
    """

    patience: float = 1.0
    min_crops: int = 3
    clear: float = 2.0
    max_patience: float = 4.0
    gallery_size: int = 32
    topology: dict[str, dict[str, tuple[float, float]]] | None = None

    def __post_init__(self) -> None:
        EvidenceConfig.__post_init__(self)
        for name in ("patience", "clear", "max_patience"):
            value = getattr(self, name)
            require(math.isfinite(value) and value >= 0, f"{name} must not be negative")
        require(self.min_crops >= 0, f"min_crops must not be negative, got {self.min_crops}")
        for before, others in (self.topology or {}).items():
            for after, (least, most) in others.items():
                require(
                    least <= most,
                    f"topology.{before}.{after} must be the least and the greatest time, s",
                )
        require(self.gallery_size >= 1, f"gallery_size must be positive, got {self.gallery_size}")


@dataclass(slots=True, eq=False)
class _Identity:
    """A person: what they looked like in each camera, and the tracks that may still matter."""

    number: int
    galleries: dict[str, Gallery] = field(default_factory=dict)
    open: list[Tracklet] = field(default_factory=list)
    left: tuple[float, str] = (-math.inf, "")  # last seen when, s, and where, of the other tracks

    def last_seen(self) -> tuple[float, str]:
        """When, s, and in which camera."""
        return max([(t.end, t.key.camera) for t in self.open], default=self.left)

    def looks(self) -> Iterator[tuple[str, Gallery]]:
        """Camera and gallery of every look at the person."""
        for tracklet in self.open:
            if len(tracklet.gallery):
                yield tracklet.key.camera, tracklet.gallery
        yield from self.galleries.items()


class OnlineAssociator:
    """Matches each camera's new tracks to the known people by Hungarian assignment.

    A track waits until enough was seen of it; then it joins the person for whom appearance and,
    with a calibration, the floor speak most, or opens a new one. A person who has a track in a
    camera's view cannot get a second one there.
    """

    Config: ClassVar = OnlineConfig
    online: ClassVar = True

    def __init__(self, config: OnlineConfig, max_distance: float) -> None:
        self._config = config
        self._max_distance = max_distance
        self._people: list[_Identity] = []
        self._waiting: dict[TrackKey, Tracklet] = {}
        self._decided: dict[TrackKey, _Identity] = {}
        self._scale = Scale.given(max_distance, config)
        self._recent: dict[TrackKey, Tracklet] = {}  # what the scale is learned from
        self._learned = -math.inf  # when, s
        self._travel = TravelTimes(config.topology)
        self._look_again: dict[TrackKey, float] = {}  # when, s, at tracks that are unclear

    def update(self, time: float, visible: Sequence[Tracklet]) -> Mapping[TrackKey, int]:
        """See ``Associator``."""
        self._refresh(visible)
        ready = [t for t in self._waiting.values() if self._is_ready(t, time)]
        if ready and time >= self._learned + LEARN_EVERY:
            self._learned = time
            self._learn(visible)
        return self._decide(ready, time)

    def cuts(self, tracklets: Sequence[Tracklet]) -> Mapping[TrackKey, Sequence[float]]:
        """None: what was said is not revised."""
        del tracklets
        return {}

    def finish(self, tracklets: Sequence[Tracklet]) -> Mapping[TrackKey, int]:
        """Decide the tracks that still wait."""
        del tracklets
        return self._decide(list(self._waiting.values()), math.inf)

    def _learn(self, visible: Sequence[Tracklet]) -> None:
        """Learn from the latest tracklets what distances mean."""
        for tracklet in visible:
            self._recent.pop(tracklet.key, None)
            self._recent[tracklet.key] = tracklet
        for key in list(self._recent)[:-LEARN_FROM]:
            del self._recent[key]
        self._scale = scale_of(list(self._recent.values()), self._max_distance, self._config)

    def _refresh(self, visible: Sequence[Tracklet]) -> None:
        for tracklet in visible:
            if tracklet.key not in self._decided:
                self._waiting[tracklet.key] = tracklet
        # What a waiting track may have met must stay known until it is decided.
        horizon = min((t.start for t in self._waiting.values()), default=np.inf)
        for person in self._people:
            for tracklet in [t for t in person.open if t.closed and t.end < horizon]:
                person.open.remove(tracklet)
                self._remember(person, tracklet)

    def _remember(self, person: _Identity, tracklet: Tracklet) -> None:
        camera = tracklet.key.camera
        person.left = max(person.left, (tracklet.end, camera))
        if len(tracklet.gallery):
            gallery = person.galleries.setdefault(camera, Gallery(self._config.gallery_size))
            gallery.extend(tracklet.gallery)

    def _is_ready(self, tracklet: Tracklet, time: float) -> bool:
        if time < self._look_again.get(tracklet.key, -math.inf):
            return False
        age = time - tracklet.start
        enough = len(tracklet.gallery) >= self._config.min_crops
        return age >= self._config.max_patience or (enough and age >= self._config.patience)

    def _decide(self, ready: Sequence[Tracklet], time: float) -> dict[TrackKey, int]:
        """Match camera by camera, so that one camera's new person is known to the next."""
        decisions: dict[TrackKey, int] = {}
        for camera in sorted({tracklet.key.camera for tracklet in ready}):
            tracks = [t for t in ready if t.key.camera == camera]
            for tracklet, person in self._match(tracks, time):
                for earlier in person.open:
                    # Should it be found again after all, then as somebody new.
                    earlier.closed |= earlier.key.camera == camera
                person.open.append(tracklet)
                self._decided[tracklet.key] = person
                del self._waiting[tracklet.key]
                self._look_again.pop(tracklet.key, None)
                decisions[tracklet.key] = person.number
        return decisions

    def _match(
        self, tracks: Sequence[Tracklet], time: float
    ) -> Iterator[tuple[Tracklet, _Identity]]:
        """The tracks for which it is clear, or high time, and who they are."""
        known = list(self._people)
        travel = self._passages(tracks, known)
        alike = self._odds(tracks, known)
        odds = alike + self._travel.odds(travel).reshape(alike.shape)
        for row, (column, margin) in enumerate(
            zip(match_or_new(odds), clearness(odds), strict=True)
        ):
            tracklet = tracks[row]
            last = time - tracklet.start >= self._config.max_patience
            # Whoever is once called new stays so, while a late decision does little harm.
            clear = margin >= self._config.clear and (column >= 0 or not known)
            if not (last or clear):
                self._look_again[tracklet.key] = time + LOOK_EVERY
                continue
            if column >= 0 and alike[row, column] >= self._config.clear:
                mine = travel[row * len(known) : (row + 1) * len(known)]
                self._travel.learn(mine[column], mine)
            yield tracklet, known[column] if column >= 0 else self._open()

    @staticmethod
    def _passages(tracks: Sequence[Tracklet], people: Sequence[_Identity]) -> list[Passage]:
        """From each person's last sighting to each track, track by track."""
        last = [person.last_seen() for person in people]
        return [(at, t.key.camera, t.start - time) for t in tracks for time, at in last]

    def _open(self) -> _Identity:
        person = _Identity(len(self._people) + 1)
        self._people.append(person)
        return person

    def _odds(
        self, tracks: Sequence[Tracklet], people: Sequence[_Identity]
    ) -> NDArray[np.floating]:
        """``(tracks, people)`` log odds, ``FORBIDDEN`` where both are seen at once."""
        odds = self._appearance(tracks, people) + self._floor(tracks, people)
        members = [(column, t) for column, person in enumerate(people) for t in person.open]
        for row, track in enumerate(tracks):
            for column, member in members:
                if track.meets(member):
                    odds[row, column] = FORBIDDEN
        return odds

    def _appearance(
        self, tracks: Sequence[Tracklet], people: Sequence[_Identity]
    ) -> NDArray[np.float64]:
        """Weighted mean over all looks at each person."""
        looks = [(column, *look) for column, person in enumerate(people) for look in person.looks()]
        total, weight = np.zeros((len(people), len(tracks))), np.zeros(len(people))
        if looks:
            columns, cameras, galleries = zip(*looks, strict=True)
            everybody = Looks.of_galleries(
                [*(t.gallery for t in tracks), *galleries],
                [*(t.key.camera for t in tracks), *cameras],
            )
            if self._config.camera_colours:
                everybody = without_camera_colours(everybody)
            new, known = everybody[: len(tracks)], everybody[len(tracks) :]
            odds = appearance(new, known, self._scale, self._config)
            np.add.at(total, list(columns), odds.T * known.weights[:, None])
            np.add.at(weight, list(columns), known.weights)
        return (total / np.maximum(weight, 1e-9)[:, None]).T

    def _floor(
        self, tracks: Sequence[Tracklet], people: Sequence[_Identity]
    ) -> NDArray[np.float64]:
        """Sum over the tracks of each person that have not ended."""
        total = np.zeros((len(people), len(tracks)))
        members = [(column, t) for column, person in enumerate(people) for t in person.open]
        if members:
            columns, tracklets = zip(*members, strict=True)
            odds = floor_evidence([*tracks, *tracklets], self._config)
            np.add.at(total, list(columns), odds[len(tracks) :, : len(tracks)])
        return total.T
