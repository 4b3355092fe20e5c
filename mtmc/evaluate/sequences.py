"""What is on disk: MOTChallenge sequences, and folders with one MOT file per camera."""

from __future__ import annotations

import configparser
import logging
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import numpy as np

from mtmc.errors import UserError
from mtmc.evaluate.annotated import Annotated
from mtmc.evaluate.protocol import CLASSES, CameraRows, ScoringProtocol, roles
from mtmc.files import spelled
from mtmc.mot import UNKNOWN, MotKind, MotRows, is_mot, read_mot
from mtmc.reid.text import read_text
from mtmc.results import layout
from mtmc.sources.pictures import list_images, numbered

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

log = logging.getLogger("mtmc")

DEFAULT_FPS = 30.0  # of sequences that do not say
# Of MOTChallenge, DanceTrack and, inside ``dataset``, SportsMOT.
SPLITS = ("train", "val", "test")
_INSIDE = ("", "dataset")
_RESULT_FOLDERS = ("", layout.TRACKS, "data")  # of ours, of `mtmc run`, of TrackEval


@dataclass(frozen=True)
class MotSequence:
    """One sequence of a MOTChallenge benchmark.

    Args:
        name: of its folder.
        folder: with ``gt/gt.txt``, ``det/det.txt`` and ``img1/``.
        length: number of frames.
        fps: frames per second.
    """

    name: str
    folder: Path
    length: int
    fps: float = DEFAULT_FPS

    @property
    def truth_file(self) -> Path:
        """Ground truth."""
        return self.folder / "gt" / "gt.txt"

    @property
    def detection_file(self) -> Path:
        """The public detections."""
        return self.folder / "det" / "det.txt"

    @property
    def has_truth(self) -> bool:
        """Whether it can be scored; test sequences are published without."""
        return self.truth_file.is_file()

    @property
    def image_folder(self) -> Path:
        """The frames."""
        return self.folder / "img1"

    @property
    def protocol(self) -> ScoringProtocol:
        """The preprocessing of the benchmark it belongs to, whatever a link to it is called."""
        names = (self.name, self.folder.resolve().name)
        is_20 = any(name.upper().startswith("MOT20") for name in names)
        return ScoringProtocol.MOT20 if is_20 else ScoringProtocol.MOT

    def rows(self, result_file: Path, every: int | None = None) -> CameraRows:
        """Ground truth and a result, read and checked.

        Args:
            result_file: the result.
            every: see ``read_cameras``.

        Raises:
            UserError: one of the files is missing or breaks the format.
        """
        truth = read_truth(self.truth_file, self.length)
        result = read_mot(result_file, MotKind.TRACKS, self.length)
        found = Annotated.find({self.name: truth}, (1, self.length), every)
        found.tell(str(self.truth_file), {self.name: result})
        return CameraRows(self.name, truth, result, 1, self.length, found.only[self.name])


def find_sequences(root: Path, wanted: Sequence[str] = ()) -> list[MotSequence]:
    """The sequences in a benchmark's folder, by name: with ground truth, or none of them.

    Args:
        root: the benchmark (the first of ``train``, ``val`` and ``test`` with ground truth is
            taken), one of these folders, any folder of sequences, or one sequence.
        wanted: names, parts of names between dashes (``02``), or patterns (``*-FRCNN``); all where
            empty.

    Raises:
        UserError: there are none, or none for one of ``wanted``.
    """
    if not root.is_dir():
        raise UserError(f"{root}: no such folder; expected a MOTChallenge benchmark with train/")
    folders = _sequence_folders(root)
    if not folders:
        raise UserError(
            f"{root}: no sequences; expected folders with gt/gt.txt, as in MOT16/train, or with "
            "img1/, as in MOT16/test"
        )
    chosen = folders
    if wanted:
        for want in wanted:
            if not any(_matches(path.name, want) for path in folders):
                names = ", ".join(path.name for path in folders)
                raise UserError(f"--sequences {want}: not in {root} (available: {names})")
        chosen = [p for p in folders if any(_matches(p.name, want) for want in wanted)]
    return [_open(path) for path in chosen]


def _sequence_folders(root: Path) -> list[Path]:
    """One sequence, or those of the first split that has some; with ground truth if any has."""
    splits = [root / inside / split for inside in _INSIDE for split in SPLITS]
    parents = [folder for folder in (*splits, root) if folder.is_dir()]
    for is_one in (_has_truth, _has_input):
        if is_one(root):
            return [root]
        for parent in parents:
            if folders := sorted(path for path in parent.iterdir() if is_one(path)):
                return folders
    return []


def taken_split(root: Path, sequences: Sequence[MotSequence]) -> str:
    """Which split was taken of several that could be scored; empty where there is one."""
    splits = [root / inside / split for inside in _INSIDE for split in SPLITS]
    scored = [split for split in splits if split.is_dir() and _any_truth(split)]
    taken = [split.name for split in scored if split == sequences[0].folder.parent]
    others = [split.name for split in scored if split.name not in taken]
    return f"{taken[0]}, not {' or '.join(others)}" if taken and others else ""


def _any_truth(folder: Path) -> bool:
    return any(map(_has_truth, folder.iterdir()))


def _has_truth(folder: Path) -> bool:
    return (folder / "gt" / "gt.txt").is_file()


def _has_input(folder: Path) -> bool:
    """Whether there is something to track, and it is known to be a sequence."""
    return (folder / "seqinfo.ini").is_file() or (folder / "det" / "det.txt").is_file()


def _matches(name: str, want: str) -> bool:
    return name == want or want in name.split("-") or fnmatchcase(name, want)


def _open(folder: Path) -> MotSequence:
    """Length by ``seqinfo.ini``; without one (as in MOT15) by the images or the ground truth."""
    name, info = folder.name, folder / "seqinfo.ini"
    if name in {"", ".."}:
        name = folder.resolve().name
    if info.is_file():
        parser = configparser.ConfigParser()
        try:
            parser.read_string(read_text(info))
            length = parser.getint("Sequence", "seqLength")
            fps = parser.getfloat("Sequence", "frameRate", fallback=DEFAULT_FPS)
        except (configparser.Error, ValueError, UnicodeDecodeError) as error:
            reason = " ".join(str(error).split())
            raise UserError(f"{info}: {reason}; expected [Sequence] with seqLength") from error
        if length < 1 or not fps > 0:
            raise UserError(f"{info}: seqLength {length}, frameRate {fps:g}; expected more than 0")
        return MotSequence(name, folder, length, fps)
    images = folder / "img1"
    pictures = list(list_images(images)) if images.is_dir() else []
    count = numbered(pictures).frames[-1] if pictures else 0
    if not count:
        if _has_truth(folder):
            count = read_mot(folder / "gt" / "gt.txt", MotKind.TRUTH).last_frame
        else:
            count = read_mot(folder / "det" / "det.txt", MotKind.DETECTIONS).last_frame
    return MotSequence(name, folder, count)


def read_truth(path: Path, last_frame: int | None = None) -> MotRows:
    """The ground truth in a MOT file; warns where hardly anything of it would be evaluated.

    Raises:
        UserError: the file is missing or breaks the format.
    """
    rows = read_mot(path, MotKind.TRUTH, last_frame)
    shares = rows.scores[rows.scores != np.floor(rows.scores)]
    if len(shares):
        log.warning(
            "%s: column 7 holds %g, which is no flag (0 = do not evaluate); such rows count",
            path,
            shares[0],
        )
    _, counts = roles(rows, ScoringProtocol.IGNORE)
    if len(rows) and not counts.any() and set(rows.classes.tolist()) <= {UNKNOWN, *CLASSES}:
        flagged = (rows.scores != 0).any()
        why = f"class {rows.classes[0]}, not 1" if flagged else "flag 0 = do not evaluate"
        log.warning("%s: none of its rows counts (%s)", path, why)
    return rows


def truth_files(truth: Path, results: Path) -> list[Path]:
    """The ground truth in a folder, by name, without what is something else.

    Notes, lists of names and such are passed over, with a warning, unless there is a result of
    that name.

    Raises:
        UserError: there is none.
    """
    files = sorted(truth.iterdir()) if truth.is_dir() else []
    files = [f for f in files if f.suffix.lower() == ".txt" and not f.name.startswith(".")]
    folders = [results / sub for sub in _RESULT_FOLDERS]
    kept = []
    for file in files:
        if is_mot(file) or any((folder / f"{file.stem}.txt").is_file() for folder in folders):
            kept.append(file)
        else:
            log.warning("%s: holds no MOT rows, and no result has its name; passed over", file)
    if not kept:
        raise UserError(f"{truth}: no ground truth; expected one file per camera, <camera>.txt")
    return kept


def result_files(
    results: Path, names: Iterable[str], truth: Mapping[str, Path] | None = None
) -> dict[str, Path]:
    """``<name>.txt`` for every name, in a folder of results or in its ``tracks/`` or ``data/``.

    Args:
        results: the folder.
        names: what is looked for.
        truth: the ground truth of each, for the error.

    Raises:
        UserError: one is missing.
    """
    names = list(names)
    if not results.is_dir():
        raise UserError(f"{results}: no such folder; expected one file per name: {names[0]}.txt")
    folders = [results / sub for sub in _RESULT_FOLDERS if (results / sub).is_dir()]
    best = max(folders, key=lambda f: sum(spelled(f / f"{name}.txt").is_file() for name in names))
    files = {name: spelled(best / f"{name}.txt") for name in names}
    for name, file in files.items():
        if not file.is_file():
            why = f" for {truth[name]}" if truth else ""
            raise UserError(f"{file}: missing{why}; expected one file each, empty if nobody")
    return files


def read_cameras(
    truth: Path,
    results: Path,
    frames: tuple[int, int] | None = None,
    every: int | None = None,
) -> list[CameraRows]:
    """Ground truth and results of all cameras with ground truth, by name.

    Args:
        truth: folder with ``<camera>.txt``.
        results: folder with ``<camera>.txt``, or an output folder of ``mtmc run``.
        frames: first and last evaluated frame; where None, those from the first to the last frame
            that has ground truth in any camera, as ground truth of a part of a video says nothing
            about the rest.
        every: only the first and every so many-th frame after it are annotated; where None, what
            the ground truth looks like.

    Raises:
        UserError: a file is missing or breaks the format, or no frame is left.
    """
    paths = {path.stem: path for path in truth_files(truth, results)}
    files = result_files(results, paths, paths)
    truths = {name: read_truth(path) for name, path in paths.items()}
    if frames is None:
        seen = [rows for rows in truths.values() if len(rows)]
        if not seen:
            raise UserError(f"{truth}: the ground truth is empty; name the frames with --frames")
        frames = (
            min(int(rows.frames.min()) for rows in seen),
            max(rows.last_frame for rows in seen),
        )
    tracks = {name: read_mot(files[name], MotKind.TRACKS) for name in truths}
    found = Annotated.find(truths, frames, every)
    found.tell(str(truth), tracks)
    return [
        CameraRows(name, rows, tracks[name], *frames, found.only[name])
        for name, rows in truths.items()
    ]
