"""The one checkpoint file: everything that serving and evaluating a model takes.

Plain types only (numbers, strings, lists, dicts, tensors), so that reading one runs no code.
"""

from __future__ import annotations

import pickle
import platform
import warnings
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from mtmc import __version__
from mtmc.reid.atomic import atomic_file
from mtmc.reid.errors import ReidError, one_line
from mtmc.reid.models import build
from mtmc.reid.models.ensemble import Ensemble
from mtmc.reid.models.staged import UpTo
from mtmc.reid.preprocess import Preprocess

if TYPE_CHECKING:
    from pathlib import Path

    from mtmc.reid.models.base import EmbeddingNet

FORMAT = "reid-checkpoint"
VERSION = 1


# Arguments that fetch weights or read other files; a checkpoint holds its own.
SOURCES = ("pretrained", "checkpoint_path", "cache_dir")
KINDS: dict[str, type] = {
    "model": str,
    "args": dict,
    "weights": dict,
    "dim": int,
    "members": list,
    "classifiers": dict,
    "metrics": dict,
    "config": dict,
    "versions": dict,
}


def library_versions() -> dict[str, str]:
    """Versions worth knowing when a file misbehaves years later."""
    names = ("torch", "torchvision", "numpy")
    own = {"python": platform.python_version(), "mtmc": __version__}  # also where not installed
    return {**own, **{name: version(name) for name in names}}


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A trained model with what it takes to use it.

    Args:
        model: registered name of the architecture.
        args: the architecture's arguments, but for those that would fetch weights.
        weights: its state dict, on the CPU.
        preprocess: how crops become input.
        dim: embedding size.
        members: further sets of weights of a model average (SWAG samples); where there are any,
            they embed together and ``weights`` is their mean.
        classifiers: state dict of the classification layers, one per classified vector, for a
            student to learn from (see `reid.training.teacher`); serving ignores them. May be empty.
        metrics: what it reached (``rank1``, ``mAP``, ...) and on what (``dataset``); may be empty.
        config: the training configuration; may be empty.
        versions: of the libraries that wrote the file.
    """

    model: str
    args: dict[str, Any]
    weights: dict[str, Tensor]
    preprocess: Preprocess
    dim: int
    members: list[dict[str, Tensor]] = field(default_factory=list)
    classifiers: dict[str, Tensor] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=library_versions)

    def __post_init__(self) -> None:
        object.__setattr__(self, "args", _without_sources(self.args))

    def save(self, path: Path) -> None:
        """Write the file; it appears complete or not at all."""
        fields = {**vars(self), "preprocess": self.preprocess.to_dict()}
        fields["weights"] = _on_cpu(self.weights)
        fields["classifiers"] = _on_cpu(self.classifiers)
        fields["members"] = [_on_cpu(member) for member in self.members]
        save_plain({"format": FORMAT, "version": VERSION, **fields}, path)

    @classmethod
    def open(cls, path: Path) -> Checkpoint:
        """Read a file.

        Raises:
            ReidError: it is missing, damaged, or something else than a checkpoint of ours.
        """
        fields = load_plain(path)
        if not isinstance(fields, dict) or fields.pop("format", None) != FORMAT:
            raise ReidError(
                f"{path}: a torch file, but not a checkpoint of this project; "
                "expected best.pt as written by `reid train`; OSNet weights of torchreid: "
                f"`reid import {path}`"
            )
        version = fields.pop("version", None)
        if version != VERSION:
            raise ReidError(f"{path}: checkpoint version {version}, this program reads {VERSION}")
        try:
            _check_kinds(fields)
            fields["preprocess"] = Preprocess.from_dict(fields["preprocess"])
            return cls(**fields)
        except (KeyError, TypeError, ValueError) as error:
            raise ReidError(
                f"{path}: incomplete or damaged checkpoint ({one_line(error)})"
            ) from error

    def build(self, exit: str | None = None) -> EmbeddingNet:
        """The network with its weights (or the ensemble of its members), in evaluation mode.

        Args:
            exit: where to leave a network with several exits; None for its end.

        Raises:
            ReidError: the weights do not fit the architecture, or there is no such exit.
        """
        networks = [self._build(weights) for weights in self.members or [self.weights]]
        network = Ensemble(networks) if self.members else networks[0]
        return (network if exit is None else UpTo(network, exit)).eval()

    def build_classifiers(self, network: EmbeddingNet) -> nn.ModuleList:
        """The classification layers of ``network``; none where the file has none.

        Raises:
            ReidError: they do not fit the network.
        """
        layers = nn.ModuleList()
        if not self.classifiers:
            return layers
        try:
            people = len(self.classifiers["0.weight"])
            layers = classification_layers(network, people, bias="0.bias" in self.classifiers)
            layers.load_state_dict(self.classifiers)
        except Exception as error:  # whatever a damaged file makes of torch's own functions
            raise ReidError(
                f"the classification layers do not fit {self.model}: {one_line(error, 200)}"
            ) from error
        return layers

    def _build(self, weights: dict[str, Tensor]) -> EmbeddingNet:
        misfit = f"the weights do not fit {self.model} {str(self.args)[:200]}"
        if not _fits(self, weights):
            raise ReidError(f"{misfit}: other names or sizes")
        try:
            network = build(self.model, **self.args)
            network.load_state_dict(weights)
        except ReidError:
            raise
        except Exception as error:  # whatever the arguments of a damaged file lead to
            raise ReidError(f"{misfit}: {one_line(error, 200)}") from error
        if network.dim != self.dim:
            raise ReidError(f"{misfit}: embeddings of {network.dim} numbers, {self.dim} expected")
        return network.eval()


def _fits(checkpoint: Checkpoint, weights: dict[str, Tensor]) -> bool:
    """Whether the architecture has parameters of these sizes; asked without making them.

    Arguments of a damaged file could ask for more memory than there is.
    """
    try:
        with torch.device("meta"):
            wanted = build(checkpoint.model, **checkpoint.args).state_dict()
    except Exception:  # not every architecture can be made so; wrong arguments are said later
        return True
    return {k: v.shape for k, v in wanted.items()} == {k: v.shape for k, v in weights.items()}


def _check_kinds(fields: dict[str, Any]) -> None:
    """Raise ValueError for the first field of the wrong type."""
    for name, kind in KINDS.items():
        if name in fields and not isinstance(fields[name], kind):
            raise ValueError(f"{name} is a {type(fields[name]).__name__}, not a {kind.__name__}")
    members = fields.get("members", [])
    for part in (fields["weights"], fields.get("classifiers", {}), *members):
        named = isinstance(part, dict) and all(isinstance(key, str) for key in part)
        if not named or not all(isinstance(value, Tensor) for value in part.values()):
            raise ValueError("weights that are no tensors with names")
    if not all(isinstance(key, str) for key in fields["args"]):
        raise ValueError("arguments without names")


def _without_sources(args: Any) -> Any:
    if not isinstance(args, dict):
        return args
    return {
        key: _without_sources(value)
        for key, value in args.items()
        if not (isinstance(key, str) and key.startswith(SOURCES))
    }


def classification_layers(network: EmbeddingNet, people: int, *, bias: bool) -> nn.ModuleList:
    """One layer per classified vector of a network, in order, with random weights."""
    dims = [vector.dim for vector in network.vectors if vector.classified]
    return nn.ModuleList(nn.Linear(dim, people, bias=bias) for dim in dims)


def _on_cpu(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu() for name, tensor in weights.items()}


def save_plain(content: dict[str, Any], path: Path) -> None:
    """Write a torch file; it appears complete or not at all."""
    with atomic_file(path) as file:
        torch.save(content, file)


def load_plain(path: Path, expected: str = "best.pt as written by `reid train`") -> Any:
    """Read a torch file of plain types onto the CPU.

    Args:
        path: of the file.
        expected: what it should be, for messages.

    Raises:
        ReidError: it is missing, not a torch file, damaged, or holds more than plain types.
    """
    if not path.is_file():
        raise ReidError(f"{path}: no such file; expected {expected}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is wrong with the file is said below
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ReidError(
            f"{path}: holds Python objects other than plain types, so it is not opened; "
            f"expected {expected}"
            if _is_zip(path)
            else f"{path}: not a torch file; expected {expected}"
        ) from error
    except Exception as error:  # torch raises RuntimeError, EOFError, KeyError, ... for damage
        raise ReidError(
            f"{path}: damaged or not a torch file ({type(error).__name__}); expected {expected}"
        ) from error


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"PK"
