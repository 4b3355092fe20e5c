"""Time and memory of the aligned local distance at Market-1501's size.

python benchmarks/local_distance.py [QUERIES GALLERY STRIPES]
"""

from __future__ import annotations

import resource
import sys
import time

import torch
from torch.nn import functional

from mtmc.reid.local_distance import local_distances

MARKET = 3368, 19732, 8
CHANNELS, ROWS = 128, 512


def main() -> None:
    """Compare blocks of random queries with a random gallery, as `reid eval` does."""
    queries, gallery, stripes = map(int, sys.argv[1:]) if len(sys.argv) == 4 else MARKET
    rng = torch.Generator().manual_seed(0)
    one, other = (
        functional.normalize(torch.randn(n, stripes, CHANNELS, generator=rng), dim=2)
        for n in (queries, gallery)
    )
    out = torch.empty(queries, gallery)
    wall, cpu = time.perf_counter(), time.process_time()
    for start in range(0, queries, ROWS):
        out[start : start + ROWS] = local_distances(one[start : start + ROWS], other)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    pairs = queries * gallery
    print(
        f"{queries} x {gallery}, H {stripes}: {wall:.1f} s, {cpu:.1f} CPU s "
        f"({1e6 * cpu / pairs:.2f} us per pair), {memory:.2f} GB, {torch.get_num_threads()} threads"
    )


if __name__ == "__main__":
    main()
