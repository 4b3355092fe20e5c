"""`mtmc eval --mot16`: single cameras in the layout of MOTChallenge."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtmc.config import build, choose, override
from mtmc.detectors import detector_settings
from mtmc.errors import UserError, unknown_name
from mtmc.evaluate.draw import draw_mistakes
from mtmc.evaluate.frames import PerceptionConfig, open_embedder
from mtmc.evaluate.pictures import sequence_pictures
from mtmc.evaluate.protocol import ScoringProtocol, make_scene
from mtmc.evaluate.report import Report, Row
from mtmc.evaluate.run import Scoring
from mtmc.evaluate.scores import Scores, score
from mtmc.evaluate.sequences import MotSequence, find_sequences, result_files, taken_split
from mtmc.evaluate.tracking import TrackingRun, track_all
from mtmc.mot import MotKind, read_mot
from mtmc.registry import DEFAULT_TRACKER, DETECTORS, TRACKERS
from mtmc.run.config import DEFAULT_DETECTOR
from mtmc.trackers.offline import RefineConfig
from mtmc.tracking.camera import follows_all_cameras

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mtmc.config import Settings

PUBLIC = "public"
MOT16 = "mot16"
MOTMETRICS = "motmetrics"


@dataclass(frozen=True)
class TrackOptions:
    """How tracks are made, as on the command line.

    Args:
        detections: ``public``, a folder with ``<sequence>.txt``, or a detector's name or weights.
        tracker: its name; None takes the default.
        reid: as in ``reid.load``, None for no embeddings.
        settings: ``section.key=value`` of ``tracker``, ``detector`` and ``offline``.
        offline: refine the finished tracks.
        out: folder for the tracks; None keeps none.
        cache: folder for the networks' answers.
    """

    cache: Path
    detections: str = PUBLIC
    tracker: str | None = None
    reid: str | None = None
    settings: Sequence[str] = ()
    offline: bool = False
    out: Path | None = None

    def run(self, out: Path) -> TrackingRun:
        """What to run, all settings checked, with its tracks written to ``out``.

        Raises:
            UserError: a name, key or value is wrong, or the ReID model cannot be opened.
        """
        chosen: Settings = {"tracker": {"name": self.tracker} if self.tracker else {}}
        wanted = {} if self.detections == PUBLIC else detector_settings(self.detections)
        from_files = not wanted or wanted["name"] == "motfile"
        if not from_files:
            chosen["detector"] = dict[str, Any](wanted)
        if self.offline:
            chosen["offline"] = {}
        settings = override(chosen, self.settings)
        for section in settings:
            if section not in chosen:
                raise unknown_name("section", section, chosen)
        if self.reid:
            open_embedder(self.reid)  # fails here rather than in every process
        detector = None
        if not from_files:
            detector = choose(DETECTORS, settings["detector"], DEFAULT_DETECTOR)
            if len(getattr(detector.config, "classes", ())) > 1:
                raise UserError("detector.classes: a benchmark is scored class by class; name one")
        perception = PerceptionConfig(
            self.cache,
            detector,
            Path(wanted["folder"]) if wanted and from_files else None,
            self.reid,
        )
        tracker = choose(TRACKERS, settings["tracker"], DEFAULT_TRACKER)
        if follows_all_cameras(tracker):
            raise UserError(
                f"--tracker {tracker.name}: needs calibrated cameras, which a benchmark of single "
                f"cameras does not have; choose another, such as {DEFAULT_TRACKER}"
            )
        offline = build(RefineConfig, settings["offline"], "offline") if self.offline else None
        return TrackingRun(tracker, perception, out, offline)


def evaluate_benchmark(
    root: Path,
    wanted: Sequence[str],
    protocol: str,
    source: TrackOptions | Path,
    scoring: Scoring,
    done: Callable[[int, int], None],
) -> Report:
    """Score a tracker, or a folder of results, on the sequences of a MOTChallenge benchmark.

    Args:
        root: the benchmark's folder.
        wanted: which sequences; all where empty.
        protocol: ``mot16`` or ``motmetrics``.
        source: what makes the tracks, or the folder that has them.
        scoring: what is scored; its frames are those of each sequence.
        done: told how many sequences of how many are tracked.

    Raises:
        UserError: input is missing or wrong.
    """
    if protocol not in {MOT16, MOTMETRICS}:
        raise unknown_name("protocol", protocol, [MOT16, MOTMETRICS])
    sequences = find_sequences(root, wanted)
    if not sequences[0].has_truth:
        return _only_tracked(root, source, sequences, done)
    about: dict[str, Any] = {"protocol": protocol}
    if split := taken_split(root, sequences):
        about["split"] = split
    with ExitStack() as stack:
        if isinstance(source, Path):
            results = source
            about["results"] = str(results)
        else:
            results = source.out or Path(stack.enter_context(tempfile.TemporaryDirectory()))
            about |= _track(source, results, sequences, done)
        files = result_files(results, [sequence.name for sequence in sequences])
        rows = {s: scoring.of(s.rows(files[s.name], scoring.every)) for s in sequences}
    if scoring.draw:
        by_name = {sequence.name: sequence for sequence in sequences}
        draw_mistakes(
            scoring.draw,
            [(each, sequence.protocol) for sequence, each in rows.items()],
            lambda name: sequence_pictures(by_name[name]),
            lambda name: by_name[name].fps,
        )
    if protocol == MOTMETRICS:
        from mtmc.evaluate.motmetrics import motmetrics_rows

        lines, combined = motmetrics_rows(
            {s.name: make_scene([each], ScoringProtocol.PLAIN) for s, each in rows.items()}
        )
        return Report(about, "sequence", lines, {"combined": combined})
    scores = {s.name: score(make_scene([each], s.protocol)) for s, each in rows.items()}
    combined = Row.of(sum(scores.values(), Scores()))
    return Report(
        about,
        "sequence",
        {name: Row.of(each) for name, each in scores.items()},
        {"combined": combined},
    )


def _only_tracked(
    root: Path,
    source: TrackOptions | Path,
    sequences: Sequence[MotSequence],
    done: Callable[[int, int], None],
) -> Report:
    """Track sequences without ground truth, such as a benchmark's test split: nothing is scored."""
    if isinstance(source, Path):
        raise UserError(f"{root}: has no ground truth (gt/gt.txt) to score {source} by")
    if source.out is None:
        raise UserError(
            f"{root}: has no ground truth (gt/gt.txt), so nothing can be scored; keep the tracks "
            "with --out DIR"
        )
    about = {"scored": "nothing, no ground truth", "out": str(source.out)}
    about |= _track(source, source.out, sequences, done)
    rows = {}
    for sequence in sequences:
        found = read_mot(source.out / f"{sequence.name}.txt", MotKind.TRACKS)
        counts = {"frames": sequence.length, "boxes": len(found), "tracks": len({*found.ids})}
        rows[sequence.name] = Row({}, counts)
    return Report(about, "sequence", rows)


def _track(
    options: TrackOptions,
    out: Path,
    sequences: Sequence[MotSequence],
    done: Callable[[int, int], None],
) -> dict[str, Any]:
    """Track all sequences; what to tell about it."""
    run = options.run(out)
    finished = 0

    def count(_: MotSequence) -> None:
        nonlocal finished
        finished += 1
        done(finished, len(sequences))

    seconds = track_all(run, sequences, count)
    frames = sum(sequence.length for sequence in sequences)
    about = {"detections": options.detections, "tracker": run.tracker.name}
    if options.reid or run.tracker.cls.needs_embeddings:
        about["reid"] = options.reid or "none"
    if options.offline:
        about["refined"] = "offline"
    return about | {"association_fps": round(frames / max(seconds, 1e-9))}
