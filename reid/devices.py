from __future__ import annotations

import torch

from mtmc.reid.errors import ReidError


def pick_device(device: str | None) -> torch.device:
    """The torch device of that name; the GPU when there is one, else the CPU, for None.

    Raises:
        ReidError: there is no such device.
    """
    if device is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
        raise ReidError(f"device '{device}' cannot be used here: cpu and {gpus} GPU(s)") from error
    return chosen
