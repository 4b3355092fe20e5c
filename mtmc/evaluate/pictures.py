"""The pictures of what was evaluated, as far as there are any."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from mtmc.evaluate.frames import SequencePicture
from mtmc.evaluate.sequences import DEFAULT_FPS, MotSequence
from mtmc.reid.pictures import PictureReader
from mtmc.sources import SourcesConfig, find_cameras, open_cameras
from mtmc.sources.pictures import list_images, numbered
from mtmc.types import Frame

log = logging.getLogger("mtmc")


def sequence_pictures(sequence: MotSequence) -> Iterator[Frame]:
    """The frames of a sequence that there are images of."""
    folder = sequence.image_folder
    images = list(list_images(folder)) if folder.is_dir() else []
    if not images:
        return
    found = numbered(images, sequence.length)
    reader = PictureReader(sequence.name, found.paths, log)
    for path, number in zip(found.paths, found.frames, strict=True):
        yield SequencePicture(sequence, number, path, reader)


def camera_pictures(
    videos: Path | None, last: Mapping[str, int]
) -> tuple[Callable[[str], Iterable[Frame]], Callable[[str], float]]:
    """The frames of cameras, and their rates, by name; those that are not there have none.

    Args:
        videos: as for ``mtmc run``; None where there are none.
        last: frame of each camera.
    """
    cameras = find_cameras(videos) if videos else []
    readers = open_cameras([c for c in cameras if c.name in last], SourcesConfig())
    by_name = {reader.name: reader for reader in readers}

    def frames(name: str) -> Iterator[Frame]:
        reader = by_name.get(name)
        if reader is None:
            return
        reader.start()
        try:
            for frame in iter(lambda: next(reader, None), None):
                if frame.index > last[name]:
                    break
                yield frame
        finally:
            reader.close()

    return frames, lambda name: by_name[name].fps if name in by_name else DEFAULT_FPS
