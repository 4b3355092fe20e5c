"""Who looks like somebody: people and tracks of a run, by the probability of being the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from mtmc import reid
from mtmc.associate.evidence.appearance import appearance, looks_of
from mtmc.associate.evidence.belief import probability
from mtmc.associate.evidence.constraints import conflicts
from mtmc.associate.evidence.looks import Looks
from mtmc.associate.evidence.scale import scale_of
from mtmc.errors import UserError
from mtmc.reid import Embedder
from mtmc.results import Results, layout
from mtmc.results.crops import Crop
from mtmc.trackers.offline import NOBODY
from mtmc.tracking.gallery import Gallery
from mtmc.tracking.tracklet import Tracklet
from mtmc.types import Doubles, Floats, Image, Ints, TrackKey
from mtmc.viewer.likeness import evidence_of

SAMPLES = 8  # pictures of a run by which its network is known again,
LIKE = 0.9  # and the cosine similarity they have to have, for JPEG and size change them a little
NOWHERE = ""  # the camera of a picture that comes from outside


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for.

    Args:
        camera: only tracks of this one; None for all.
        start: only tracks that were seen from then on, s,
        end: and until then, s.
    """

    camera: str | None = None
    start: float | None = None
    end: float | None = None

    def takes(self, tracklet: Tracklet) -> bool:
        """Whether a track is among them."""
        return (
            self.camera in (None, tracklet.key.camera)
            and (self.start is None or tracklet.end >= self.start)
            and (self.end is None or tracklet.start <= self.end)
        )


@dataclass(frozen=True, slots=True)
class Alike:
    """A person, or one of their tracks, and how likely it is who was asked for.

    Args:
        person: global id.
        probability: 0..1, by looks alone, of tracks as many of which are the same as not.
        together: whether one frame of one camera shows both.
        tracks: of a person, those that were asked for, the most alike first.
        key: of a track.
        start: when it was first seen, s.
        end: when it was last seen, s.
        frame: its first one.
    """

    person: int
    probability: float
    together: bool
    tracks: Sequence[Alike] = ()
    key: TrackKey | None = None
    start: float = 0.0
    end: float = 0.0
    frame: int = 0

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        about: dict[str, Any] = {
            "person": self.person,
            "probability": round(self.probability, 4),
            "together": self.together,
        }
        if self.key is None:
            return {**about, "tracks": [track.plain() for track in self.tracks]}
        place = {"camera": self.key.camera, "track": self.key.track_id, "frame": self.frame}
        return {**about, **place, "start": self.start, "end": self.end}


class Finder:
    """Finds who looks alike in a run, with the evidence that its association weighs.

    Args:
        results: of the run.

    Raises:
        UserError: it has no looks.
    """

    def __init__(self, results: Results) -> None:
        looks = results.looks
        self._known = [t for t in looks.tracklets if t.key in results.owners]
        self.name(results.owners)
        self._config = evidence_of(results)
        self._scale = scale_of(self._known, looks.even_distance, self._config)
        self._looks = looks_of(self._known, self._scale)
        self._meets = conflicts(self._known)

    def name(self, owners: Mapping[TrackKey, int]) -> None:
        """Say anew whose each track is; those of nobody are not found."""
        people = [owners.get(tracklet.key, NOBODY) for tracklet in self._known]
        self._people = np.array(people, np.int64)

    def like_track(self, key: TrackKey, wanted: Wanted = Wanted()) -> list[Alike]:
        """Who looks like a track.

        Raises:
            UserError: it has no looks.
        """
        rows = [row for row, tracklet in enumerate(self._known) if tracklet.key == key]
        return self._like(np.array(rows, np.int64), f"track {key.track_id} of {key.camera}", wanted)

    def like_person(self, person: int, wanted: Wanted = Wanted()) -> list[Alike]:
        """Who looks like a person, by all tracks of theirs.

        Raises:
            UserError: they have no looks.
        """
        rows = np.flatnonzero(self._people == person)
        return self._like(rows, f"person {person}", wanted)

    def like_embedding(self, embedding: Floats, wanted: Wanted = Wanted()) -> list[Alike]:
        """Who looks like a picture that the run's network has embedded, ``(D,)``."""
        gallery = Gallery()
        gallery.add(embedding, 1.0)
        looks = self._scale.adapted(Looks.of_galleries([gallery], [NOWHERE]))
        return self._ranked(looks, np.zeros(len(self._known), bool), (), wanted)

    def _like(self, rows: Ints, name: str, wanted: Wanted) -> list[Alike]:
        if not len(rows):
            raise UserError(f"{name}: no crop of it was good enough to be embedded")
        met = np.asarray(self._meets[rows].sum(axis=0)).reshape(-1) > 0
        return self._ranked(self._looks[rows], met, rows.tolist(), wanted)

    def _ranked(
        self, looks: Looks, met: np.ndarray, without: Iterable[int], wanted: Wanted
    ) -> list[Alike]:
        """People by how likely they are those of ``looks``, each with their tracks."""
        odds = appearance(looks, self._looks, self._scale, self._config).astype(np.float64)
        # As between two groups of tracks: a mean, for it is the same clothes again.
        odds = looks.weights @ odds / max(float(looks.weights.sum()), 1e-9)
        out = set(without)
        rows: dict[int, list[int]] = defaultdict(list)
        for row, tracklet in enumerate(self._known):
            person = int(self._people[row])
            seen = person != NOBODY and self._looks.weights[row] > 0
            if seen and row not in out and wanted.takes(tracklet):
                rows[person].append(row)
        found = [self._person(person, mine, odds, met) for person, mine in rows.items()]
        return sorted(found, key=lambda one: (one.together, -one.probability, one.person))

    def _person(self, person: int, rows: list[int], odds: Doubles, met: np.ndarray) -> Alike:
        weights = self._looks.weights[rows]
        mean = float(weights @ odds[rows] / weights.sum())
        tracks = [self._track(row, float(odds[row]), bool(met[row])) for row in rows]
        tracks.sort(key=lambda track: -track.probability)
        return Alike(person, probability(mean), bool(met[rows].any()), tracks)

    def _track(self, row: int, odds: float, met: bool) -> Alike:
        track = self._known[row]
        person, frame = int(self._people[row]), track.frames[0][0] if track.frames else 0
        chance = probability(odds)
        return Alike(person, chance, met, (), track.key, track.start, track.end, frame)


def embedder_of(results: Results, model: str | None = None) -> Embedder:
    """The network that has embedded a run's crops.

    Args:
        results: of the run.
        model: where it is; None for where the run had it.

    Raises:
        UserError: it is not there, or is another one.
    """
    name = str(results.record.get("reid", "none"))
    if name == "none":
        raise UserError(f"{results.folder}: nobody was embedded (--reid none); run it with --reid")
    section = results.record.get("about", {}).get("reid", {})
    if model is None and "weights" not in section:
        raise UserError(f"{results.folder}: was embedded by {name}; say where it is with --model")
    weights = model or str(section["weights"])
    try:
        embedder = reid.load(weights)
    except reid.ReidError as error:
        hint = "" if model else " (--model FILE says where the network of the run is now)"
        raise UserError(f"{error}{hint}") from error
    if not _same_network(results, embedder, name):
        raise UserError(
            f"--model {weights}: embeds the run's own pictures as something else; expected the "
            f"network of the run, {name}"
        )
    return embedder


def _same_network(results: Results, embedder: Embedder, name: str) -> bool:
    """Whether a network says of the run's pictures what was said of them."""
    crops = [] if results.anonymised else _samples(results)
    if not crops:  # of a run without pictures of what was embedded
        return embedder.name == name
    if len(crops[0].embedding) != embedder.dim:
        return False
    found = embedder.embed([crop.image for crop in crops])
    said = np.stack([crop.embedding for crop in crops])
    return float(np.median((found * said).sum(axis=1))) >= LIKE


def _samples(results: Results) -> list[Crop]:
    """Some pictures with what the run's network said of them."""
    if not (results.folder / layout.CROPS).is_file():
        return []
    known = (crop for crop in results.crops if crop.jpeg and len(crop.embedding))
    return list(islice(known, SAMPLES))


def embedded(embedder: Embedder, image: Image) -> Floats:
    """``(D,)`` what a network says of one picture of a person, ``(H, W, 3) uint8`` BGR."""
    return np.asarray(embedder.embed([image])[0], np.float32)
