"""Every reading of Robust-ReID's Table 1 that its text leaves open: parameters and multiply-adds.

uv run python benchmarks/robust_reid_readings.py [--top 12]

The paper prints 2.9 M and 0.72 G for 1x, 6.4 M and 1.68 G for 2x. A reading is one choice from each
row of `CHOICES`; those are listed first whose worst relative error over the four figures is least.
Counted by formula (no network is built); `plain` is checked against the network in `reid.models`.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from itertools import product
from typing import Any

PRINTED = {"1x": (2.9e6, 0.72e9), "2x": (6.4e6, 1.68e9)}
SIZES: dict[str, dict[str, Any]] = {
    "1x": {"stem": 32, "channels": (128, 256, 384), "repeats": (7, 10, 7), "fc": 512},
    "2x": {"stem": 36, "channels": (240, 320, 480), "repeats": (8, 11, 8), "fc": 960},
}
REGIONS = ((24, 28), (12, 14), (6, 7))
CHOICES: dict[str, tuple[Any, ...]] = {
    "widens": ("first", "last"),  # which Shuffle-B of a stage brings the channels
    "separate": (False, True),  # a local branch for each region
    "local_stride": (1, 2),
    "blend": (True, False),  # a 1x1 convolution over spatial times channel attention
    "reduction": (16, 8, 4),
    "regions": ("concatenated", "averaged", "each"),  # what FC Local sees
    "fc_bias": (False, True),
    "statistics": (False, True),  # batch normalisation's running means counted
    "classes": (0, 702, 751),
    "classifiers": (2, 1),  # one per part, or one on both together
    "repeat_counts_b": (False, True),  # whether the printed repeats include a Shuffle-B
    "width": ("half", "whole"),  # channels inside a block's branch
}
PLAIN = {name: values[0] for name, values in CHOICES.items()}


@dataclass
class Count:
    """Parameters and multiply-adds so far."""

    statistics: bool
    parameters: float = 0
    macs: float = 0

    def conv(
        self, inputs: int, outputs: int, kernel: int, place: float, *, groups: int = 1,
        norm: bool = True, copies: int = 1,
    ) -> None:  # fmt: skip
        """A convolution without bias at `place` positions, `copies` with weights of their own."""
        weights = inputs * outputs * kernel * kernel // groups
        self.parameters += copies * (weights + (outputs * (4 if self.statistics else 2)) * norm)
        self.macs += weights * place

    def linear(self, inputs: int, outputs: int, *, bias: bool, norm: bool = True) -> None:
        """A fully connected layer."""
        self.parameters += inputs * outputs + outputs * bias
        self.parameters += outputs * (4 if self.statistics else 2) * norm
        self.macs += inputs * outputs


def _shuffle_b(
    count: Count, inputs: int, outputs: int, place: float, after: float, inner: int, copies: int = 1
) -> None:
    half = outputs // 2
    count.conv(inputs, inputs, 3, after, groups=inputs, copies=copies)
    count.conv(inputs, half, 1, after, copies=copies)
    count.conv(inputs, inner, 1, place, copies=copies)
    count.conv(inner, inner, 3, after, groups=inner, copies=copies)
    count.conv(inner, half, 1, after, copies=copies)


def _stage(count: Count, read: dict[str, Any], inputs: int, outputs: int, repeats: int,
           place: int) -> None:  # fmt: skip
    wide = outputs if read["widens"] == "first" else inputs
    whole = read["width"] == "whole"
    _shuffle_b(count, inputs, wide, place, place, wide if whole else wide // 2)
    half = wide // 2
    inner = wide if whole else half
    for _ in range(repeats - read["repeat_counts_b"]):
        count.conv(half, inner, 1, place)
        count.conv(inner, inner, 3, place, groups=inner)
        count.conv(inner, half, 1, place)
    _shuffle_b(count, wide, outputs, place, place / 4, outputs if whole else outputs // 2)


def _soft(count: Count, read: dict[str, Any], channels: int, place: int) -> None:
    count.parameters += 10 + 2  # 3x3 and 1x1 on one channel, with bias
    count.macs += 9 * place / 4 + place
    few = channels // read["reduction"]
    count.parameters += 2 * channels * few + channels + few
    count.macs += 2 * channels * few
    if read["blend"]:
        count.conv(channels, channels, 1, place)


def size(read: dict[str, Any], name: str) -> tuple[float, float]:
    """Parameters and multiply-adds of one network under one reading."""
    net = SIZES[name]
    count = Count(read["statistics"])
    stem = net["stem"]
    count.conv(3, stem, 3, 80 * 32)
    inputs = stem
    copies = 4 if read["separate"] else 1
    for level, (outputs, repeats) in enumerate(zip(net["channels"], net["repeats"], strict=True)):
        place = 80 * 32 // 4**level
        _stage(count, read, inputs, outputs, repeats, place)
        _soft(count, read, outputs, place // 4)
        count.linear(outputs, 8, bias=True, norm=False)
        rows, columns = REGIONS[level]
        region = 4 * rows * columns
        after = region if read["local_stride"] == 1 else region / 4
        inner = outputs if read["width"] == "whole" else outputs // 2
        _shuffle_b(count, inputs, outputs, region, after, inner, copies)
        inputs = outputs
    last, fc = net["channels"][-1], net["fc"]
    count.parameters += 2 * last  # GeM
    count.linear(last, fc, bias=read["fc_bias"])
    seen = {"concatenated": 4 * last, "averaged": last, "each": last}[read["regions"]]
    for _ in range(4 if read["regions"] == "each" else 1):
        count.linear(seen, fc, bias=read["fc_bias"])
    parts = 5 if read["regions"] == "each" else 2
    # Two classifiers see a part each, one sees all of them: the same number of weights for two.
    per_class = fc * parts if read["classifiers"] == 2 else fc
    count.parameters += per_class * read["classes"]
    count.macs += per_class * read["classes"]
    return count.parameters, count.macs


def main() -> None:
    """Print the readings nearest to the paper."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--top", type=int, default=12)
    options = parser.parse_args()
    from mtmc.reid.models import build
    from mtmc.reid.models.profile import profile

    for name in SIZES:
        ours, counted = profile(build(f"robust_reid_{name}")), size(PLAIN, name)
        off = [a / b - 1 for a, b in zip(counted, (ours.parameters, ours.flops), strict=True)]
        print(f"plain {name}: {counted[0] / 1e6:.3f} M, {counted[1] / 1e9:.3f} G; "
              f"off the network by {off[0]:+.2%}, {off[1]:+.2%}")  # fmt: skip
    rows = []
    for values in product(*CHOICES.values()):
        read = dict(zip(CHOICES, values, strict=True))
        if not read["classes"] and read["classifiers"] == 1:
            continue
        errors = [
            found / printed - 1
            for name in SIZES
            for found, printed in zip(size(read, name), PRINTED[name], strict=True)
        ]
        rows.append((max(map(abs, errors)), errors, read))
    rows.sort(key=lambda row: row[0])
    print(f"{len(rows)} readings; errors of 1x parameters, 1x FLOPs, 2x parameters, 2x FLOPs")
    for worst, errors, read in rows[: options.top]:
        changed = {k: v for k, v in read.items() if v != PLAIN[k]}
        print(f"{worst:6.1%} ", " ".join(f"{e:+6.1%}" for e in errors), changed or "plain")
    plain = next(i for i, row in enumerate(rows) if row[2] == PLAIN)
    print(f"plain is number {plain + 1}: {rows[plain][0]:.1%}")
    ratios = [r for r in rows if abs(r[1][0]) < 0.03 and abs(r[1][2]) < 0.03]
    print(f"both parameter counts within 3 %: {len(ratios)}; nearest in FLOPs:")
    for _, errors, read in sorted(ratios, key=lambda r: max(abs(r[1][1]), abs(r[1][3])))[:5]:
        changed = {k: v for k, v in read.items() if v != PLAIN[k]}
        print("       ", " ".join(f"{e:+6.1%}" for e in errors), changed)


if __name__ == "__main__":
    main()
