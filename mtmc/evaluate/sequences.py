"""What is on disk: MOTChallenge sequences, and folders with one MOT file per camera."""

from __future__ import annotations

import configparser
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from mtmc.errors import UserError
from mtmc.evaluate.protocol import CameraRows, Protocol
from mtmc.files import spelled
from mtmc.mot import MotKind, read_mot
from mtmc.sources.pictures import list_images, numbered

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

DEFAULT_FPS = 30.0  # of sequences that do not say
_RESULT_FOLDERS = ("", "tracks", "data")  # of ours, of `mtmc run`, of TrackEval


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
    def image_folder(self) -> Path:
        """The frames."""
        return self.folder / "img1"

    @property
    def protocol(self) -> Protocol:
        """The preprocessing of the benchmark it belongs to."""
        return Protocol.MOT20 if self.name.startswith("MOT20") else Protocol.MOT

    def rows(self, result_file: Path) -> CameraRows:
        """Ground truth and a result, read and checked.

        Raises:
            UserError: one of the files is missing or breaks the format.
        """
        truth = read_mot(self.truth_file, MotKind.TRUTH, self.length)
        result = read_mot(result_file, MotKind.TRACKS, self.length)
        return CameraRows(self.name, truth, result, 1, self.length)


def find_sequences(root: Path, wanted: Sequence[str] = ()) -> list[MotSequence]:
    """The sequences with ground truth in a benchmark's folder, by name.

    Args:
        root: the benchmark (its ``train`` is taken), a folder of sequences, or one sequence.
        wanted: names, parts of names between dashes (``02``), or patterns (``*-FRCNN``); all where
            empty.

    Raises:
        UserError: there are none, or none for one of ``wanted``.
    """
    if not root.is_dir():
        raise UserError(f"{root}: no such folder; expected a MOTChallenge benchmark with train/")
    folders = [root] if _has_truth(root) else []
    for parent in (root / "train", root):
        if not folders and parent.is_dir():
            folders = sorted(path for path in parent.iterdir() if _has_truth(path))
    if not folders:
        raise UserError(f"{root}: no sequences; expected folders with gt/gt.txt, as in MOT16/train")
    chosen = folders
    if wanted:
        for want in wanted:
            if not any(_matches(path.name, want) for path in folders):
                names = ", ".join(path.name for path in folders)
                raise UserError(f"--sequences {want}: not in {root} (available: {names})")
        chosen = [p for p in folders if any(_matches(p.name, want) for want in wanted)]
    return [_open(path) for path in chosen]


def _has_truth(folder: Path) -> bool:
    return (folder / "gt" / "gt.txt").is_file()


def _matches(name: str, want: str) -> bool:
    return name == want or want in name.split("-") or fnmatchcase(name, want)


def _open(folder: Path) -> MotSequence:
    """Length by ``seqinfo.ini``; without one (as in MOT15) by the images or the ground truth."""
    name, info = folder.resolve().name, folder / "seqinfo.ini"
    if info.is_file():
        parser = configparser.ConfigParser()
        try:
            parser.read(info, encoding="utf-8-sig")
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
    return MotSequence(
        name, folder, count or read_mot(folder / "gt" / "gt.txt", MotKind.TRUTH).last_frame
    )


def result_files(results: Path, names: Iterable[str]) -> dict[str, Path]:
    """``<name>.txt`` for every name, in a folder of results or in its ``tracks/`` or ``data/``.

    Raises:
        UserError: one is missing.
    """
    names = list(names)
    if not results.is_dir():
        raise UserError(f"{results}: no such folder; expected one file per name: {names[0]}.txt")
    folders = [results / sub for sub in _RESULT_FOLDERS if (results / sub).is_dir()]
    best = max(folders, key=lambda f: sum(spelled(f / f"{name}.txt").is_file() for name in names))
    files = {name: spelled(best / f"{name}.txt") for name in names}
    for file in files.values():
        if not file.is_file():
            raise UserError(f"{file}: missing; expected one file each, empty if nobody")
    return files


def read_cameras(
    truth: Path, results: Path, frames: tuple[int, int] | None = None
) -> list[CameraRows]:
    """Ground truth and results of all cameras with ground truth, by name.

    Args:
        truth: folder with ``<camera>.txt``.
        results: folder with ``<camera>.txt``, or an output folder of ``mtmc run``.
        frames: first and last evaluated frame; where None, those from the first to the last frame
            that has ground truth in any camera, as ground truth of a part of a video says nothing
            about the rest.

    Raises:
        UserError: a file is missing or breaks the format, or no frame is left.
    """
    truth_files = sorted(truth.glob("*.txt")) if truth.is_dir() else []
    if not truth_files:
        raise UserError(f"{truth}: no ground truth; expected one file per camera, <camera>.txt")
    files = result_files(results, [path.stem for path in truth_files])
    truths = {path.stem: read_mot(path, MotKind.TRUTH) for path in truth_files}
    if frames is None:
        seen = [rows for rows in truths.values() if len(rows)]
        if not seen:
            raise UserError(f"{truth}: the ground truth is empty; name the frames with --frames")
        frames = (
            min(int(rows.frames.min()) for rows in seen),
            max(rows.last_frame for rows in seen),
        )
    return [
        CameraRows(name, rows, read_mot(files[name], MotKind.TRACKS), *frames)
        for name, rows in truths.items()
    ]
