r"""Many simulated cameras in zones: speed, time to an id, memory, and what kills and delays change.

    OMP_NUM_THREADS=1 uv run python benchmarks/zones.py                     # 1,000 cameras
    OMP_NUM_THREADS=1 uv run python benchmarks/zones.py --disturb
    OMP_NUM_THREADS=1 uv run python benchmarks/zones.py --cameras 24 --one  # beside one associator
    OMP_NUM_THREADS=1 uv run python benchmarks/zones.py --cameras 4 --seconds 86400 \
        --life 600 --watch

No pixels: cameras tell once a second which tracks they see, with embeddings now and then. Places
lie in a grid; every fifth has two cameras that overlap, and corridors of 4 to 15 s lead to the
four neighbours. Everybody stays at a place for some 45 s, then walks on. Ten people are at each
place at a time. The truth is known.

Two processes have the zones, which make their cameras' steps themselves; a third has the directory
and writes the events. They talk by journals on the disk, and each saves its state now and then.
With ``--disturb``, all is done again with ``kill -9`` of each process, with 5 % of the steps twice
and all in another order within the lateness, and with clocks that are 2 s ahead and known to be;
the events must stay the very same. IDF1 is over the time of tracks: of what they are at last, all
merges taken in.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from mtmc.associate.online.associator import OnlineAssociator, OnlineConfig
from mtmc.events.log import EventLog
from mtmc.tracking.messages import CameraStep
from mtmc.types import TrackKey
from mtmc.zones import codec, journal
from mtmc.zones.associator import ZonesConfig, make_directory, zone_config
from mtmc.zones.nodes import DirectoryNode, ZoneNode
from mtmc.zones.partition import zones_of
from mtmc.zones.zone import Zone

DIM = 32
PEOPLE = 10  # at each place at a time
DWELL = 45.0  # s
# Lengths of what is random beside a person's own look, 1: in all, in a camera, a track, a crop.
COMMON, CAMERA, VIEW, CROP = 0.6, 0.4, 0.7, 0.7
CROPS = (0, 1, 2, 4, 8, 16, 32, 64)  # s after its beginning at which a track is embedded
LOST_AFTER = 2  # s
EVEN = 0.5
PROCESSES = 2
AHEAD = 2.0  # s, clocks
BACK = 8  # s before the state from which cameras tell again after a kill
POLL = 0.02  # s
AT_ONCE = 20  # messages of one journal


class World:
    """Who is seen by which camera when."""

    def __init__(self, cameras, seconds, life=None, seed=0):
        random = np.random.default_rng(seed)
        self.seed, self.seconds = seed, seconds
        self.names = [f"c{number:04}" for number in range(cameras)]
        self.cameras_at, at = [], 0
        while at < cameras:
            count = min(2 if len(self.cameras_at) % 5 == 0 else 1, cameras - at)
            self.cameras_at.append(list(range(at, at + count)))
            at += count
        self.width = int(np.ceil(np.sqrt(len(self.cameras_at))))
        here, now, until = self._people(random, life)
        self.people = len(here)
        stays = self._walk(random, here, now, until)
        self._tracks(random, *stays)
        own = random.normal(size=(self.people, DIM)) + COMMON * random.normal(size=DIM)
        self.looks = own.astype(np.float32)
        self.shifts = (CAMERA * random.normal(size=(cameras, DIM))).astype(np.float32)

    def _people(self, random, life):
        places = len(self.cameras_at)
        if life is None:
            count = places * PEOPLE
            begin = -random.uniform(0, DWELL, count)
            return random.integers(places, size=count), begin, np.full(count, np.inf)
        count = int(places * PEOPLE * (self.seconds / life + 1))
        begin = random.uniform(-life, self.seconds, count)
        return random.integers(places, size=count), begin, begin + life

    def neighbour(self, place, side):
        """The place on a side, 0 to 3; at the edges another one near."""
        places, width = len(self.cameras_at), self.width
        x = np.clip(place % width + np.array([1, -1, 0, 0])[side], 0, width - 1)
        y = place // width + np.array([0, 0, 1, -1])[side]
        there = y * width + x
        outside = (there < 0) | (there >= places) | (there == place)
        return np.where(outside, np.where(place > 0, place - 1, min(1, places - 1)), there)

    @staticmethod
    def way(a, b):
        """Seconds of a corridor."""
        return 4 + (np.minimum(a, b) * 7919 + np.maximum(a, b) * 104729) % 12

    def _walk(self, random, here, now, until):
        who, stays = np.arange(len(here)), []
        while len(who):
            end = now + random.gamma(4, DWELL / 4, len(who)) + 3
            stays.append((who, here, now, end))
            there = self.neighbour(here, random.integers(4, size=len(who)))
            now = end + self.way(here, there) * random.uniform(0.9, 1.4, len(who))
            going = now < np.minimum(self.seconds, until)
            who, here, now, until = who[going], there[going], now[going], until[going]
        return [np.concatenate(column) for column in zip(*stays, strict=True)]

    def _tracks(self, random, who, where, begin, end):
        """One for each camera of the place."""
        rows = []
        for number in (0, 1):
            camera = np.array([(c[number : number + 1] or [-1])[0] for c in self.cameras_at])[where]
            first = begin + number * random.uniform(0, 3, len(who))
            last = end - number * random.uniform(0, 1, len(who))
            seen = (camera >= 0) & (np.floor(last) >= np.ceil(first)) & (last >= 0)
            rows.append(np.column_stack([camera, who, np.maximum(first, 0), last])[seen])
        table = np.concatenate(rows)
        table = table[np.lexsort((table[:, 2], table[:, 0]))]
        self.camera, self.person = table[:, 0].astype(int), table[:, 1].astype(int)
        self.start, self.end = table[:, 2], np.minimum(table[:, 3], self.seconds)
        first = np.searchsorted(self.camera, np.arange(len(self.names)))
        views = random.standard_normal((len(table), DIM), np.float32)
        self.views = np.float32(VIEW) * views
        self.number = np.arange(len(table)) - first[self.camera] + 1

    def topology(self):
        """The times of the corridors, with what a camera may be off."""
        result = {name: {} for name in self.names}
        for place, cameras in enumerate(self.cameras_at):
            around = {int(self.neighbour(place, side)) for side in range(4)}
            for a in cameras:
                for b in cameras:
                    if a != b:
                        result[self.names[a]][self.names[b]] = (0.0, 10.0)
                for other in around - {place}:
                    way = float(self.way(place, other))
                    for b in self.cameras_at[other]:
                        both = (0.9 * way - 1.5, 1.4 * way + 4)
                        result[self.names[a]][self.names[b]] = both
                        result[self.names[b]].setdefault(self.names[a], both)
        return {a: others for a, others in result.items() if others}

    def steps(self, cameras, first=0):
        """``(second, steps)`` of some cameras, in order, each from nothing but its number."""
        mine = np.flatnonzero(np.isin(self.camera, cameras))
        start, end = self.start[mine], self.end[mine]
        for now in range(first, self.seconds + 1):
            there = mine[(start <= now) & (end >= now)]
            gone = mine[(end < now - LOST_AFTER) & (end >= now - LOST_AFTER - 1)]
            age = now - np.ceil(self.start[there])
            due = np.flatnonzero(np.isin(age, CROPS))
            random = np.random.default_rng((self.seed, int(cameras[0]), now))
            rows, noise = there[due], random.standard_normal((len(due), DIM), np.float32)
            looks = self.looks[self.person[rows]] + self.shifts[self.camera[rows]]
            looks = looks + self.views[rows] + CROP * noise
            looks /= np.linalg.norm(looks, axis=1, keepdims=True)
            quality = random.uniform(0.5, 1, len(due)).astype(np.float32)
            rows = [np.searchsorted(self.camera[x], [*cameras, np.inf]) for x in (there, gone)]
            crops = np.searchsorted(due, rows[0])
            steps = []
            for place, camera in enumerate(cameras):
                seen, over = (slice(*each[place : place + 2]) for each in rows)
                chosen, count = slice(*crops[place : place + 2]), seen.stop - seen.start
                steps.append(
                    CameraStep(
                        self.names[camera], now + 1, float(now), self.number[there[seen]],
                        np.zeros((count, 4), np.float32), np.ones(count, np.float32),
                        np.ones(count, bool), np.zeros(count, np.int64),
                        crops=due[chosen] - seen.start, quality=quality[chosen],
                        embeddings=looks[chosen], ended=self.number[gone[over]],
                    )
                )  # fmt: skip
            yield now, steps

    def truth(self):
        """By track: who, when first seen, and for how many seconds."""
        tracks = zip(
            self.camera.tolist(), self.number.tolist(), self.person.tolist(),
            np.ceil(self.start).tolist(), (np.floor(self.end) - np.ceil(self.start) + 1).tolist(),
            strict=True,
        )  # fmt: skip
        return {TrackKey(self.names[c], n): rest for c, n, *rest in tracks}


def world_of(options):
    """The world that was asked for."""
    return World(options.cameras, options.seconds, options.life)


def config_of(options, world):
    """The settings of the association in it."""
    return ZonesConfig(
        revise=options.revise, memory=options.memory, topology=world.topology(),
        zone_cameras=options.zone,
    )  # fmt: skip


def delayed(moments, twice, skew, cameras):
    """Steps in the order in which they come: each up to 1.9 s late, some twice."""
    waiting = []
    for now, steps in moments:
        for step in steps:
            place = cameras[step.camera]
            random = np.random.default_rng((7, place, step.frame))
            ahead = AHEAD if skew and place % 3 == 0 else 0.0
            told = replace(step, time=step.time + ahead)
            for _ in range(1 + (random.random() < twice)):
                waiting.append((now + random.uniform(0, 1.9), random.random(), told))
        waiting.sort(key=lambda each: each[:2])
        ready = [each[2] for each in waiting if each[0] <= now]
        waiting = waiting[len(ready) :]
        yield now, ready
    yield now + 2, [step for *_, step in waiting]


def zones_process(options, share, folder):
    """Some of the zones, with their cameras."""
    world = world_of(options)
    config, places = config_of(options, world), {n: i for i, n in enumerate(world.names)}
    groups = list(zones_of(world.names, None, config.topology, config.zone_cameras).items())
    mine = dict(groups[share::PROCESSES])
    skew = {n: AHEAD for n, i in places.items() if options.skew and i % 3 == 0}
    saved = codec.load(folder / f"zones{share}.state")

    def fresh(name, names):
        zone = Zone(name, zone_config(config, names), EVEN, names, places)
        return ZoneNode(zone, names, offsets=skew)

    first, nodes = saved or (0, {name: fresh(name, names) for name, names in mine.items()})
    zone_of = {camera: name for name, cameras in mine.items() for camera in cameras}
    log, count = journal.Journal(folder / f"reports{share}"), 0
    cameras = sorted(places[camera] for camera in zone_of)
    moments = world.steps(cameras, max(0, first - BACK))
    if options.delay:
        moments = delayed(moments, 0.05, options.skew, places)
    began = saved_at = time.monotonic()
    for now, steps in moments:
        for step in steps:
            nodes[zone_of[step.camera]].put(step)
        count += len(steps)
        reports = [report for node in nodes.values() for report in node.take()]
        log.add(codec.dumps(reports))
        if time.monotonic() - saved_at > options.save:
            codec.save(folder / f"zones{share}.state", (now, nodes))
            saved_at = time.monotonic()
    log.add(codec.dumps([report for node in nodes.values() for report in node.take(True)]))
    log.add(codec.dumps("end"))
    about = {
        "steps": count, "doubles": sum(node.ordering.doubles for node in nodes.values()),
        "late": sum(node.ordering.late for node in nodes.values()),
    }  # fmt: skip
    say(folder / f"zones{share}.json", began, about)


def directory_process(options, folder):
    """The directory, which follows the zones' journals."""
    world = world_of(options)
    config = config_of(options, world)
    groups = zones_of(world.names, None, config.topology, config.zone_cameras)
    state = folder / "directory.state"
    node = codec.load(state) or DirectoryNode(
        make_directory(config, EVEN, world.names, groups), groups, silence=np.inf
    )
    log, ended = EventLog(folder / "events.jsonl"), set()
    began = saved_at = time.monotonic()
    while len(ended) < PROCESSES:
        heard = False
        for share in range(PROCESSES):
            source = f"reports{share}"
            start = journal.Position(*node.positions.get(source, (0, 0)))
            for position, message in islice(journal.read(folder / source, start), AT_ONCE):
                heard, what = True, codec.loads(message)
                if what == "end":
                    ended.add(share)
                    break
                for report in what:
                    node.put(report)
                node.positions[source] = tuple(position)
        log.add(node.take())
        if time.monotonic() - saved_at > options.save:
            codec.save(state, node)
            for source, position in node.positions.items():
                journal.forget(folder / source, journal.Position(*position))
            saved_at = time.monotonic()
        if not heard:
            time.sleep(POLL)
    log.add(node.take(all_of_it=True))
    log.close()
    say(folder / "directory.json", began, {})


def say(path, began, about):
    """What a process took."""
    use = resource.getrusage(resource.RUSAGE_SELF)
    about |= {
        "wall": time.monotonic() - began, "cpu": use.ru_utime + use.ru_stime,
        "memory": use.ru_maxrss / 1024,
    }  # fmt: skip
    path.write_text(json.dumps(about))


def run(options, kills=(), watch=None):
    """All processes to their end; ``kills`` are (seconds of the clock, which process)."""
    folder = Path(tempfile.mkdtemp(prefix="zones"))
    targets = {f"zones{n}": (zones_process, (options, n, folder)) for n in range(PROCESSES)}
    targets["directory"] = directory_process, (options, folder)
    context = multiprocessing.get_context("spawn")
    running, began, kills = {}, time.monotonic(), sorted(kills)
    while True:
        for name, (target, words) in targets.items():
            if name not in running and not (folder / f"{name}.json").exists():
                running[name] = context.Process(target=target, args=words)
                running[name].start()
        time.sleep(POLL)
        for name in [name for name, process in running.items() if not process.is_alive()]:
            if running.pop(name).exitcode not in (0, -signal.SIGKILL):
                sys.exit(f"{name} failed")
        if all((folder / f"{name}.json").exists() for name in targets) and not running:
            break
        while kills and time.monotonic() - began > kills[0][0]:
            _, name = kills.pop(0)
            print(f"  kill -9 {name}", name in running)
            if name in running:
                os.kill(running[name].pid, signal.SIGKILL)
                running[name].join()
        if watch:
            watch(folder, running)
    wall = time.monotonic() - began
    told = {name: json.loads((folder / f"{name}.json").read_text()) for name in targets}
    events = (folder / "events.jsonl").read_bytes()
    shutil.rmtree(folder)
    return events, told, wall


def final_ids(lines):
    """The last id of every track, all merges taken in, and when each track got its first."""
    into, ids, when = {}, {}, {}
    for line in lines.splitlines():
        event = json.loads(line)
        if event["kind"] == "merge":
            into[event["id"]] = event["into"]
        elif event["kind"] in ("open", "split"):
            into.pop(event["id"], None)
        for track in event.get("tracks", ()):
            key = TrackKey(track["camera"], track["track"] % (1 << 32))
            ids[key] = event["id"]
            when.setdefault(key, event["time"])

    def last(number):
        return last(into[number]) if number in into else number

    return {key: last(number) for key, number in ids.items()}, when


def idf1(ids, truth):
    """Over the seconds of tracks."""
    keys = [key for key in ids if key in truth]
    people, rows = np.unique([truth[key][0] for key in keys], return_inverse=True)
    numbers, columns = np.unique([ids[key] for key in keys], return_inverse=True)
    seconds = [truth[key][2] for key in keys]
    own = np.arange(len(people))
    values = np.concatenate([seconds, np.full(len(people), 1e-9)])
    place = np.concatenate([rows, own]), np.concatenate([columns, len(numbers) + own])
    shape = len(people), len(numbers) + len(people)
    graph = sparse.coo_array((values, place), shape=shape).tocsr()
    graph.sum_duplicates()
    chosen = min_weight_full_bipartite_matching(graph, maximize=True)
    true = float(np.asarray(graph[chosen]).sum())
    return 2 * true / (sum(seconds) + sum(each[2] for each in truth.values())), len(numbers)


def report(name, options, world, lines, told, wall):
    """What came out."""
    truth = world.truth()
    ids, when = final_ids(lines)
    score, numbers = idf1(ids, truth)
    waits = [when[key] - truth[key][1] for key in when if key in truth]
    half, most = np.percentile(waits, [50, 99])
    cpu = {who: each["cpu"] for who, each in told.items()}
    total, each_cpu = sum(cpu.values()), ", ".join(f"{who} {t:.0f}" for who, t in cpu.items())
    zones = [each for who, each in told.items() if who != "directory"]
    print(
        f"{name}: {sum(z['steps'] for z in zones)} steps, {len(truth)} tracks of "
        f"{len({t[0] for t in truth.values()})} people, {len(lines.splitlines())} events\n"
        f"  wall {wall:.0f} s, CPU {total:.0f} s ({each_cpu}) "
        f"for {options.seconds} s: {2 * options.seconds / total:.1f} times real time on two cores;"
        f" memory {', '.join(format(t['memory'], '.0f') for t in told.values())} MB;"
        f" doubles {sum(z['doubles'] for z in zones)}, late {sum(z['late'] for z in zones)}\n"
        f"  IDF1 {100 * score:.2f}, {numbers} ids; time to id p50 {half:.1f} s, p99 {most:.1f} s,"
        f" plus the lateness of 2 s; {len(truth) - len(ids)} tracks without an id",
        flush=True,
    )


def one_associator(options, world):
    """All cameras in one associator."""
    config = OnlineConfig(revise=options.revise, topology=world.topology())
    associator = OnlineAssociator(config, EVEN)
    ids, cpu = {}, 0.0
    for now, steps in world.steps(np.arange(options.cameras)):
        began = time.process_time()
        ids |= associator.update(float(now), steps).ids
        cpu += time.process_time() - began
    ids |= associator.finish(()).ids
    score, numbers = idf1(ids, world.truth())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"one associator: CPU {cpu:.0f} s for {options.seconds} s, {memory:.0f} MB; "
        f"IDF1 {100 * score:.2f}, {numbers} ids",
        flush=True,
    )


class Watch:
    """How memory, open files and what lies on the disk grow."""

    def __init__(self):
        self.next = time.monotonic() + 20

    def __call__(self, folder, running):
        """Now and then."""
        if time.monotonic() < self.next:
            return
        self.next = time.monotonic() + 20
        about = []
        for name, process in running.items():
            root = Path(f"/proc/{process.pid}")
            pages = int((root / "statm").read_text().split()[1])
            about.append(
                f"{name} {pages * 4 // 1024} MB, {len(list((root / 'fd').iterdir()))} files"
            )
        for path in sorted(folder.iterdir()):
            files = [path] if path.is_file() else list(path.iterdir())
            about.append(f"{path.name} {sum(file.stat().st_size for file in files) / 1e6:.1f} MB")
        with (folder / "events.jsonl").open("rb") as handle:
            handle.seek(max(0, handle.seek(0, os.SEEK_END) - 4000))
            lines = handle.read().splitlines()
        print(
            f"  at {json.loads(lines[-2])['time'] if len(lines) > 2 else 0} s: {'; '.join(about)}"
        )


def main():
    """All that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cameras", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--zone", type=int, default=1, help="cameras of a zone at most")
    parser.add_argument("--revise", type=float, default=2.0)
    parser.add_argument("--memory", type=float, default=3600.0)
    parser.add_argument("--life", type=float, help="s after which people go home")
    parser.add_argument("--save", type=float, default=10.0, help="s between two states")
    parser.add_argument("--disturb", action="store_true")
    parser.add_argument("--one", action="store_true")
    parser.add_argument("--watch", action="store_true")
    options = parser.parse_args()
    options.delay = options.skew = False
    world = world_of(options)
    first = run(options, watch=Watch() if options.watch else None)
    report(f"{options.cameras} cameras, zones of {options.zone}", options, world, *first)
    if options.one:
        one_associator(options, world)
    if options.disturb:
        wall = first[2]
        kills = [(0.35 * wall, "zones0"), (0.5 * wall, "directory"), (0.65 * wall, "zones1")]
        for name, changes, deaths in (
            ("kills", {}, kills),
            ("5 % twice, reordered", {"delay": True}, ()),
            ("the same, clocks 2 s ahead, kills", {"delay": True, "skew": True}, kills),
        ):
            again = run(argparse.Namespace(**{**vars(options), **changes}), deaths)
            report(name, options, world, *again)
            print(f"  events are the same: {again[0] == first[0]}", flush=True)


if __name__ == "__main__":
    main()
