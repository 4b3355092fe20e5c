"""The people an online association knows, and the tracks of theirs that may still matter."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from mtmc.associate.cuts.parts import parts
from mtmc.associate.evidence.appearance import Scale, appearance, looks_of
from mtmc.associate.evidence.config import EvidenceConfig
from mtmc.associate.evidence.floor import floor_evidence
from mtmc.associate.online.look_table import MOST_ALIKE, LookTable
from mtmc.tracking.gallery import Gallery
from mtmc.tracking.tracklet import Mark, Tracklet
from mtmc.types import TrackKey

KNOWN = 1 << 40  # sightings that somebody known from before counts as
GALLERY_SIZE = 32  # embeddings remembered of a person in each camera


@dataclass(slots=True, eq=False)
class Person:
    """What somebody looked like in each camera, and the tracks that may still matter.

    Args:
        index: counts all people.
        global_id: the id of the results; None until it is first given to a track that is shown.
        galleries: looks by camera, of tracks that are no longer remembered.
        tracks: those that are.
        left: when, s, the others were last seen.
        said: sightings of the others that were given out as this person's.
        marks: of somebody known from before the run.
    """

    index: int
    global_id: int | None = None
    galleries: dict[str, Gallery] = field(default_factory=dict)
    tracks: list[Tracklet] = field(default_factory=list)
    left: float = -math.inf
    said: int = 0
    marks: tuple[Mark, ...] = ()

    def left_looks(self) -> list[Tracklet]:
        """What is left of the other tracks, as one that ended long ago in each camera."""
        return [
            Tracklet(
                *(TrackKey(camera, -1 - self.index), -math.inf, -math.inf),
                gallery=looks,
                closed=True,
                marks=self.marks,
            )
            for camera, looks in sorted(self.galleries.items())
        ]


@dataclass(slots=True, eq=False)
class Member:
    """Whose a track is, and what was said of it.

    Args:
        person: who it is.
        key: under which that was last said.
        said: sightings that were given out as each person's, by index.
        counted: sightings that are in ``said``.
    """

    person: Person
    key: TrackKey
    said: Counter[int] = field(default_factory=Counter)
    counted: int = 0


class People:
    """Everybody, and the looks at them.

    Args:
        gallery_size: embeddings remembered of a person in each camera.
    """

    def __init__(self, gallery_size: int = GALLERY_SIZE) -> None:
        self.all: dict[int, Person] = {}  # by index, those that may still matter
        self.looks = LookTable()  # of tracks that are no longer remembered
        self.members: dict[Tracklet, Member] = {}
        # Tracks as they were when they moved from the person they had been given out as.
        self._before: list[tuple[Person, Tracklet]] = []
        self._gallery_size = gallery_size
        self._count = self._numbers = 0
        # What is to be told: whose sightings went to whom, and ids that are never given again.
        self._moved: dict[Person, Counter[Person]] = defaultdict(Counter)
        self._closed: list[int] = []

    def new(self) -> Person:
        """Somebody unknown so far."""
        person = self.all[self._count] = Person(self._count)
        self._count += 1
        return person

    def know(self, people: Mapping[int, Sequence[Tracklet]], last: int) -> None:
        """Who is known from before the run, under which ids, and the greatest one given so far."""
        self._numbers = last
        for number, tracklets in people.items():
            person = self.new()
            # Nobody else's id is ever worth more, and they are never let go of.
            person.global_id, person.said, person.left = number, KNOWN, math.inf
            for tracklet in tracklets:
                person.marks = tracklet.marks
                self._remember(person, tracklet.key.camera, tracklet.gallery)

    def global_id(self, person: Person) -> int:
        """The person's global id, to be given out now."""
        if person.global_id is None:
            self._numbers += 1
            person.global_id = self._numbers
        return person.global_id

    def join(self, tracklet: Tracklet, person: Person) -> None:
        """A track is that person's, all of it."""
        self.members[tracklet] = Member(person, tracklet.key)
        person.tracks.append(tracklet)
        self.count(tracklet)

    def count(self, tracklet: Tracklet) -> None:
        """Note under whose id the sightings since the last time were given out."""
        member = self.members[tracklet]
        member.said[member.person.index] += tracklet.hits - member.counted
        member.counted = tracklet.hits

    def move(self, tracklet: Tracklet, person: Person) -> None:
        """A track is somebody else's than was said; if it goes on, then under another key.

        What it was is kept, lest somebody else be given out as the former person at that time.
        """
        member = self.members[tracklet]
        if not tracklet.renewed:
            said = Tracklet(tracklet.key, tracklet.start, tracklet.end, closed=True)
            said.frames = [list(run) for run in tracklet.frames]
            said.times = [list(run) for run in tracklet.times]
            self._before.append((member.person, said))
        tracklet.renewed = not tracklet.closed
        member.person.tracks.remove(tracklet)
        self._moved[member.person][person] += tracklet.hits
        member.person = person
        person.tracks.append(tracklet)

    def divide(self, tracklet: Tracklet, time: float) -> None:
        """Before that time, s, a track may have been somebody else than after.

        Both parts are whom it was taken for, until they are found to be two people.
        """
        both = parts(tracklet, [time])
        if len(both) == 1:
            return
        head, tail = both
        head.closed = True
        head.gallery.settle()
        tracklet.keep(tail)
        member = self.members[tracklet]
        share = head.hits / (head.hits + tracklet.hits)
        said = Counter({person: round(share * count) for person, count in member.said.items()})
        self.members[head] = Member(member.person, head.key, said, head.hits)
        member.said, member.counted = member.said - said, tracklet.hits
        member.person.tracks.append(head)

    def merge(self, person: Person, other: Person) -> None:
        """Give what is left of ``other``'s forgotten tracks to ``person``."""
        self._moved[other][person] += other.said
        person.left, person.said = max(person.left, other.left), person.said + other.said
        for camera, gallery in other.galleries.items():
            self.looks.remove((other.index, camera))
            self._remember(person, camera, gallery)
        other.galleries, other.said, other.left = {}, 0, -math.inf

    def forget(self, tracklets: Iterable[Tracklet]) -> None:
        """Tracks that have ended leave but their looks behind."""
        for tracklet in tracklets:
            member = self.members.pop(tracklet)
            person, camera = member.person, tracklet.key.camera
            person.tracks.remove(tracklet)
            person.left = max(person.left, tracklet.end)
            person.said += member.said[person.index]
            if len(tracklet.gallery):
                self._remember(person, camera, tracklet.gallery)

    def expire(self, before: float) -> None:
        """Let go of everybody last seen before that time, s; who comes back is somebody new.

        So are those of whom nothing is left, since they turned out to be others.
        """
        members = self.members.values()
        named = {index for m in members for index in m.said} | {p.index for p, _ in self._before}
        for person in [p for p in self.all.values() if not p.tracks and p.left < before]:
            for camera in person.galleries:
                self.looks.remove((person.index, camera))
            person.galleries = {}
            if person.index not in named:
                del self.all[person.index]
                if person.global_id is not None:
                    self._closed.append(person.global_id)

    def told(self) -> tuple[dict[int, int], list[int]]:
        """What happened to ids since the last time: see ``Decisions.merged`` and ``closed``.

        Somebody of whom nothing is left is the one who got most of it.
        """
        merged = {}
        for person, others in self._moved.items():
            most = max(others, key=lambda other: (others[other], -other.index))
            if not person.tracks and person.left == -math.inf and person.global_id is not None:
                merged[person.global_id] = most.global_id
        closed, self._closed = self._closed, []
        self._moved.clear()
        return {old: new for old, new in merged.items() if new is not None}, closed

    def forget_moves(self, before: float) -> None:
        """No track matters any more that began before that time, s, and has no person yet."""
        self._before = [(person, track) for person, track in self._before if track.end >= before]

    def close_all_but_last(self) -> None:
        """Of two tracks of one person and camera, the one lost before is not to be found again."""
        for person in {member.person for member in self.members.values()}:
            going_on = defaultdict(list)
            for tracklet in person.tracks:
                if not tracklet.closed:
                    going_on[tracklet.key.camera].append(tracklet)
            for tracklets in going_on.values():
                last = max(tracklets, key=lambda t: (t.end, t.start, t.key))
                for tracklet in tracklets:
                    tracklet.closed |= tracklet is not last

    def alike(
        self, tracklets: Sequence[Tracklet], scale: Scale, config: EvidenceConfig
    ) -> set[Person]:
        """Those of whose forgotten tracks one looks like one of the tracklets."""
        looks = looks_of(tracklets, scale)
        return {self.all[index] for index in self.looks.alike(looks, scale, config).tolist()}

    def near(
        self, tracklets: Sequence[Tracklet], scale: Scale, config: EvidenceConfig
    ) -> set[Person]:
        """Those one of whose tracks looks like one of the tracklets, or is at the same place."""
        if not tracklets or not self.members:
            return set()
        known = list(self.members)
        odds = appearance(looks_of(tracklets, scale), looks_of(known, scale), scale, config)
        few = np.argsort(-odds, axis=1)[:, :MOST_ALIKE]
        alike = few[np.take_along_axis(odds, few, axis=1) > 0]
        floor = floor_evidence(tracklets, known, config).tocoo()
        there = floor.coords[1][floor.data > 0]
        return {self.members[known[row]].person for row in {*alike.tolist(), *there.tolist()}}

    def was_seen_beside(self, person: Person, tracklet: Tracklet) -> bool:
        """Whether a frame that shows a track shows what was given out as that person, too."""
        before = [track for former, track in self._before if former is person]
        return any(tracklet.meets(track) for track in (*person.tracks, *before))

    def _remember(self, person: Person, camera: str, gallery: Gallery) -> None:
        known = person.galleries.setdefault(camera, Gallery(self._gallery_size))
        known.extend(gallery)
        self.looks.put((person.index, camera), person.index, camera, known)
