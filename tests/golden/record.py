"""Records what the shipped networks say of ``data/demo``, for the replay beside this file.

    uv run python -m tests.golden.record

Embeddings are kept in their main directions and all numbers as small integers: some hundred kB.
To be run again only when other networks ship.
"""

from __future__ import annotations

import numpy as np

from mtmc import reid
from mtmc.commands.demo import PRESET, demo_folder
from mtmc.config import choose, load_settings
from mtmc.perception.changes import Changes
from mtmc.perception.cut import cut_out
from mtmc.registry import DETECTORS
from mtmc.sources import SourcesConfig, find_cameras, open_cameras
from tests.golden.replay import ANSWERS, BOX_STEP, CAMERAS, SCORE_STEPS

DIRECTIONS = 64  # of the embeddings


def record() -> None:
    """Asks the networks about every frame and every detection, and writes the answers."""
    settings = load_settings(PRESET)
    plugin = choose(DETECTORS, settings["detector"], "onnx")
    detector, embedder = plugin.cls(plugin.config, demo_folder()), reid.load("simulated")
    cameras, frames, boxes, scores, vectors, changed = [], [], [], [], [], []
    changes = Changes(CAMERAS)
    for number, reader in enumerate(open_cameras(find_cameras(demo_folder()), SourcesConfig())):
        reader.start()
        while (frame := reader.peek()) is not None:
            next(reader)
            (found,) = detector.detect([frame])
            if len(found):
                cameras.append(np.full(len(found), number, np.uint8))
                frames.append(np.full(len(found), frame.index, np.uint16))
                boxes.append(found.boxes)
                scores.append(found.scores)
                shares = changes.shares(frame, found.boxes)
                changed.append(np.full(len(found), np.nan) if shares is None else shares)
                vectors.append(embedder.embed([cut_out(frame.pixels, box) for box in found.boxes]))
        reader.close()
    embeddings = np.concatenate(vectors)
    directions = np.linalg.svd(embeddings, full_matrices=False)[2][:DIRECTIONS]
    short = embeddings @ directions.T
    kept = (short**2).sum() / (embeddings**2).sum()
    print(f"{len(short)} detections, {kept:.1%} of what the embeddings say")
    np.savez_compressed(
        ANSWERS,
        camera=np.concatenate(cameras),
        frame=np.concatenate(frames),
        boxes=np.rint(np.concatenate(boxes) / BOX_STEP).astype(np.int16),
        scores=np.rint(np.concatenate(scores) * SCORE_STEPS).astype(np.uint8),
        changed=np.concatenate(changed).astype(np.float16),
        embeddings=np.rint(127 * short / np.abs(short).max()).astype(np.int8),
    )


if __name__ == "__main__":
    record()
