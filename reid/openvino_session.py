"""OpenVINO behind the few calls of ONNX Runtime's session that are made here, on the CPU."""

from __future__ import annotations

import json
import sys
from collections import deque
from copy import copy
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree

import numpy as np

from mtmc.reid.onnx_bounds import LARGEST
from mtmc.reid.threads import available_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Self

    from numpy.typing import NDArray

Values = dict[str, "NDArray[Any]"]  # of a model's inputs, by name

# What ONNX Runtime calls OpenVINO's types.
TYPES = {
    "f32": "tensor(float)", "f16": "tensor(float16)", "f64": "tensor(double)",
    "u8": "tensor(uint8)", "i64": "tensor(int64)", "i32": "tensor(int32)",
    "boolean": "tensor(bool)",
}  # fmt: skip
STEPS = {"Subtract": "Sub", "Add": "Add", "Multiply": "Mul", "Divide": "Div"}  # as ONNX says
PASSING = {"Convert", "Transpose", "FakeQuantize"}


def without_telemetry() -> None:
    """Keep OpenVINO from reporting its import to its maker; call it before.

    Without this module it uses a stub; opting out as it documents would write into the user's home.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]


class Port(NamedTuple):
    """An input or output.

    Args:
        name: of it.
        shape: None for what is open.
        type: as ONNX Runtime names it.
    """

    name: str
    shape: list[int | None]
    type: str


@dataclass(frozen=True)
class Pixels:
    """What a model makes of grey levels before all else.

    Args:
        mean: of levels, per channel, which is subtracted.
        std: of levels, per channel, by which the rest is divided.
        rgb: whether the channels change their order first.
    """

    mean: list[float]
    std: list[float]
    rgb: bool


class _About(NamedTuple):
    custom_metadata_map: dict[str, str]


class OpenvinoSession:
    """A model in OpenVINO's format (``.xml``, ``.bin``) or in ONNX; several threads may run it.

    Args:
        path: the file.
        threads: of the CPU; None or 0 for all that this process may use.

    Raises:
        ImportError: the package is not installed.
        ValueError: the file is no such model, or makes tensors that fill the memory.
    """

    def __init__(self, path: Path, threads: int | None = None) -> None:
        without_telemetry()
        import openvino

        self.threads = threads or available_cores()
        self._core = openvino.Core()
        _check(path)
        try:
            self._model = self._core.read_model(path)
        except RuntimeError as error:
            raise ValueError(_reason(error)) from error
        sizes = (out.partial_shape for node in self._model.get_ops() for out in node.outputs())
        if any(prod(map(_least, shape)) > LARGEST for shape in sizes):
            raise ValueError("makes tensors that fill the memory; not opened")
        self._places = {port.name: place for place, port in enumerate(self.get_inputs())}
        self._served, self._streams = self._model, self.threads
        self._compiled: Any = None
        self._free: deque[Any] = deque()

    def get_inputs(self) -> list[Port]:
        """What it is given."""
        return [_port(each) for each in self._model.inputs]

    def get_outputs(self) -> list[Port]:
        """What it gives."""
        return [_port(each) for each in self._model.outputs]

    def get_modelmeta(self) -> _About:
        """What the file says of itself, also what it said as ONNX before it was converted."""
        info = self._model.get_rt_info()
        said = {**_texts(info, "framework"), **_texts(info, "model_info")}
        if "labels" in said and "names" not in said:
            names = [name.replace("_", " ") for name in said.pop("labels").split()]
            said["names"] = json.dumps(names)
        return _About(said)

    def first_steps(self) -> Iterator[tuple[str, NDArray[np.float64]]]:
        """See `onnx_pixels.normalises_itself`; of a model with one input."""
        at = self._model.inputs[0]
        while len(users := at.get_target_inputs()) == 1:
            node = next(iter(users)).get_node()
            kind = node.get_type_name()
            if kind in STEPS:
                first, second = (node.input_value(place) for place in (0, 1))
                other = second if first == at else first
                values = _constant(other)
                if values is None or (kind in {"Subtract", "Divide"} and first != at):
                    return
                yield STEPS[kind], np.broadcast_to(values.astype(float).ravel(), 3)
            elif kind not in PASSING:
                return
            at = node.output(0)

    def fix(self, shapes: Mapping[str, Sequence[int]]) -> bool:
        """Give inputs that shape for good, which is faster; whether that can be done."""
        model = self._model.clone()
        try:
            model.reshape({self._places[name]: list(shape) for name, shape in shapes.items()})
        except RuntimeError:
            return False
        self._model = model
        self._serve(model)
        return True

    def changed(self, change: Callable[[Any], Any | None]) -> Self | None:
        """The same with another model made of its own; None where none can be made."""
        model = change(self._model)
        if model is None:
            return None
        other = copy(self)
        other._model, other._free = model, deque()
        other._serve(model)
        return other

    def take_levels(self, name: str, pixels: Pixels, channels_last: bool) -> None:
        """From now on an input is given ``(N, H, W, 3) uint8`` BGR."""
        from openvino import Layout, Type
        from openvino.preprocess import ColorFormat, PrePostProcessor

        model = self._model.clone()
        place = self._places[name]
        steps = PrePostProcessor(model)
        picture, wanted = steps.input(place), model.inputs[place].get_element_type()
        picture.tensor().set_element_type(Type.u8).set_layout(Layout("NHWC"))
        picture.tensor().set_color_format(ColorFormat.BGR)
        picture.model().set_layout(Layout("NHWC" if channels_last else "NCHW"))
        made = picture.preprocess().convert_element_type(Type.f32)
        if pixels.rgb:
            made.convert_color(ColorFormat.RGB)
        if any(pixels.mean):
            made.mean(pixels.mean)
        if pixels.std != [1, 1, 1]:
            made.scale(pixels.std)
        made.convert_element_type(wanted)
        self._serve(steps.build())

    def side_by_side(self, count: int) -> None:
        """Make ready for so many inputs at a time; one is computed by all threads together."""
        streams = min(count, self.threads)
        if streams != self._streams:
            self._streams = streams
            self._serve(self._served)

    def run(self, names: Sequence[str] | None, values: Values) -> list[NDArray[Any]]:
        """The outputs of these names, or all, for some inputs."""
        order = [port.name for port in self.get_outputs()]
        for outputs in self.run_each([values]):
            # Copied at once: what is computed next, perhaps by another thread, goes there, too.
            found = {name: array.copy() for name, array in zip(order, outputs, strict=True)}
        return [found[name] for name in names or order]

    def run_each(self, inputs: Iterable[Values]) -> Iterator[list[NDArray[Any]]]:
        """All outputs for each of some inputs, in order; each valid until the next is asked for.

        All are under way when this returns.
        """
        under_way: deque[Any] = deque()
        for values in inputs:
            given = {self._places[name]: value for name, value in values.items()}
            request = self._request()
            request.start_async(given, share_inputs=True)
            under_way.append((request, given))  # what is computed on must not go away
        return self._finished(under_way)

    def _finished(self, under_way: deque[Any]) -> Iterator[list[NDArray[Any]]]:
        while under_way:
            request, _ = under_way[0]
            request.wait()
            yield [tensor.data for tensor in request.output_tensors]
            under_way.popleft()
            self._free.append(request)

    def _request(self) -> Any:
        compiled = self._ready()
        try:
            return self._free.pop()
        except IndexError:
            return compiled.create_infer_request()

    def _ready(self) -> Any:
        if self._compiled is None:
            self._compiled = self._core.compile_model(
                self._served,
                "CPU",
                {
                    "INFERENCE_NUM_THREADS": self.threads,
                    "NUM_STREAMS": self._streams,
                    # The same numbers on every processor; some would take bfloat16 by themselves.
                    "INFERENCE_PRECISION_HINT": "f32",
                    # Processes side by side would all sit on the first cores.
                    "ENABLE_CPU_PINNING": False,
                },
            )
        return self._compiled

    def _serve(self, model: Any) -> None:
        self._served, self._compiled = model, None
        self._free.clear()


def _check(path: Path) -> None:
    """Refuse what is no such file, about which OpenVINO would say much."""
    if path.suffix.lower() == ".onnx":
        import onnx

        try:
            onnx.load(path, load_external_data=False)
        except Exception as error:  # onnx raises many kinds
            raise ValueError("not a readable ONNX model") from error
        return
    if path.suffix.lower() != ".xml":
        raise ValueError("not a model of OpenVINO; expected an .xml or an .onnx file")
    try:
        net = ElementTree.parse(path).getroot().tag == "net"
    except (ElementTree.ParseError, ValueError):
        net = False
    if not net:
        raise ValueError("not a model in OpenVINO's format")
    if not path.with_suffix(".bin").is_file():
        raise ValueError(f"its weights are missing: {path.with_suffix('.bin').name} beside it")


def where_to_get(path: Path) -> str:
    """After the name of a file that is not there: what was expected, and where the Zoo's are."""
    said = "not found: expected an .xml of OpenVINO, with its .bin beside it"
    if not path.name.startswith(("person-", "pedestrian-")):
        return said
    return f"{said}; one of Intel's Open Model Zoo: the page Install says where its files are"


def _reason(error: Exception) -> str:
    """The line of OpenVINO's report that says what is wrong."""
    lines = [line.strip() for line in str(error).splitlines()]
    telling = [line for line in lines if line and not line.startswith(("Exception", "Check"))]
    return (telling or [" ".join(lines)])[-1][:160]


def _port(port: Any) -> Port:
    # Several names are those it had on its way here; of one that was never given any, its node's.
    names = sorted(port.get_names(), key=lambda name: (len(name), name))
    name = names[0] if names else port.get_node().friendly_name
    shape = [None if side.is_dynamic else side.get_length() for side in port.partial_shape]
    kind = port.get_element_type().get_type_name()
    return Port(name, shape, TYPES.get(kind, kind))


def _least(side: Any) -> int:
    return int(max(1, side.get_min_length()))


def _texts(info: Any, section: str) -> dict[str, str]:
    """What is written in a section of a model's notes."""
    found = dict(info.items()).get(section, {})
    if not isinstance(found, dict):
        return {}
    return {key: str(each.value) for key, each in found.items() if not isinstance(each, dict)}


def _constant(port: Any) -> NDArray[Any] | None:
    """One number or one per channel, None where it is something else."""
    node = port.get_node()
    if node.get_type_name() == "Convert":
        node = node.input_value(0).get_node()
    if node.get_type_name() != "Constant" or prod(node.shape) not in {1, 3}:
        return None
    return np.asarray(node.data)
