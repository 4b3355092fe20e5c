"""Images per second of training on a set of Market-1501's size, random pixels.

    uv run python benchmarks/reid_training.py [PRESET] [--steps 50] [--device cuda]

Everything of a training step is included: sampling, augmentation, forward, backward, optimiser.
The last column is what the preset's whole schedule would take at that speed.
"""

from __future__ import annotations

import argparse
import time
from itertools import islice

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from mtmc.reid.configuration import read_config
from mtmc.reid.devices import pick_device
from mtmc.reid.preprocess import Preprocess
from mtmc.reid.presets import find_config
from mtmc.reid.training.batches import Batches
from mtmc.reid.training.config import TrainConfig
from mtmc.reid.training.learner import Learner

IMAGES, PEOPLE, WARMUP = 12936, 751, 3


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("preset", nargs="?", default="robust_reid_2x_market1501")
    parser.add_argument("--set", action="append", default=[], metavar="K=V")
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--device")
    options = parser.parse_args()
    config = read_config(TrainConfig, find_config(options.preset), options.set)
    device = pick_device(options.device)
    learner = Learner(config, device)
    learner.begin(PEOPLE)
    size = config.input_size or learner.network.input_size
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (IMAGES, 3, *size), dtype=np.uint8)
    batches = Batches(config, pixels, rng.integers(0, PEOPLE, IMAGES), Preprocess(size), device)
    learner.begin_epoch(1)
    for number, (_, images, labels) in enumerate(islice(batches.epoch(1), options.steps + WARMUP)):
        if number == WARMUP:
            _wait(device)
            start = time.perf_counter()
        learner.learn(learner.forward(images), labels)
    _wait(device)
    speed = options.steps * config.sampler.batch_size / (time.perf_counter() - start)
    hours = config.schedule.epochs * IMAGES / speed / 3600
    table = Table("preset", "device", "precision", "images/s", "epochs", "whole schedule, h")
    table.add_row(
        options.preset,
        torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU",
        config.precision,
        f"{speed:.1f}",
        str(config.schedule.epochs),
        f"{hours:.2f}",
    )
    Console().print(table)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


if __name__ == "__main__":
    main()
