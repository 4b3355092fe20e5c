from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from mtmc.reid.commands.display import console
from mtmc.reid.data.decode import read_image
from mtmc.reid.errors import ReidError
from mtmc.reid.evaluation.path_picture import Comparison, draw_comparison
from mtmc.reid.evaluation.picture import write_picture
from mtmc.reid.local_distance import aligned_cells, stripe_distances
from mtmc.reid.torch_embedder import TorchEmbedder


def run(one: Path, other: Path, model: Path, out: Path, device: str | None) -> None:
    """`reid explain`: draw how two crops are aligned, and say how far apart they are.

    Raises:
        ReidError: the model has no local features, or a file cannot be read or written.
    """
    if model.suffix.lower() != ".pt":
        raise ReidError(f"{model}: expected a checkpoint (.pt) of an aligned:<trunk>")
    embedder = TorchEmbedder.open(model, device)
    crops = [read_image(path) for path in (one, other)]
    whole, local = embedder.describe(crops)
    stripes = torch.from_numpy(local)
    cost = stripe_distances(stripes[:1], stripes[1:])[0]
    served = embedder.embed(crops)
    found = Comparison(
        cost.numpy(),
        aligned_cells(cost),
        float(np.linalg.norm(whole[0] - whole[1])),
        1 - float(served[0] @ served[1]),
    )
    seen = embedder.preprocess.resize(crops)
    shown = seen[..., ::-1] if embedder.preprocess.color == "rgb" else seen
    picture = draw_comparison(shown[0], shown[1], (one.name, other.name), found)
    write_picture(picture, out)
    console.print(
        f"global {found.whole:.3f}, local {found.local:.3f}, served cosine distance "
        f"{found.cosine:.3f}; wrote {out}",
        highlight=False,
        soft_wrap=True,
    )
