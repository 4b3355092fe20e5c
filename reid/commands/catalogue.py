from __future__ import annotations

import json
from typing import Any, get_args

from rich.console import Console
from rich.table import Table

from mtmc.reid.data import DATASETS
from mtmc.reid.embedder import COLOR, LITE, SHIPPED
from mtmc.reid.models import FAMILIES, FIGURES, FITTED
from mtmc.reid.presets import preset_names
from mtmc.reid.training.recipe import Mining


def run(*, as_json: bool) -> None:
    """`reid list`: everything that has a name."""
    content: dict[str, Any] = {
        "models": [{"name": name, **figures._asdict()} for name, figures in FIGURES.items()],
        "losses": ["cross_entropy", *(f"triplet={m}" for m in get_args(Mining) if m != "none")],
        "datasets": list(DATASETS),
        "presets": preset_names(),
        "weights": [SHIPPED, LITE, COLOR],
    }
    if as_json:
        print(json.dumps(content, indent=2))
        return
    console = Console()
    table = Table("model", "parameters, M", "GFLOPs", "input", "embedding")
    for row in content["models"]:
        table.add_row(
            row["name"],
            f"{row['parameters'] / 1e6:.2f}",
            f"{row['flops'] / 1e9:.3f}",
            "x".join(map(str, row["input_size"])),
            str(row["dim"]),
        )
    for family, (_, argument) in FAMILIES.items():
        if family != FITTED:  # made by `reid align`
            table.add_row(f"{family}<{argument}>", "", "", "", "")
    console.print(table)
    console.print("FLOPs are multiply-adds; classification layers are not counted.")
    for kind in ("losses", "datasets", "presets", "weights"):
        console.print(f"[bold]{kind}[/]: {', '.join(content[kind])}", highlight=False)
