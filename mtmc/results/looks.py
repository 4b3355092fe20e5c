"""What every tracklet of a run looked like, so that distances can be studied without the videos."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtmc.errors import UserError
from mtmc.files import replacing
from mtmc.tracking.gallery import Gallery
from mtmc.tracking.tracklet import Tracklet
from mtmc.types import TrackKey


def write_looks(path: Path, tracklets: Sequence[Tracklet], max_distance: float) -> None:
    """Write when tracklets were seen and their embeddings, as halves.

    Args:
        path: an ``.npz`` file.
        tracklets: those without embeddings are left out.
        max_distance: what suits the embedder.
    """
    known = [t for t in tracklets if len(t.gallery)]
    galleries = [t.gallery for t in known]
    dim = galleries[0].sum().shape[0] if galleries else 0
    with replacing(path) as partial:
        np.savez(
            partial,
            max_distance=max_distance,
            cameras=np.array([t.key.camera for t in known], dtype=str),
            tracks=np.array([t.key.track_id for t in known], np.int64),
            spans=np.array([(t.start, t.end) for t in known]).reshape(-1, 2),
            frames=np.array([run for t in known for run in t.frames], np.int64).reshape(-1, 2),
            runs=np.array([len(t.frames) for t in known], np.int64),
            members=np.array([len(gallery) for gallery in galleries], np.int64),
            sums=_stack([g.sums().astype(np.float16) for g in galleries], dim),
            weights=_stack([g.weights() for g in galleries], 2),
            times=np.concatenate([np.zeros(0), *(g.times() for g in galleries)]),
        )


def _stack(parts: Sequence[NDArray[np.floating]], width: int) -> NDArray[np.floating]:
    return np.concatenate(parts) if parts else np.zeros((0, width))


def read_looks(path: Path) -> tuple[list[Tracklet], float]:
    """Tracklets with their embeddings, and the distance that suits the embedder.

    Raises:
        UserError: the file is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            data = dict(file)
        runs = np.split(data["frames"], np.cumsum(data["runs"])[:-1])
        bounds = np.cumsum([0, *data["members"]])
        tracklets = []
        for row, camera in enumerate(data["cameras"]):
            mine = slice(bounds[row], bounds[row + 1])
            tracklet = Tracklet(
                TrackKey(str(camera), int(data["tracks"][row])),
                float(data["spans"][row, 0]),
                float(data["spans"][row, 1]),
                frames=runs[row].tolist(),
                gallery=Gallery.of(data["sums"][mine], data["weights"][mine], data["times"][mine]),
            )
            tracklets.append(tracklet)
        return tracklets, float(data["max_distance"])
    except (ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(f"{path}: not a run's looks ({error}); run `mtmc run` again") from error
