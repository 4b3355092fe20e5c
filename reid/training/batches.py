from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from mtmc.reid.training.augment import augment
from mtmc.reid.training.sampler import PeopleSampler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from torch import Tensor

    from mtmc.reid.preprocess import Preprocess
    from mtmc.reid.training.config import TrainConfig


class Batches:
    """All training images as one uint8 tensor on the device, and the batches of each epoch.

    Every random number of an epoch follows from the seed and the epoch alone, so that a resumed
    training repeats nothing and misses nothing.

    Args:
        config: sampling, augmentation and seed.
        pixels: ``(N, 3, H, W) uint8``, as much larger than the input as they are zoomed.
        pids: ``(N,) int64`` people as classes 0..P-1.
        preprocess: how images are normalised, and the size of augmented ones.
        device: where they are held.

    Raises:
        ReidError: the images do not suit P x K sampling.
    """

    def __init__(
        self,
        config: TrainConfig,
        pixels: NDArray[np.uint8],
        pids: NDArray[np.int64],
        preprocess: Preprocess,
        device: torch.device,
    ) -> None:
        self._config, self._preprocess, self._device = config, preprocess, device
        self._sampler = PeopleSampler(pids, config.sampler)
        self._pixels = _held(torch.from_numpy(pixels), device)
        self._labels = torch.from_numpy(pids).to(device)
        self._mean = torch.tensor(preprocess.mean, device=device)
        self._std = torch.tensor(preprocess.std, device=device)

    def __len__(self) -> int:
        return len(self._labels)

    def plain(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Images ``(N, 3, H, W)`` of these numbers as they are, normalised, and their people."""
        raw = self._pixels[rows.to(self._pixels.device)].to(self._device)
        images = self._preprocess.normalize_tensor(raw)
        images = images.contiguous(memory_format=torch.channels_last)
        return images, self._labels[rows.to(self._device)]

    def epoch(self, epoch: int) -> Iterator[tuple[NDArray[np.int64], Tensor, Tensor]]:
        """Image numbers ``(N,)``, augmented images ``(N, 3, H, W)`` and people ``(N,)``."""
        rng = np.random.default_rng([self._config.seed, epoch])
        seed = int(rng.integers(2**62))
        torch.manual_seed(seed)  # for networks with dropout
        device_rng = torch.Generator(self._device).manual_seed(seed)
        size = self._preprocess.size
        for chosen in self._sampler.epoch(rng):
            rows = torch.from_numpy(chosen)
            raw = self._pixels[rows.to(self._pixels.device)].to(self._device)
            images = augment(raw, size, self._config.augment, self._mean, self._std, device_rng)
            images = images.contiguous(memory_format=torch.channels_last)
            yield chosen, images, self._labels[rows.to(self._device)]


def _held(pixels: Tensor, device: torch.device) -> Tensor:
    """On the device, unless that would take more than half of a GPU's free memory."""
    if device.type == "cuda" and pixels.nbytes > torch.cuda.mem_get_info(device)[0] / 2:
        return pixels
    return pixels.to(device)
