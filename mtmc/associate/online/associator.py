"""Association as the pictures come: what was said stays, what will be said may change."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mtmc.associate.cuts.by_looks import find_cuts
from mtmc.associate.cuts.by_people import changes_of
from mtmc.associate.cuts.parts import Cut
from mtmc.associate.evidence.appearance import Scale
from mtmc.associate.evidence.config import EvidenceConfig
from mtmc.associate.evidence.scale import scale_of
from mtmc.associate.evidence.travel import LIMIT, Passage, TravelTimes
from mtmc.associate.online.candidates import Candidates
from mtmc.associate.online.people import People, Person
from mtmc.associate.online.revision import name_groups, regroup
from mtmc.associate.solve.matching import clearness, match_or_new
from mtmc.config import require
from mtmc.tracking.tracklet import Tracklet
from mtmc.types import TrackKey

LEARN_EVERY = 2.0  # seconds between two looks at what distances mean
LEARN_FROM = 64  # tracklets at most, and people
EXPIRE_EVERY = 10.0  # seconds between two looks at who is to be forgotten
LOOK_EVERY = 0.5  # seconds between two looks at a track that is unclear
REVISED = 256  # tracks at most that are clustered at a time
REVISED_OFTEN = 256  # with more of them it is done less often
COMPARED = 1 << 19  # by the square of all tracks, those that are compared at a time
LATELY = 10.0  # seconds for which an ended track is still compared
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
        revise: seconds between two looks at all latest tracks together, after which a track may go
            on as somebody else; None for never.
        revise_memory: seconds for which an ended track is kept for that, the latest 256 at most.
        memory: seconds for which somebody whom no camera sees is remembered. Who comes back later
            gets a new id; the longer, the more memory a run takes that goes on for days.
        split: at such a look, a track is divided where its looks before and after some moment speak
            at least that much against one person, log odds; None for never.
        change: so many log odds speak against a track's changing person, where it is compared with
            everybody at every moment, given floor positions; None does not compare. The parts of a
            track that is divided may be two people, of whom the second goes on.
        overlap: two tracks that one camera showed at once for up to so many seconds, and for less
            than half of the longer, may be one person's; None: never.
        floor_limit: less than offline: a few seconds of hidden feet must not outweigh all else.
        gallery_size: embeddings remembered of a person in each camera.
    """

    patience: float = 1.0
    min_crops: int = 3
    clear: float = 2.0
    max_patience: float = 4.0
    revise: float | None = 0.5
    revise_memory: float = 60.0
    memory: float = 4 * 3600.0
    split: float | None = 2.0
    change: float | None = 4.0
    overlap: float | None = 1.0
    floor_limit: float = 4.0
    gallery_size: int = 32

    def __post_init__(self) -> None:
        EvidenceConfig.__post_init__(self)
        for name in ("patience", "clear", "max_patience", "revise_memory", "memory"):
            value = getattr(self, name)
            require(math.isfinite(value) and value >= 0, f"{name} must not be negative")
        for name in ("revise", "split", "change", "overlap"):
            value = getattr(self, name)
            require(value is None or value > 0, f"{name} must be above 0, got {value}")
        require(self.min_crops >= 0, f"min_crops must not be negative, got {self.min_crops}")
        require(self.gallery_size >= 1, f"gallery_size must be positive, got {self.gallery_size}")


class OnlineAssociator:
    """Matches each camera's new tracks to the known people by Hungarian assignment.

    A track waits until enough was seen of it; then it joins the person for whom appearance and,
    with a calibration, the floor speak most, or opens a new one. A person who has a track in a
    camera's view cannot get a second one there.

    Decisions made early, of little, are wrong now and then, and whoever comes later is compared
    with what they mixed up. Therefore the latest tracks are clustered anew all the time, as offline
    association does. What was said stays, but a track that is found to be somebody else's goes on
    as theirs, under another key; so two people in one id part, and two ids of one person unite, the
    id that was given out less being given up.
    """

    Config: ClassVar = OnlineConfig
    online: ClassVar = True

    def __init__(self, config: OnlineConfig, max_distance: float) -> None:
        self._config = config
        self._max_distance = max_distance
        self._people = People(config.gallery_size)
        self._waiting: dict[Tracklet, None] = {}  # in order
        self._scale = Scale.given(max_distance, config)
        self._recent: dict[Tracklet, None] = {}  # what the scale is learned from, in order
        self._learned = -math.inf  # when, s
        self._travel = TravelTimes(config.topology)
        self._look_again: dict[Tracklet, float] = {}  # when, s, at tracks that are unclear
        self._divide_at = self._revise_at = self._expire_at = -math.inf  # s
        self._uncut: dict[Tracklet, int] = {}  # version of the gallery that was not to be cut
        self._compared: dict[Tracklet, None] = {}  # with everybody, longest ago first

    def update(self, time: float, visible: Sequence[Tracklet]) -> Mapping[TrackKey, int]:
        """See ``Associator``."""
        # Whatever order the cameras come in, the answer is the same.
        visible = sorted(visible, key=_by_start)
        renamed = self._refresh(visible, time)
        ready = [t for t in self._waiting if self._is_ready(t, time)]
        if ready and time - self._learned >= LEARN_EVERY - ROUNDING:
            self._learned = time
            self._learn(visible)
        if self._config.revise is not None and time >= self._divide_at - ROUNDING:
            self._divide_at = time + self._config.revise
            self._cut()
            self._compare(time - LATELY)
            if time >= self._revise_at - ROUNDING:
                seldom = max(1.0, (self._revise() / REVISED_OFTEN) ** 2)
                self._revise_at = time + self._config.revise * seldom
        return {**renamed, **self._decide(ready, time)}

    def finish(
        self, tracklets: Sequence[Tracklet], cut: Cut | None = None
    ) -> Mapping[TrackKey, int]:
        """Decide the tracks that still wait; those that changed person were ended as they did."""
        del tracklets, cut
        return self._decide(list(self._waiting), math.inf)

    def _learn(self, visible: Sequence[Tracklet]) -> None:
        """Learn from the latest tracklets what distances mean."""
        for tracklet in visible:
            self._recent.pop(tracklet, None)
            self._recent[tracklet] = None
        for tracklet in list(self._recent)[:-LEARN_FROM]:
            del self._recent[tracklet]
        self._scale = scale_of(list(self._recent), self._max_distance, self._config)

    def _refresh(self, visible: Sequence[Tracklet], time: float) -> dict[TrackKey, int]:
        """Take in what is seen; returns the ids of the tracks that go on as somebody else."""
        renamed = {}
        for tracklet in visible:
            member = self._people.members.get(tracklet)
            if member is None:
                self._waiting[tracklet] = None
                continue
            self._people.count(tracklet)
            if tracklet.key != member.key:
                member.key = tracklet.key
                renamed[tracklet.key] = self._people.number(member.person)
        # What a waiting track may have met must stay known until it is decided.
        horizon = min((t.start for t in self._waiting), default=math.inf)
        self._people.forget_moves(horizon)
        oldest = math.inf if self._config.revise is None else time - self._config.revise_memory
        ended = [t for t in self._people.members if t.closed]
        late = sorted(ended, key=lambda t: (t.end, t.key))[-REVISED:]
        kept = {t for t in late if t.end >= oldest}
        self._people.forget([t for t in ended if t.end < horizon and t not in kept])
        for tracklet in [t for t in self._uncut if t.closed]:
            del self._uncut[tracklet]
        if time >= self._expire_at:
            self._expire_at = time + EXPIRE_EVERY
            self._people.expire(time - self._config.memory)
        return renamed

    def _is_ready(self, tracklet: Tracklet, time: float) -> bool:
        if time < self._look_again.get(tracklet, -math.inf):
            return False
        age = time - tracklet.start + ROUNDING
        enough = len(tracklet.gallery) >= self._config.min_crops
        return age >= self._config.max_patience or (enough and age >= self._config.patience)

    def _revise(self) -> int:
        """Cluster the latest tracks anew; returns how many these are."""
        members = self._people.members
        latest = sorted(members, key=lambda t: (not t.closed, t.end, t.key))[-REVISED:]
        tracklets = sorted({t for t in members if not t.closed}.union(latest), key=_by_start)
        people = {members[t].person for t in tracklets}
        left = [(p, t) for p in sorted(people, key=lambda p: p.index) for t in p.left_looks()]
        # What is left of people is from before all tracks.
        rows = [t for _, t in left] + tracklets
        owners = [p.index for p, _ in left] + [None] * len(tracklets)
        said = [{p.index: p.said} for p, _ in left] + [members[t].said for t in tracklets]
        if rows:
            groups = regroup(rows, owners, self._scale, self._config, self._config.overlap)
            self._adopt(rows, owners, groups.tolist(), name_groups(groups, said))
        return len(rows)

    def _adopt(
        self,
        tracklets: Sequence[Tracklet],
        owners: Sequence[int | None],
        groups: Sequence[int],
        names: Mapping[int, int],
    ) -> None:
        """From now on, the groups are the people."""
        people = {group: self._people.all[index] for group, index in names.items()}
        for tracklet, owner, group in zip(tracklets, owners, groups, strict=True):
            if group not in people:
                people[group] = self._people.new()
            person = people[group]
            if owner is None:
                if self._people.members[tracklet].person is not person:
                    self._people.move(tracklet, person)
            elif owner != person.index:
                self._people.merge(person, self._people.all[owner])
        self._people.close_all_but_last()

    def _cut(self) -> None:
        """Divide the tracks whose own looks say that they changed person, where they did."""
        if self._config.split is None:
            return
        changed = []
        for tracklet in self._people.members:
            version = tracklet.gallery.version
            if not tracklet.closed and self._uncut.get(tracklet) != version:
                self._uncut[tracklet] = version
                changed.append(tracklet)
        cuts = find_cuts(changed, self._scale, self._config, self._config.split)
        self._divide(changed, [cuts.get(t.key, ()) for t in changed])

    def _compare(self, since: float) -> None:
        """Divide the tracks seen since a time, s, that fit better as several of the people.

        Those come first with whom this was done longest ago.
        """
        members = self._people.members
        if self._config.change is None or not members:
            return
        located = {t for t in members if t.end >= since and t.path.ticks and t.person is None}
        new = sorted(located.difference(self._compared), key=_by_start)
        turn = [*new, *(t for t in self._compared if t in located)]
        due = turn[: max(COMPARED // len(members) ** 2, 1)]
        self._compared = dict.fromkeys([*turn[len(due) :], *due])
        tracklets = sorted(members, key=_by_start)
        people = np.array([members[t].person.index for t in tracklets], np.int64)
        people = np.unique(people, return_inverse=True)[1]
        chosen = set(due)
        rows = [row for row, t in enumerate(tracklets) if t in chosen]
        cost = self._config.change
        cuts = changes_of(rows, tracklets, people, self._scale, self._config, cost)
        self._divide([tracklets[row] for row in rows], cuts)

    def _divide(self, tracklets: Sequence[Tracklet], cuts: Sequence[Sequence[float]]) -> None:
        for tracklet, times in zip(tracklets, cuts, strict=True):
            for time in times:
                self._people.divide(tracklet, time)
                self._uncut.pop(tracklet, None)

    def _decide(self, ready: Sequence[Tracklet], time: float) -> dict[TrackKey, int]:
        """Match camera by camera, so that one camera's new person is known to the next.

        The camera that saw somebody first comes first.
        """
        if not ready:
            return {}
        decisions: dict[TrackKey, int] = {}
        self._people.update_looks()
        present, looks = self._people.present(), self._people.looks
        least = -LIMIT  # who may still be the one when travel time speaks for it
        candidates = Candidates(ready, present, looks, self._scale, self._config, least)
        for camera in dict.fromkeys(t.key.camera for t in sorted(ready, key=_by_start)):
            rows = [row for row, t in enumerate(ready) if t.key.camera == camera]
            for row, person in self._match(rows, candidates, time):
                tracklet = ready[row]
                for earlier in person.tracks:
                    # Should it be found again after all, then as somebody new.
                    earlier.closed |= earlier.key.camera == camera
                self._people.join(tracklet, person)
                candidates.join(row, person.index)
                del self._waiting[tracklet]
                self._look_again.pop(tracklet, None)
                decisions[tracklet.key] = self._people.number(person)
        return decisions

    def _match(
        self, rows: Sequence[int], candidates: Candidates, time: float
    ) -> list[tuple[int, Person]]:
        """The tracks for which it is clear, or high time, who they are."""
        numbers, alike, floor = candidates.odds(rows)
        people = [self._people.all[number] for number in numbers]
        tracks = [candidates.tracks[row] for row in rows]
        passages = _passages(tracks, people)
        travel = self._travel.odds(passages).reshape(alike.shape)
        odds = alike + travel
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
            clear[position] &= floor[position, column] >= 0 if known else not self._people.all
            if not clear[position] and self._can_wait(track, time):
                self._look_again[track] = time + LOOK_EVERY - ROUNDING
                continue
            if known and alike[position, column] >= self._config.clear:
                self._learn_travel(track, people[column])
            decided.append((row, people[column] if known else self._people.new()))
        return decided

    def _can_wait(self, track: Tracklet, time: float) -> bool:
        return time - track.start + ROUNDING < self._config.max_patience

    def _learn_travel(self, track: Tracklet, person: Person) -> None:
        """Somebody was recognised, among the latest people it could have been."""
        latest = itertools.islice(reversed(self._people.all.values()), LEARN_FROM)
        others = [p for p in latest if p is not person and p.is_known()]
        passages = _passages([track], [person, *others])
        self._travel.learn(passages[0], passages)


def _by_start(tracklet: Tracklet) -> tuple[float, TrackKey]:
    return tracklet.start, tracklet.key


def _passages(tracks: Sequence[Tracklet], people: Sequence[Person]) -> list[Passage]:
    """From each person's last sighting to each track, track by track."""
    last = [person.last_seen() for person in people]
    return [(at, t.key.camera, t.start - time) for t in tracks for time, at in last]
