"""Several processes learn what one does."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from mtmc.reid.errors import ReidError
from mtmc.reid.training.group import Group, own_device
from mtmc.reid.training.learner import Learner
from tests.reid.training.test_engine import config

CPU = torch.device("cpu")
ROOT = Path(__file__).parents[3]
LOSSES = ["hard", "soft", "none"]


def learn(group, triplet):
    """Gradients of one step and weights after three, with batch statistics held still."""
    torch.set_num_threads(1)
    learner = Learner(config(loss={"triplet": triplet}), CPU, group)
    learner.begin(people=4)
    rng = torch.Generator().manual_seed(5)
    images, labels = torch.randn(8, 3, 32, 16, generator=rng), torch.arange(8) // 2
    learner.begin_epoch(1)
    learner.network.eval()  # else each process has statistics of its own part
    grads = []
    for _ in range(3):
        loss = learner.learn(learner.forward(images), labels)["loss"]
        grads += [p.grad.clone() for p in learner._learned if p.grad is not None]
    return {"loss": loss, "grads": grads, "weights": list(learner.weights().values())}


@pytest.mark.slow
def test_two_processes_learn_what_one_does(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    common = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    command = [sys.executable, "-m", "tests.reid.training.test_group", str(tmp_path)]
    started = [
        subprocess.Popen(command, cwd=ROOT, env={**os.environ, **common, "RANK": str(rank)})
        for rank in (0, 1)
    ]
    assert [process.wait(timeout=300) for process in started] == [0, 0]
    for triplet in LOSSES:
        alone = learn(Group(), triplet)
        for rank in (0, 1):
            found = torch.load(tmp_path / f"{triplet}{rank}.pt")
            torch.testing.assert_close(found["loss"], alone["loss"], atol=1e-5, rtol=1e-5)
            for kind in ("grads", "weights"):
                for mine, one in zip(found[kind], alone[kind], strict=True):
                    torch.testing.assert_close(mine, one, atol=1e-5, rtol=1e-4)


def test_a_batch_that_cannot_be_divided_is_refused():
    with pytest.raises(ReidError, match="a batch of 8 images cannot be divided among 3 processes"):
        Learner(config(), CPU, Group(0, 3))


def test_one_process_is_a_group_of_its_own(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    group, batch = Group.join(CPU), torch.arange(6)
    assert (group, group.is_first) == (Group(), True)
    assert torch.equal(group.mine(batch), batch)
    assert group.whole(batch) is batch
    assert torch.equal(Group(1, 2).mine(batch), batch[3:])
    assert own_device(CPU) == CPU


if __name__ == "__main__":
    joined = Group.join(CPU)
    for mining in LOSSES:
        torch.save(learn(joined, mining), f"{sys.argv[1]}/{mining}{joined.rank}.pt")
