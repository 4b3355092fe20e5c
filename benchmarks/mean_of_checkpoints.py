"""One network of several that were trained from one another: the mean of their weights.

uv run python benchmarks/mean_of_checkpoints.py OUT.pt A/best.pt B/best.pt [...]

Source: Wortsman et al., "Model soups", ICML 2022 (uniform soup).
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from mtmc.reid.checkpoint import Checkpoint


def main() -> None:
    """Write the mean; what else a checkpoint holds is the first one's, less classification."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("checkpoints", type=Path, nargs="+")
    options = parser.parse_args()
    parts = [Checkpoint.open(path) for path in options.checkpoints]
    weights = {}
    for name, value in parts[0].weights.items():
        if value.is_floating_point():
            stacked = torch.stack([part.weights[name].double() for part in parts])
            weights[name] = stacked.mean(0).to(value.dtype)
        else:
            weights[name] = value
    replace(parts[0], weights=weights, classifiers={}, metrics={}).save(options.out)


if __name__ == "__main__":
    main()
