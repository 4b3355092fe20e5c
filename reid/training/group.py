"""One training in several processes, as torchrun starts them: each takes a part of every batch.

Batches, losses and random numbers are those of one process, so settings mean what they did. What
each process knows of its part, features and logits, all know before the loss is computed; only
then are there as many triplets as in the whole batch.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, distributed

from mtmc.reid.errors import ReidError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import nn

PATIENCE = timedelta(hours=6)  # while the first process evaluates, the others wait


@dataclass(frozen=True)
class Group:
    """The processes that train one network together.

    Args:
        rank: which of them this is; the first, 0, writes and tells.
        size: how many.
    """

    rank: int = 0
    size: int = 1

    @classmethod
    def join(cls, device: torch.device) -> Group:
        """The group that torchrun started, or this process alone."""
        size = int(os.environ.get("WORLD_SIZE", "1"))
        if size == 1:
            return cls()
        if not distributed.is_initialized():
            backend = "nccl" if device.type == "cuda" else "gloo"
            distributed.init_process_group(backend, timeout=PATIENCE)
        return cls(distributed.get_rank(), distributed.get_world_size())

    @property
    def is_first(self) -> bool:
        """Whether this process writes and tells."""
        return self.rank == 0

    def check_batch(self, size: int) -> None:
        """Hold a batch to parts of one size.

        Raises:
            ReidError: it cannot be divided.
        """
        if size % self.size:
            raise ReidError(
                f"a batch of {size} images cannot be divided among {self.size} processes; change "
                "sampler.people or sampler.images"
            )

    def mine(self, batch: Tensor) -> Tensor:
        """This process's part ``(N / size, ...)`` of a batch ``(N, ...)``."""
        return batch.tensor_split(self.size)[self.rank]

    def whole(self, part: Tensor) -> Tensor:
        """The batch of everybody's parts; gradients go to one's own."""
        if self.size == 1:
            return part
        result: Tensor = _Gathered.apply(part, self)
        return result

    def sum_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Give everybody the gradient of the whole batch."""
        if self.size == 1:
            return
        grads = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([grad.reshape(-1) for grad in grads])
        distributed.all_reduce(flat)
        for grad, part in zip(grads, torch.split(flat, [g.numel() for g in grads]), strict=True):
            grad.copy_(part.view_as(grad))


def own_device(device: torch.device) -> torch.device:
    """Of several GPUs, the one that torchrun means for this process."""
    rank = os.environ.get("LOCAL_RANK")
    if str(device) == "cuda" and rank is not None:
        device = torch.device("cuda", int(rank))
        torch.cuda.set_device(device)
    return device


class _Gathered(torch.autograd.Function):
    """All parts one after the other.

    Everybody computes the same loss of the whole, so what it says of one's own part is known
    without asking.
    """

    @staticmethod
    def forward(ctx: Any, part: Tensor, group: Group) -> Tensor:
        ctx.group = group
        parts = [torch.empty_like(part) for _ in range(group.size)]
        distributed.all_gather(parts, part.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        return ctx.group.mine(grads[0]), None
