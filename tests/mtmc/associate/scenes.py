"""Tracklets of invented people."""

from itertools import count

import numpy as np

from mtmc.associate.offline import OfflineAssociator, OfflineConfig
from mtmc.tracking.tracklet import Tracklet
from mtmc.types import TrackKey

FPS = 10
LOST_AFTER = 2.0  # seconds


def make_tracklet(camera, track, times, look=None, floor=None):
    """A tracklet seen at ``times`` s, with crops of ``look`` and positions ``floor``."""
    start = float(times[0]) if len(times) else 0.0
    tracklet = Tracklet(TrackKey(camera, track), start, start)
    for position, time in enumerate(times):
        tracklet.see(round(time * FPS) + 1, float(time))
        if floor is not None:
            tracklet.path.add(float(time) + 1e-6, np.asarray(floor[position]), 0.05 * np.eye(2))
    if look is not None:
        for row in np.atleast_2d(look):
            tracklet.gallery.add(row / np.linalg.norm(row), 0.9)
    return tracklet


def crowd(seed, people=6, cameras=3, visits=3, noise=0.15, dim=32, walk=False):
    """Random people who visit each camera several times; returns tracklets and who they are.

    Embeddings scatter around each person's own; with ``walk``, people also have a floor path.
    """
    random = np.random.default_rng(seed)
    looks = random.normal(size=(people, dim))
    looks /= np.linalg.norm(looks, axis=1, keepdims=True)
    tracklets, truth = [], {}
    for camera in range(cameras):
        track = 0
        for person in range(people):
            start = random.uniform(0, 5)
            for _ in range(visits):
                length = random.uniform(3, 10)
                times = np.arange(round(start * FPS), round((start + length) * FPS)) / FPS
                crops = looks[person] + noise * random.normal(size=(4, dim))
                path = None
                if walk:
                    path = 4 * np.column_stack(
                        [np.cos(times / 3 + person), np.sin(times / 2 + 2 * person)]
                    ) + 0.1 * random.normal(size=(len(times), 2))
                track += 1
                tracklet = make_tracklet(f"c{camera}", track, times, crops, path)
                tracklets.append(tracklet)
                truth[tracklet.key] = person
                start += length + random.uniform(1, 20)
    return tracklets, truth


def whole(tracklets, distance, **options):
    """The ids that offline association gives tracks it is not to cut."""
    config = OfflineConfig(split=None, change=None, overlap=None, **options)
    return dict(OfflineAssociator(config, distance).finish(tracklets).ids)


def same_partition(ids, truth):
    """Whether two labelings group the same keys."""
    pairs = {(ids[key], truth[key]) for key in truth}
    return len(pairs) == len(set(ids.values())) == len({truth[key] for key in ids})


def replay(associator, tracklets, step=0.1):
    """Show tracklets to an online associator as time goes by; returns the last id of each."""
    said = replay_said(associator, tracklets, step)
    return {key: number for (key, _), number in sorted(said.items(), key=lambda item: item[0])}


def replay_said(associator, tracklets, step=0.1):
    """The same; returns the id of every sighting, by the tracklet's key and the frame.

    A tracklet that is to go on under another key does so, as ``CameraTracking`` has it; one that
    was ended is not seen again.
    """
    ids, shown, sightings = {}, {}, {}
    new_names = count(1000)
    end = max(t.end for t in tracklets)
    for tick in range(round(end / step) + 2):
        time = tick * step
        visible = []
        for live in shown.values():
            if live.renewed and not live.closed:
                live.key, live.renewed = TrackKey(live.key.camera, next(new_names)), False
        for tracklet in tracklets:
            ended = tracklet.key in shown and shown[tracklet.key].closed
            if tracklet.start - 1e-9 <= time <= tracklet.end + 1e-9 and not ended:
                live = shown.setdefault(
                    tracklet.key,
                    Tracklet(
                        tracklet.key, tracklet.start, tracklet.start, gallery=tracklet.gallery
                    ),
                )
                frame = round(time * FPS) + 1
                if not live.frames or live.frames[-1][1] < frame:
                    live.see(frame, time)
                    sightings[tracklet.key, frame] = live.key
                upto = int(np.searchsorted(tracklet.path.ticks, int(time / 0.2), "right"))
                live.path = tracklet.path.part(slice(upto))
                visible.append(live)
            elif tracklet.key in shown and time > tracklet.end + LOST_AFTER:
                shown[tracklet.key].closed = True
        decided = associator.look(time, visible)
        assert not decided.keys() & ids.keys(), "a decision was revised"
        ids.update(decided)
    last = associator.finish(list(shown.values())).ids
    assert not last.keys() & ids.keys()
    ids.update(last)
    return {sighting: ids[key] for sighting, key in sightings.items()}
