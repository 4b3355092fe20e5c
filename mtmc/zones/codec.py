"""States and messages as bytes, from which nothing but plain data is made."""

from __future__ import annotations

import io
import pickle
import zlib
from importlib import import_module
from pathlib import Path
from typing import Any

from mtmc.errors import UserError
from mtmc.files import replacing

MAGIC = b"mtmc zones 1\n"
# What may be made of bytes: our own records, none of which does anything when it is made, arrays
# and containers. Whatever else a file asks for is refused.
OURS = {
    "mtmc.associate.evidence.adaptation": ("Adaptation",),
    "mtmc.associate.evidence.appearance": ("Scale",),
    "mtmc.associate.evidence.config": ("EvidenceConfig",),
    "mtmc.associate.evidence.looks": ("Looks",),
    "mtmc.associate.online.associator": ("OnlineAssociator", "OnlineConfig"),
    "mtmc.associate.online.look_table": ("LookTable",),
    "mtmc.associate.online.people": ("Member", "People", "Person"),
    "mtmc.events.teller": ("Teller",),
    "mtmc.events.who": ("Known", "Who"),
    "mtmc.tracking.gallery": ("Gallery",),
    "mtmc.tracking.memory": ("Memory",),
    "mtmc.tracking.messages": ("CameraStep", "Revision"),
    "mtmc.tracking.tracklet": ("FloorPath", "Mark", "Tracklet"),
    "mtmc.types": ("TrackKey",),
    "mtmc.zones.alone": ("Alone",),
    "mtmc.zones.associator": ("ZonesConfig",),
    "mtmc.zones.directory": ("Answer", "Directory"),
    "mtmc.zones.gone": ("Gone", "Left"),
    "mtmc.zones.nodes": ("DirectoryNode", "ZoneNode"),
    "mtmc.zones.obeying": ("Obeying",),
    "mtmc.zones.ordering": ("Ordering", "_Source"),
    "mtmc.zones.report": ("Report",),
    "mtmc.zones.visits": ("Visits",),
    "mtmc.zones.ways": ("Ways",),
    "mtmc.zones.zone": ("Zone", "_Told"),
}
OTHERS = {
    "builtins": ("dict", "frozenset", "list", "set"),
    "collections": ("Counter", "defaultdict"),
    "numpy": ("dtype", "ndarray"),
}
# Where numpy has them depends on its version.
NUMPY = {"_reconstruct", "scalar", "_frombuffer"}
NUMPY_ROOMS = ("numpy.core.", "numpy._core.")


class _Plain(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        known = name in OURS.get(module, ()) or name in OTHERS.get(module, ())
        if known or (module.startswith(NUMPY_ROOMS) and name in NUMPY):
            return getattr(import_module(module), name)
        raise pickle.UnpicklingError(f"asks for {module}.{name}")


def dumps(value: Any) -> bytes:
    """As bytes."""
    return pickle.dumps(value, protocol=5)


def loads(data: bytes) -> Any:
    """What ``dumps`` was given.

    Raises:
        pickle.UnpicklingError: it is something else.
    """
    return _Plain(io.BytesIO(data)).load()


def save(path: Path, state: Any) -> None:
    """Write a state; the old file stays until the new one is whole.

    Raises:
        UserError: it cannot be written.
    """
    data = dumps(state)
    with replacing(path) as partial:
        partial.write_bytes(MAGIC + zlib.crc32(data).to_bytes(4, "little") + data)


def load(path: Path) -> Any:
    """What ``save`` has written; None where there is nothing.

    Raises:
        UserError: it is something else, or damaged.
    """
    if not path.exists():
        return None
    raw = path.read_bytes()
    head = len(MAGIC) + 4
    try:
        if raw[: len(MAGIC)] != MAGIC or zlib.crc32(raw[head:]) != _number(raw[head - 4 : head]):
            raise ValueError("another format, or damaged")
        return loads(raw[head:])
    except (pickle.UnpicklingError, ValueError, EOFError, AttributeError, TypeError) as error:
        raise UserError(f"{path}: no state of zones ({error}); remove it to begin anew") from error


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")
