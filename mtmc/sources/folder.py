"""Which cameras a folder holds, and what in it is none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from mtmc.errors import UserError
from mtmc.reid.pictures import SUFFIXES
from mtmc.sources.camera import Camera
from mtmc.sources.parts import VIDEO_SUFFIXES, one_recording
from mtmc.sources.pictures import image_folder, list_images

CAMERA_FILES = ("cameras.yaml", "cameras.yml", "cameras.json")
RESULT_FILE = "run.json"  # a folder that holds it is the result of a run
RESULT_VIDEOS = frozenset({"mosaic.mp4", "floor.mp4"})
# Files of which everybody knows that they are no video; of others, a look inside tells.
NO_VIDEO = frozenset(
    {".txt", ".md", ".csv", ".json", ".jsonl", ".yaml", ".yml", ".xml", ".ini", ".toml", ".html"}
    | {".srt", ".vtt", ".ass", ".log", ".py", ".sh", ".m", ".mat", ".npy", ".npz", ".pkl", ".h5"}
    | {".pt", ".pth", ".onnx", ".engine", ".bin", ".parquet", ".sqlite", ".db", ".pdf", ".doc"}
    | {".docx", ".xls", ".xlsx", ".zip", ".gz", ".tar", ".tgz", ".7z", ".rar", ".bag", ".mcap"}
    | {".wav", ".mp3", ".aac", ".m4a", ".flac", ".ogg", ".opus", ".idx", ".sub", ".thm", ".lnk"}
)
# Pictures that OpenCV does not read, and texts that only point to a video.
OTHER_PICTURES = frozenset(
    {".exr", ".heic", ".heif", ".jxl", ".tga", ".psd", ".dng", ".cr2", ".cr3", ".nef", ".arw"}
    | {".raw", ".j2k", ".svg", ".dcm"}
)
POINTERS = frozenset({".m3u", ".m3u8", ".sdp", ".mpd", ".strm", ".url", ".webloc", ".xspf"})
MANY_PICTURES = 5  # more beside a folder's one video are not a plan or a mask of it
UNFINISHED = frozenset({".part", ".partial", ".crdownload", ".download", ".tmp", ".filepart"})
# Folders that lie beside cameras and are none, whatever pictures or previews are in them.
NO_CAMERAS = re.compile(
    r"det|gt|ground[ _-]?truth|annotations?|labels?|results?|out(put)?s?|tracks|crops|masks?|"
    r"thumb(nail)?s?|.*(calib|chess|checker|charuco|aruco|apriltag).*",
    re.IGNORECASE,
)
SYSTEM_FOLDERS = frozenset(
    {"__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found"}
)
OTHER_CAMERA_FILE = re.compile(
    r"(cameras?|cams)\.(ya?ml|json|toml)(\.txt)?|cameras?\.txt", re.IGNORECASE
)


def cameras_file(folder: Path) -> Path | None:
    """The folder's ``cameras.yaml``, also by its other names.

    Raises:
        UserError: it has two.
    """
    found = [entry for entry in sorted(folder.iterdir()) if entry.name.lower() in CAMERA_FILES]
    if len(found) > 1:
        names = " and ".join(entry.name for entry in found)
        raise UserError(f"{folder}: holds {names}; expected one of them")
    return found[0] if found else None


def find_in_folder(folder: Path) -> tuple[list[Camera], list[str]]:
    """The cameras of a folder, and in words what else in it could have been one."""
    entries = _visible(folder)
    if (folder / RESULT_FILE).is_file():
        entries = [e for e in entries if e.name not in RESULT_VIDEOS]
    cameras, left_out = [], []
    for entry in entries:
        camera, reason = _look(entry)
        cameras += [camera] if camera else []
        left_out += [f"{entry.name} ({reason})"] if reason else []
    images = image_folder(folder)
    # In a MOTChallenge sequence the camera is named like the sequence, not like its img1.
    if images and [camera.uri for camera in cameras] in ([], [str(images)]):
        return [Camera(folder.resolve().name, str(images), "images")], left_out
    if len(cameras) == 1 and cameras[0].kind == "images" and (folder / "seqinfo.ini").is_file():
        return [replace(cameras[0], name=folder.resolve().name)], left_out  # by another imDir
    if images == folder:
        left_out.append(f"{_count(list_images(folder), 'picture')} beside the cameras")
    return cameras, left_out


def camera_of(folder: Path) -> Camera | None:
    """A folder that is one camera: MOTChallenge's ``img1``, one video, in parts, or pictures."""
    images, videos = image_folder(folder), _videos(folder)
    if images in (None, folder) and videos and (files := one_recording(videos)):
        return Camera(folder.name, files[0], more=tuple(files[1:]))
    if images and (images != folder or not videos):
        return Camera(folder.name, str(images), "images")
    return None


def holds(folder: Path) -> str:
    """What a folder that is no camera holds, in words."""
    videos = _videos(folder)
    others = [e for e in _visible(folder) if e.suffix.lower() in OTHER_PICTURES]
    if others and not videos:
        return f"{len(others)} pictures of a kind that is not read, such as {others[0].name}"
    if videos:
        return (
            f"{len(videos)} videos: one camera in parts is written as a list of files in "
            "cameras.yaml, a folder of several cameras is given itself"
        )
    deeper = next(_deeper(folder), None)
    return f"cameras only deeper down, as in {deeper}" if deeper else "no pictures and no videos"


def _visible(folder: Path) -> list[Path]:
    return [entry for entry in sorted(folder.iterdir()) if not entry.name.startswith(".")]


def _look(entry: Path) -> tuple[Camera | None, str | None]:
    """The camera at a path, or why it is none where a user might have meant one."""
    if entry.is_file():
        return _look_at_file(entry)
    if entry.is_symlink() and not entry.exists():
        return None, "a link to nothing"
    if not entry.is_dir() or entry.name in SYSTEM_FOLDERS or (entry / RESULT_FILE).is_file():
        return None, None
    camera = camera_of(entry)
    if NO_CAMERAS.fullmatch(entry.name):
        return None, "by its name no camera" if camera else None
    if camera:
        pictures = sum(1 for _ in list_images(entry)) if camera.kind == "video" else 0
        return camera, f"{pictures} pictures beside its video" if pictures > MANY_PICTURES else None
    found = holds(entry)
    return None, None if found.startswith("no ") else found


def _look_at_file(path: Path) -> tuple[Camera | None, str | None]:
    suffix = path.suffix.lower()
    if suffix in VIDEO_SUFFIXES:
        return Camera(path.stem, str(path)), None
    if reason := _no_video_by_name(path):
        return None, reason
    if suffix in NO_VIDEO | SUFFIXES or not _is_binary(path):
        return None, None
    from mtmc.sources.opening import is_video

    name = path.stem if suffix else path.name
    return (Camera(name, str(path)), None) if is_video(path) else (None, "not a video")


def _no_video_by_name(path: Path) -> str | None:
    if OTHER_CAMERA_FILE.fullmatch(path.name):
        return f"is not read; the list of cameras is called {CAMERA_FILES[0]}"
    reasons = (
        (UNFINISHED, "seems unfinished"),
        (POINTERS, f"no video itself; its address goes into {CAMERA_FILES[0]}"),
        (OTHER_PICTURES, "a picture of a kind that is not read"),
    )
    return next((why for suffixes, why in reasons if path.suffix.lower() in suffixes), None)


def _is_binary(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return b"\0" in file.read(4096)
    except OSError:
        return False


def _videos(folder: Path) -> list[Path]:
    return [e for e in _visible(folder) if e.suffix.lower() in VIDEO_SUFFIXES and e.is_file()]


def _deeper(folder: Path, depth: int = 3) -> Iterator[Path]:
    """Videos and pictures in the folders below, a few levels down."""
    for entry in _visible(folder)[:200]:
        if not entry.is_dir() or entry.is_symlink() or (entry / RESULT_FILE).is_file():
            continue
        yield from _videos(entry)[:1]
        yield from list_images(entry, limit=1)
        if depth > 1:
            yield from _deeper(entry, depth - 1)


def _count(things: Iterator[Path], name: str) -> str:
    number = sum(1 for _ in things)
    return f"{number} {name}{'' if number == 1 else 's'}"
