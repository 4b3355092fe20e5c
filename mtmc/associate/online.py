"""Association as the pictures come: ids that are never revised."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from mtmc.associate.candidates import Candidates
from mtmc.associate.evidence import EvidenceConfig, Scale
from mtmc.associate.gallery import LookTable
from mtmc.associate.matching import clearness, match_or_new
from mtmc.associate.thresholds import scale_of
from mtmc.associate.travel import LIMIT, Passage, TravelTimes
from mtmc.config import require
from mtmc.tracklets import Gallery, Tracklet
from mtmc.types import TrackKey

LEARN_EVERY = 2.0  # seconds between two looks at what distances mean
LEARN_FROM = 64  # tracklets at most, and people
LOOK_EVERY = 0.5  # seconds between two looks at a track that is unclear
ROUNDING = 1e-6  # seconds: differences of times are not exact


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
        self._looks = LookTable()
        self._waiting: dict[TrackKey, Tracklet] = {}
        # The tracks that were decided and may still matter, and whose each is.
        self._open: dict[TrackKey, tuple[_Identity, Tracklet]] = {}
        self._versions: dict[TrackKey, int] = {}  # of the open tracks' galleries in the table
        self._scale = Scale.given(max_distance, config)
        self._recent: dict[TrackKey, Tracklet] = {}  # what the scale is learned from
        self._learned = -math.inf  # when, s
        self._travel = TravelTimes(config.topology)
        self._look_again: dict[TrackKey, float] = {}  # when, s, at tracks that are unclear

    def update(self, time: float, visible: Sequence[Tracklet]) -> Mapping[TrackKey, int]:
        """See ``Associator``."""
        # Whatever order the cameras come in, the answer is the same.
        visible = sorted(visible, key=_by_start)
        self._refresh(visible)
        ready = [t for t in self._waiting.values() if self._is_ready(t, time)]
        if ready and time - self._learned >= LEARN_EVERY - ROUNDING:
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
            if tracklet.key not in self._open:
                self._waiting[tracklet.key] = tracklet
        # What a waiting track may have met must stay known until it is decided.
        horizon = min((t.start for t in self._waiting.values()), default=math.inf)
        for person, tracklet in list(self._open.values()):
            if tracklet.closed and tracklet.end < horizon:
                self._remember(person, tracklet)

    def _remember(self, person: _Identity, tracklet: Tracklet) -> None:
        """What a track that has ended leaves behind."""
        key, camera = tracklet.key, tracklet.key.camera
        person.open = [t for t in person.open if t.key != key]
        self._open.pop(key, None)
        self._versions.pop(key, None)
        self._looks.remove(key)
        person.left = max(person.left, (tracklet.end, camera))
        if len(tracklet.gallery):
            gallery = person.galleries.setdefault(camera, Gallery(self._config.gallery_size))
            gallery.extend(tracklet.gallery)
            self._looks.put((person.number, camera), person.number - 1, camera, gallery)

    def _is_ready(self, tracklet: Tracklet, time: float) -> bool:
        if time < self._look_again.get(tracklet.key, -math.inf):
            return False
        age = time - tracklet.start + ROUNDING
        enough = len(tracklet.gallery) >= self._config.min_crops
        return age >= self._config.max_patience or (enough and age >= self._config.patience)

    def _decide(self, ready: Sequence[Tracklet], time: float) -> dict[TrackKey, int]:
        """Match camera by camera, so that one camera's new person is known to the next.

        The camera that saw somebody first comes first.
        """
        if not ready:
            return {}
        decisions: dict[TrackKey, int] = {}
        candidates = self._candidates(ready)
        for camera in dict.fromkeys(t.key.camera for t in sorted(ready, key=_by_start)):
            rows = [row for row, t in enumerate(ready) if t.key.camera == camera]
            for row, person in self._match(rows, candidates, time):
                tracklet = ready[row]
                for earlier in person.open:
                    # Should it be found again after all, then as somebody new.
                    earlier.closed |= earlier.key.camera == camera
                person.open.append(tracklet)
                candidates.join(row, person.number - 1)
                self._open[tracklet.key] = person, tracklet
                del self._waiting[tracklet.key]
                self._look_again.pop(tracklet.key, None)
                decisions[tracklet.key] = person.number
        return decisions

    def _candidates(self, ready: Sequence[Tracklet]) -> Candidates:
        for person, tracklet in self._open.values():
            gallery = tracklet.gallery
            if len(gallery) and self._versions.get(tracklet.key) != gallery.version:
                self._versions[tracklet.key] = gallery.version
                self._looks.put(tracklet.key, person.number - 1, tracklet.key.camera, gallery)
        members = [(person.number - 1, tracklet) for person, tracklet in self._open.values()]
        least = -LIMIT  # who may still be the one when travel time speaks for it
        return Candidates(ready, members, self._looks, self._scale, self._config, least)

    def _match(
        self, rows: Sequence[int], candidates: Candidates, time: float
    ) -> list[tuple[int, _Identity]]:
        """The tracks for which it is clear, or high time, and who they are."""
        numbers, alike, floor = candidates.odds(rows)
        people = [self._people[number] for number in numbers]
        tracks = [candidates.tracks[row] for row in rows]
        passages = _passages(tracks, people)
        odds = alike + self._travel.odds(passages).reshape(alike.shape)
        # Who speaks for nobody can be nobody's match.
        promising = np.flatnonzero((odds > 0).any(axis=0))
        matched = match_or_new(odds[:, promising])
        clear = clearness(odds) >= self._config.clear
        decided = []
        for position, (row, track) in enumerate(zip(rows, tracks, strict=True)):
            known = matched[position] >= 0
            column = promising[matched[position]] if known else -1
            # Where the floor speaks against it, time will tell: looks at the floor add up.
            # Whoever is once called new stays so, while a late decision does little harm.
            clear[position] &= floor[position, column] >= 0 if known else not self._people
            if not clear[position] and self._can_wait(track, time):
                self._look_again[track.key] = time + LOOK_EVERY - ROUNDING
                continue
            if known and alike[position, column] >= self._config.clear:
                self._learn_travel(track, people[column])
            decided.append((row, people[column] if known else self._new()))
        return decided

    def _can_wait(self, track: Tracklet, time: float) -> bool:
        return time - track.start + ROUNDING < self._config.max_patience

    def _learn_travel(self, track: Tracklet, person: _Identity) -> None:
        """Somebody was recognised, among the latest people it could have been."""
        others = [other for other in self._people[-LEARN_FROM:] if other is not person]
        passages = _passages([track], [person, *others])
        self._travel.learn(passages[0], passages)

    def _new(self) -> _Identity:
        person = _Identity(len(self._people) + 1)
        self._people.append(person)
        return person


def _by_start(tracklet: Tracklet) -> tuple[float, TrackKey]:
    return tracklet.start, tracklet.key


def _passages(tracks: Sequence[Tracklet], people: Sequence[_Identity]) -> list[Passage]:
    """From each person's last sighting to each track, track by track."""
    last = [person.last_seen() for person in people]
    return [(at, t.key.camera, t.start - time) for t in tracks for time, at in last]
