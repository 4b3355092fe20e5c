"""A network in a file: its input, its answers and what it says of itself."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtmc.detectors.network.narrow import Size
from mtmc.detectors.network.preprocess import Preprocess, to_tensor
from mtmc.errors import UserError
from mtmc.reid.errors import one_line
from mtmc.types import Image

DTYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(uint8)": "uint8",
    "tensor(int64)": "int64",
    "tensor(int32)": "int32",
    "tensor(bool)": "bool",
}
PIXELS = {"float32", "float16", "float64", "uint8"}
Values = dict[str, NDArray[Any]]  # of the inputs, by name

LARGEST = 4096  # px of an input's side; more is a damaged file, or fills the memory
NAMES = ("names", "class_names", "classes", "id2label", "labels")  # where files name classes
TEXT = 100_000  # characters of names; more are nobody's


class Network:
    """An opened file.

    Args:
        path: the file.
        image_size: px of the input's sides where the file leaves them open.
        session: of ONNX Runtime, or with its calls.

    Attributes:
        batch: images in each call, None where any number is fine.
        size: ``(height, width)`` px of the input.
        dtype: numpy's name of the input's numbers.
        names: of the outputs.
        sized: whether it is told the size of the picture, too.
        metadata: what the file says of itself.
        at_once: images that it works on beside its caller, 0 where it does not.

    Raises:
        UserError: the network takes no images.
    """

    at_once = 0

    def __init__(self, path: Path, image_size: int, session: Any) -> None:
        self._path, self._session = path, session
        inputs = self._session.get_inputs()
        image = _image_input(inputs)
        if image is None:
            raise self._wrong_input(inputs)
        self._image, self.dtype = image.name, DTYPES[image.type]
        self._batched = len(image.shape) == 4  # torchvision's have no such axis
        batch, *shape = image.shape if self._batched else (1, *image.shape)
        self.batch = batch if isinstance(batch, int) and batch > 0 else None
        self._channels_last = shape[2] == 3 != shape[0]
        self.size = self._size(shape[:2] if self._channels_last else shape[1:], image_size)
        self._extras: dict[str, NDArray[Any]] = {}
        for other in (i for i in inputs if i is not image):
            value = _extra(other, self.size)
            if value is None:
                raise self._wrong_input(inputs)
            self._extras[other.name] = value
        self.sized = any("size" in name.lower() for name in self._extras)
        self.names = tuple(output.name for output in self._session.get_outputs())
        self.metadata = self._metadata()

    def run(self, batch: Sequence[Image], preprocess: Preprocess) -> list[NDArray[Any]]:
        """The outputs for images of the input's size; floats as float32.

        Raises:
            UserError: the network cannot be run on them.
        """
        (outputs,) = ([output.copy() for output in o] for o in self.run_each([batch], preprocess))
        return outputs

    def run_each(
        self, batches: Iterable[Sequence[Image]], preprocess: Preprocess
    ) -> Iterator[list[NDArray[Any]]]:
        """The outputs for each of some batches, in order, valid until the next is asked for."""
        answers = self._answers(self._given(batch, preprocess) for batch in batches)
        return ([_plain(output) for output in outputs] for outputs in answers)

    def _answers(self, inputs: Iterable[Values]) -> Iterator[list[Any]]:
        for values in inputs:
            with self._explained(Exception):  # ONNX Runtime's have no common base but this
                outputs = self._session.run(None, values)
            yield outputs

    @contextmanager
    def _explained(self, kind: type[Exception]) -> Iterator[None]:
        try:
            yield
        except kind as error:
            raise UserError(
                f"{self._path}: cannot be run on images of {self.size[1]}x{self.size[0]} px: "
                f"{one_line(error, 200)}"
            ) from error

    def _given(self, batch: Sequence[Image], preprocess: Preprocess) -> Values:
        """The values of all inputs."""
        images = to_tensor(batch, preprocess, self.dtype)
        if self._channels_last:
            images = np.ascontiguousarray(images.transpose(0, 2, 3, 1))
        return self._named(images)

    def _named(self, images: NDArray[Any]) -> Values:
        values = {self._image: images if self._batched else images[0]}
        for name, value in self._extras.items():
            values[name] = np.repeat(value, len(images), axis=0)
        return values

    def side_by_side(self, count: int) -> None:
        """Make ready for so many images at a time, where that makes a difference."""

    def suited(self, picture: Size) -> Network:
        """The same for pictures ``(height, width)`` without padding, where that can be had."""
        del picture
        return self

    def class_names(self) -> dict[int, str]:
        """Names of the classes by number, as exporters store them; empty where there are none."""
        for key in NAMES:
            names = _parse_names(self.metadata.get(key, "")[:TEXT])
            if names:
                return names
        return {}

    @property
    def iou(self) -> float | None:
        """Above which overlap boxes are dropped, where the file says so."""
        try:
            said = float(self.metadata.get("iou_threshold", ""))
        except ValueError:
            return None
        return said if 0 < said <= 1 else None

    def _size(self, sides: list[Any], image_size: int) -> tuple[int, int]:
        height, width = (side if isinstance(side, int) else image_size for side in sides)
        if min(height, width) < 1 or max(height, width) > LARGEST:
            raise UserError(
                f"{self._path}: takes images of {width}x{height} px; expected 1 to {LARGEST} a side"
            )
        return height, width

    def _metadata(self) -> dict[str, str]:
        try:
            return dict(self._session.get_modelmeta().custom_metadata_map)
        except UnicodeDecodeError as error:
            raise UserError(f"{self._path}: damaged, its metadata is no text") from error

    def _wrong_input(self, inputs: Any) -> UserError:
        found = ", ".join(f"{i.name} {i.shape} {i.type}" for i in inputs)[:200]
        return UserError(
            f"{self._path}: expected one image input (B, 3, H, W) or (B, H, W, 3) of floats or "
            f"uint8, got {found or 'none'}; not a detector this tool can run"
        )


def _image_input(inputs: Any) -> Any:
    """The input that takes pictures of three channels; None where there is none."""
    for value in inputs:
        shape = list(value.shape or ())
        if DTYPES.get(value.type) not in PIXELS or len(shape) not in {3, 4}:
            continue
        first, last = shape[-3], shape[-1]
        if 3 in (first, last) or not isinstance(first, int):
            return value
    return None


def _extra(value: Any, size: tuple[int, int]) -> NDArray[Any] | None:
    """What another input is given for an image of ``(height, width)`` px; None if unknown."""
    height, width = size
    name, dtype = value.name.lower(), DTYPES.get(value.type)
    if "size" in name:  # RT-DETR: of the picture, so that boxes come in its pixels
        return np.array([[width, height]], dtype)
    if name == "im_shape":  # PaddleDetection
        return np.array([[height, width]], dtype)
    if name == "scale_factor":
        return np.ones((1, 2), dtype)
    if name == "pixel_mask":  # transformers: where the picture is no padding
        sides = [v if isinstance(v, int) else s for v, s in zip(value.shape[1:], size, strict=True)]
        return np.ones((1, *sides), dtype)
    return None


def _plain(output: Any) -> NDArray[Any]:
    values = np.asarray(output)
    return values.astype(np.float32, copy=False) if values.dtype.kind == "f" else values


def _parse_names(text: str) -> dict[int, str]:
    """``{0: 'person'}``, ``['person']``, as Python or as JSON; or one name a line."""
    names: Any = None
    for parse in (ast.literal_eval, json.loads):
        try:
            names = parse(text)
            break
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
    if isinstance(names, (list, tuple)):
        names = dict(enumerate(names))
    if not isinstance(names, dict):
        return {}
    try:
        numbered = {int(number): str(name) for number, name in names.items()}
    except (ValueError, TypeError):
        return {}
    return numbered if set(numbered) == set(range(len(numbered))) else {}
