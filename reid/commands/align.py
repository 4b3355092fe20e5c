from __future__ import annotations

from pathlib import Path

from rich.table import Table

from mtmc.reid.align import MOST, align
from mtmc.reid.checkpoint import Checkpoint
from mtmc.reid.commands.display import console, counting, print_notes
from mtmc.reid.data import open_dataset
from mtmc.reid.devices import pick_device
from mtmc.reid.embedder import SHIPPED, WEIGHTS
from mtmc.reid.errors import ReidError


def run(source: Path, spec: str, data: Path, target: Path | None, device: str | None) -> None:
    """`reid align`: exits of a checkpoint in one space.

    Raises:
        ReidError: the checkpoint or the dataset cannot be read, or there are no such exits.
    """
    if str(source) == SHIPPED:
        source, target = WEIGHTS / f"{SHIPPED}.pt", target or Path(f"{SHIPPED}_aligned.pt")
    target = target or source.with_name(f"{source.stem}_aligned.pt")
    checkpoint = Checkpoint.open(source)
    dataset = open_dataset(spec, data)
    dataset.need("train")
    print_notes(dataset)
    try:
        with counting("features", min(MOST, len(dataset.train))) as progress:
            result, found = align(checkpoint, dataset.train, pick_device(device), progress)
    except ReidError as error:
        raise ReidError(f"{source}: {error}") from error
    result.save(target)
    table = Table("exit", "GFLOPs", "of all", "cosine", "reliability", title=str(target))
    rows = zip(found.costs, found.cosine, found.reliability, strict=True)
    for number, (cost, cosine, reliability) in enumerate(rows, 1):
        share = f"{100 * cost / found.costs[-1]:.0f} %"
        table.add_row(str(number), f"{cost:.4f}", share, f"{cosine:.3f}", f"{reliability:.3f}")
    console.print(table)
    console.print(
        f"fitted to {found.fitted_to} images; cosine and reliability (its mean square) to the last "
        f"exit: of {found.measured_on} images of other people",
        highlight=False,
        soft_wrap=True,
    )
