"""Detectors in OpenVINO's format or in ONNX, run by OpenVINO."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from mtmc.detectors.network.detector import NetworkConfig, NetworkDetector
from mtmc.detectors.network.layouts import Labelled
from mtmc.detectors.network.narrow import Size, filled, narrowed
from mtmc.detectors.network.network import Network, Values
from mtmc.detectors.network.onnx import onnx_file
from mtmc.detectors.network.preprocess import IMAGENET_MEAN, IMAGENET_STD, Preprocess
from mtmc.errors import UserError
from mtmc.reid.openvino_session import OpenvinoSession, Pixels, where_to_get
from mtmc.types import Image

PEOPLE = ("person", "pedestrian")  # in the names of the Open Model Zoo's models of people,
OTHERS = ("vehicle", "bike")  # and in those of models of more


@dataclass(frozen=True)
class OpenvinoConfig(NetworkConfig):
    """Settings of the ``openvino`` detector, which runs on the CPU.

    Args:
        weights: the ``.xml`` file, beside which is its ``.bin``, a folder with one, or an ``.onnx``
            file.
    """


class OpenvinoDetector(NetworkDetector):
    """People by a network in OpenVINO's format or in ONNX.

    Raises:
        UserError: the file is missing, cannot be opened, or is no detector of people.
    """

    Config: ClassVar = OpenvinoConfig

    def __init__(self, config: OpenvinoConfig, root: Path) -> None:
        del root
        path = openvino_file(config.weights)
        try:
            session = OpenvinoSession(path, config.threads)
        except ValueError as error:
            raise UserError(f"{path}: {error}") from error
        self._name = path.stem
        super().__init__(config, OpenvinoNetwork(path, config.image_size, session))

    def _people_classes(self) -> tuple[int, ...]:
        """The Open Model Zoo gives people the number 0 or 1, and only a name tells who is found."""
        known = self._network.class_names() or self._config.person_class is not None
        if not known and isinstance(self._layout, Labelled) and _of_people_only(self._name):
            return (0, 1)
        return super()._people_classes()


class OpenvinoNetwork(Network):
    """A network that OpenVINO runs, one image on each thread where there are several."""

    def __init__(self, path: Path, image_size: int, session: OpenvinoSession) -> None:
        super().__init__(path, image_size, session)
        self._engine, self.at_once = session, session.threads
        self._prepared: Pixels | None = None
        self._narrower: dict[Size, Network] = {self.size: self}
        if any(None in port.shape for port in session.get_inputs()) and session.fix(self._shapes()):
            self.batch = self.batch or 1

    def _shapes(self) -> dict[str, Sequence[int]]:
        """Of all inputs, for one image where their number is open."""
        blank: Any = np.broadcast_to(np.uint8(0), (self.batch or 1, 3, *self.size))
        if self._channels_last:
            blank = blank.transpose(0, 2, 3, 1)
        return {name: value.shape for name, value in self._named(blank).items()}

    def side_by_side(self, count: int) -> None:
        """See `Network`."""
        self._engine.side_by_side(count)

    def suited(self, picture: Size) -> Network:
        """See `Network`."""
        wanted = filled(picture, self.size)
        if wanted not in self._narrower:
            self._narrower[wanted] = self._narrowed(wanted) or self
        return self._narrower[wanted]

    def _narrowed(self, wanted: Size) -> OpenvinoNetwork | None:
        if self._extras or not self._batched:
            return None
        engine = self._engine.changed(lambda model: narrowed(model, self.size, wanted))
        if engine is None:
            return None
        other = copy(self)
        other._session = other._engine = engine
        other.size, other._prepared = wanted, None
        return other

    def _answers(self, inputs: Iterable[Values]) -> Iterator[list[Any]]:
        with self._explained(RuntimeError):
            answers = self._engine.run_each(inputs)
        return self._awaited(answers)

    def _awaited(self, answers: Iterator[list[Any]]) -> Iterator[list[Any]]:
        with self._explained(RuntimeError):
            yield from answers

    def _given(self, batch: Sequence[Image], preprocess: Preprocess) -> Values:
        if self.dtype == "uint8" or not self._batched:
            return super()._given(batch, preprocess)
        if (pixels := _pixels(preprocess)) != self._prepared:
            self._prepared = pixels
            self._engine.take_levels(self._image, pixels, self._channels_last)
        return self._named(batch[0][None] if len(batch) == 1 else np.stack(batch))


def openvino_file(weights: str) -> Path:
    """The model that a name, a file or a folder stands for.

    Raises:
        UserError: there is none, or a folder has several.
    """
    path = Path(weights)
    if not weights:
        raise UserError("detector 'openvino': no weights given; use --detector MODEL.xml")
    if path.is_dir():
        found = sorted(path.glob("*.xml"))
        if len(found) != 1:
            names = ", ".join(file.name for file in found) or "none"
            raise UserError(f"{path}: expected one .xml in this folder, there is {names}")
        return found[0]
    if path.suffix == ".xml" and not path.is_file():
        raise UserError(f"detector weights {weights}: {where_to_get(path)}")
    return path if path.suffix == ".xml" else onnx_file(weights)


def _of_people_only(name: str) -> bool:
    return any(word in name for word in PEOPLE) and not any(word in name for word in OTHERS)


def _pixels(preprocess: Preprocess) -> Pixels:
    rgb, level = preprocess.color == "rgb", 1 / preprocess.scale
    if not preprocess.imagenet:
        return Pixels([0.0] * 3, [level] * 3, rgb)
    step = 1 if rgb else -1
    mean, std = (np.array(each[::step]) * level for each in (IMAGENET_MEAN, IMAGENET_STD))
    return Pixels(mean.tolist(), std.tolist(), rgb)
