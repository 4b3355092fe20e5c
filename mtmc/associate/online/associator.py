"""Association as the pictures come: what was said stays, what will be said may change."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mtmc.associate.cuts.by_looks import changes_by_looks
from mtmc.associate.cuts.by_people import changes_by_people
from mtmc.associate.cuts.change import Change, times_of
from mtmc.associate.cuts.config import CutsConfig
from mtmc.associate.decisions import Association
from mtmc.associate.evidence.appearance import Scale
from mtmc.associate.evidence.belief import belief
from mtmc.associate.evidence.scale import scale_of
from mtmc.associate.online.people import People, Person
from mtmc.associate.online.revision import name_groups, regroup
from mtmc.trackers.settings import setting
from mtmc.tracking.memory import Memory
from mtmc.tracking.messages import CameraStep, Decisions, Revision
from mtmc.tracking.tracklet import FloorPath, Tracklet, by_start
from mtmc.types import Ints, TrackKey

LEARN_EVERY = 2.0  # seconds between two looks at what distances mean
LEARN_FROM = 64  # tracklets at most
EXPIRE_EVERY = 10.0  # seconds between two looks at who is to be forgotten
REVISE_MEMORY = 60.0  # seconds for which a track that ended may turn out to be somebody else's
REVISED = 256  # tracks at most that are clustered at a time
REVISED_OFTEN = 256  # with more of them it is done less often
COMPARED = 1 << 19  # by the square of all tracks, those that are compared at a time
LATELY = 10.0  # seconds for which an ended track is still compared
ROUNDING = 1e-6  # seconds: differences of times are not exact


@dataclass(frozen=True)
class OnlineConfig(CutsConfig):
    """Settings of the online association, beside those of ``EvidenceConfig`` and ``CutsConfig``.

    Args:
        revise: seconds between two looks at all latest tracks together. New tracks are decided
            there, and others may go on as somebody else. With many people at a time, in between
            only new tracks and the people they could be are looked at.
        patience: seconds from a track's first sighting to the decision, at least.
        min_crops: a track with fewer crops waits on, up to ``max_patience``, as does one that was
            not taken for the same person twice running.
        max_patience: after so many seconds a track is decided whatever is known of it.
        memory: seconds for which somebody whom no camera sees is remembered. Who comes back later
            gets a new id; the longer, the more memory a run takes that goes on for days.
        floor_limit: less than offline: a few seconds of hidden feet must not outweigh all else.
    """

    revise: float = setting(0.5, gt=0, unit="s")
    patience: float = setting(1.0, ge=0, unit="s", public=True)
    min_crops: int = setting(3, ge=0)
    max_patience: float = setting(4.0, ge=0, unit="s", public=True)
    memory: float = setting(4 * 3600.0, ge=0, unit="s", public=True)
    floor_limit: float = setting(4.0, gt=0)

    def ready(self, tracklet: Tracklet, time: float) -> bool:
        """Whether enough was seen of a track, or long enough, to say who it is."""
        age = time - tracklet.start + ROUNDING
        enough = len(tracklet.gallery) >= self.min_crops
        return self.due(tracklet, time) or (enough and age >= self.patience)

    def due(self, tracklet: Tracklet, time: float) -> bool:
        """Whether it is to be said now, whatever is known."""
        return time - tracklet.start + ROUNDING >= self.max_patience


class OnlineAssociator:
    """Clusters the latest tracks of all cameras anew all the time, as the offline one does at last.

    A new track waits until enough was seen of it; then it gets the id of the person in whose group
    it is, or a new one. A person who has a track in a camera's view cannot get a second one there.

    Decisions made early, of little, are wrong now and then. What was said stays, but a track that
    is found to be somebody else's goes on as theirs, under another key; so two people in one id
    part, and two ids of one person unite, the id that was given out less being given up.
    """

    Config: ClassVar = OnlineConfig
    online: ClassVar = True

    def __init__(
        self, config: OnlineConfig, even_distance: float, cameras: Sequence[str] | None = None
    ) -> None:
        if cameras is not None:
            config.check_cameras(cameras)
        self._config = config
        self._max_distance = config.distance(even_distance)
        self._memory = Memory(keep=False)
        self._people = People()
        self._waiting: dict[Tracklet, Person | None] = {}  # whom each was last taken for
        self._scale = Scale.given(self._max_distance, config)
        self._recent: dict[Tracklet, None] = {}  # what the scale is learned from, in order
        self._learned = -math.inf  # when, s
        self._revise_at = self._all_at = self._expire_at = -math.inf  # s
        self._uncut: dict[Tracklet, int] = {}  # version of the gallery that was not to be cut
        self._compared: dict[Tracklet, None] = {}  # with everybody, longest ago first
        self._confidence: dict[TrackKey, float] = {}  # of what was decided now
        self._revising = False
        self._revised: list[Revision] = []  # since the last answer

    def revise(self) -> None:
        """See ``Revising``."""
        self._revising = True

    def know(self, people: Mapping[int, Sequence[Tracklet]], last: int) -> None:
        """See ``Associator``."""
        self._people.know(people, last)

    def relocate(self, path: Callable[[Tracklet], FloorPath]) -> None:
        """See ``Relocating``."""
        for tracklet in {*self._memory.open(), *self._people.members}:
            tracklet.path = path(tracklet)

    def update(self, time: float, steps: Sequence[CameraStep]) -> Decisions:
        """See ``Associator``."""
        visible = [tracklet for step in steps for tracklet in self._memory.take(step)]
        self._confidence = {}
        ids = self.look(time, visible)
        every = self._memory.open()
        return Decisions(
            ids,
            [t.key for t in every if t.renewed],
            [t.key for t in every if t.closed],
            *self._people.told(),
            self._confidence,
            self._revisions(),
        )

    def look(self, time: float, visible: Sequence[Tracklet]) -> dict[TrackKey, int]:
        """Decide by the tracklets of one time step, which are its own to mark.

        ``renewed`` are those that are somebody else's than was said and go on under another key,
        of which the id is given when that is seen; ``closed`` those that are not to go on.
        """
        # Whatever order the cameras come in, the answer is the same.
        visible = sorted(visible, key=by_start)
        renamed = self._refresh(visible, time)
        if time < self._revise_at - ROUNDING:
            return renamed
        self._cut()
        self._compare(time - LATELY)
        everybody = time >= self._all_at - ROUNDING
        decided, clustered = self._revise(time, visible, everybody)
        self._revise_at = time + self._config.revise
        if everybody:
            # The more there are, the more seldom: it takes the square of their number.
            seldom = max(1.0, (clustered / REVISED_OFTEN) ** 2)
            self._all_at = time + self._config.revise * seldom
        return {**renamed, **decided}

    def finish(self, tracklets: Sequence[Tracklet]) -> Association:
        """Decide the tracks that still wait; those that changed person were ended as they did."""
        del tracklets
        ids = self._revise(math.inf, (), everybody=True)[0]
        return Association(ids, revised=self._revisions())

    def shown(self) -> Iterator[Person]:
        """Everybody who was given out, and the tracks of theirs that may still matter."""
        return (person for person in self._people.all.values() if person.global_id is not None)

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
                self._waiting.setdefault(tracklet, None)
                continue
            self._people.count(tracklet)
            if tracklet.key != member.key:
                member.key = tracklet.key
                renamed[tracklet.key] = self._people.global_id(member.person)
                self._weigh(tracklet, member.person)
        # What a waiting track may have met must stay known until it is decided.
        horizon = min((t.start for t in self._waiting), default=math.inf)
        self._people.forget_moves(horizon)
        oldest = time - REVISE_MEMORY
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

    def _revise(
        self, time: float, visible: Sequence[Tracklet], everybody: bool
    ) -> tuple[dict[TrackKey, int], int]:
        """Cluster the latest tracks anew, with those that wait, of which some are decided.

        Where there are too many to do so every time, then in between only those that wait and
        those of people they could be.

        Returns:
            the ids of the decided; and how many tracks were clustered.
        """
        members = self._people.members
        ready = [t for t in self._waiting if self._config.ready(t, time)]
        if ready and time - self._learned >= LEARN_EVERY - ROUNDING:
            self._learned = time
            self._learn(visible)
        if everybody:
            # Looks of few crops mislead; a place on the floor does not.
            chosen = set(ready)
            waiting = [t for t in self._waiting if t.path.ticks or t in chosen]
            latest = sorted(members, key=lambda t: (not t.closed, t.end, t.key))[-REVISED:]
            known = {t for t in members if not t.closed}.union(latest)
        else:
            waiting = ready
            near = self._people.near(ready, self._scale, self._config)
            known = {track for person in near for track in person.tracks}
        people = {members[t].person for t in known} | self._people.alike(
            ready, self._scale, self._config
        )
        left = [(p, t) for p in sorted(people, key=lambda p: p.index) for t in p.left_looks()]
        tracklets = sorted([*known, *waiting], key=by_start)
        # What is left of people is from before all tracks.
        rows = [t for _, t in left] + tracklets
        owners = [p.index for p, _ in left] + [None] * len(tracklets)
        said = [{p.index: p.said} for p, _ in left]
        said += [members[t].said if t in members else {} for t in tracklets]
        undecided = np.array([t in self._waiting for t in rows], bool)
        if not rows:
            return {}, 0
        config = self._config
        groups = regroup(
            rows, owners, self._scale, config, config.overlap, undecided, self._last(rows)
        )
        named = name_groups(groups, said)
        whose = {group: self._people.all[index] for group, index in named.items()}
        self._adopt(rows, owners, groups.tolist(), whose)
        found = dict(zip(rows, groups.tolist(), strict=True))
        decided = self._decide(ready, found, whose, time)
        self._people.close_all_but_last()
        return decided, len(rows)

    def _last(self, tracklets: Sequence[Tracklet]) -> Ints:
        """The row of the last tracklet of each person."""
        last: dict[Person, int] = {}
        for row, tracklet in enumerate(tracklets):
            if member := self._people.members.get(tracklet):
                other = last.setdefault(member.person, row)
                if tracklet.end > tracklets[other].end:
                    last[member.person] = row
        return np.array(list(last.values()), np.int64)

    def _adopt(
        self,
        tracklets: Sequence[Tracklet],
        owners: Sequence[int | None],
        groups: Sequence[int],
        whose: dict[int, Person],
    ) -> None:
        """From now on, the groups are the people; ``whose`` gets those that are new."""
        for tracklet, owner, group in zip(tracklets, owners, groups, strict=True):
            if tracklet in self._waiting:
                continue
            if group not in whose:
                whose[group] = self._people.new()
            person = whose[group]
            if owner is None:
                if self._people.members[tracklet].person is not person:
                    self._people.move(tracklet, person)
                    self._tell(tracklet, person)
            elif owner != person.index:
                self._people.merge(person, self._people.all[owner])

    def _tell(self, tracklet: Tracklet, person: Person) -> None:
        """Say whose a track turned out to be, where that is asked for.

        Nobody gets an id for what ended before it had one.
        """
        if self._revising and not (tracklet.closed and person.global_id is None):
            first, last = tracklet.frames[0][0], tracklet.frames[-1][1]
            end = last if tracklet.closed else math.inf
            number = self._people.global_id(person)
            self._revised.append(Revision(tracklet.key, number, first, end))

    def _revisions(self) -> list[Revision]:
        """What is to be told now."""
        revised, self._revised = self._revised, []
        return revised

    def _decide(
        self,
        ready: Sequence[Tracklet],
        groups: Mapping[Tracklet, int],
        whose: dict[int, Person],
        time: float,
    ) -> dict[TrackKey, int]:
        """The ids of the tracks that were taken for one person twice running, or are due.

        Whoever is once called new stays so, while a late decision does little harm: only when
        nobody is known there is nobody to wait for.
        """
        decided = {}
        alone = not self._people.all
        for track in sorted(ready, key=by_start):
            group = groups[track]
            person = whose.get(group)
            if person and self._people.was_seen_beside(person, track):
                person = None
            before = self._waiting[track]
            self._waiting[track] = person
            clear = alone or (person is not None and person is before)
            if not clear and not self._config.due(track, time):
                continue
            if person is None:
                person = self._people.new()
                whose.setdefault(group, person)
            self._weigh(track, person)
            self._people.join(track, person)
            del self._waiting[track]
            decided[track.key] = self._people.global_id(person)
        return decided

    def _weigh(self, tracklet: Tracklet, person: Person) -> None:
        """Note how probable it is that a track is the person's, if anything else is."""
        others = [t for t in person.tracks if t is not tracklet] + person.left_looks()
        if (found := belief(tracklet, others, self._scale, self._config)) is not None:
            self._confidence[tracklet.key] = found

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
        least = self._config.split
        self._divide(changed, changes_by_looks(changed, self._scale, self._config, least))

    def _compare(self, since: float) -> None:
        """Divide the tracks seen since a time, s, that fit better as several of the people.

        Those come first with whom this was done longest ago.
        """
        members = self._people.members
        if self._config.change is None or not members:
            return
        located = {t for t in members if t.end >= since and t.path.ticks and t.person is None}
        new = sorted(located.difference(self._compared), key=by_start)
        turn = [*new, *(t for t in self._compared if t in located)]
        due = turn[: max(COMPARED // len(members) ** 2, 1)]
        self._compared = dict.fromkeys([*turn[len(due) :], *due])
        tracklets = sorted(members, key=by_start)
        people = np.array([members[t].person.index for t in tracklets], np.int64)
        people = np.unique(people, return_inverse=True)[1]
        chosen = set(due)
        rows = [row for row, t in enumerate(tracklets) if t in chosen]
        cost = self._config.change
        changes = changes_by_people(tracklets, people, self._scale, self._config, cost, rows)
        self._divide([tracklets[row] for row in rows], changes)

    def _divide(self, tracklets: Sequence[Tracklet], changes: Sequence[Change]) -> None:
        times = times_of(changes)
        for tracklet in tracklets:
            for time in times.get(tracklet.key, ()):
                self._people.divide(tracklet, time)
                self._uncut.pop(tracklet, None)
