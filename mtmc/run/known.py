"""A run whose people are known from earlier runs, and will be in later ones."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from mtmc.associate import Knowing
from mtmc.errors import UserError
from mtmc.known.learning import learn
from mtmc.known.people import KnownPeople, Network, locked
from mtmc.perception.keys import content_key
from mtmc.results import Results
from mtmc.run.config import RunConfig
from mtmc.run.parts import Parts


@contextmanager
def with_known_people(
    config: RunConfig, parts: Parts, about: dict[str, Any], out: Path, learns: bool = True
) -> Iterator[Parts]:
    """The parts of a run that knows the people of its gallery, which learns of it at the end.

    A run that fails, or is interrupted, leaves the gallery as it was, but for live ones, which end
    so. A run that is repeated takes back what it had added.

    Raises:
        UserError: another run uses the gallery, or it does not fit the run.
    """
    if config.gallery is None:
        yield parts
        return
    path = Path(config.gallery)
    network, associator = _checked(config, parts)
    with locked(path):
        known = KnownPeople.open(path)
        known.check(network)
        known.network = known.network or network
        live = any(reader.live for reader in parts.readers)
        run = content_key(json.dumps(about.get("cameras", [])), str(time.time()) if live else "")
        known.begin(run)
        associator.know(known.tracklets(), known.last)
        yield replace(parts, known=known)
        results = Results.open(out)
        if learns and (results.record["status"] == "complete" or live):
            learn(known, results, run)


def _checked(config: RunConfig, parts: Parts) -> tuple[Network, Knowing]:
    """The network and the associator of a run with a gallery."""
    if parts.embedder is None:
        raise UserError(
            f"--gallery {config.gallery}: people are known by what they look like, and --reid none "
            "leaves nothing of that; choose another --reid"
        )
    if len(parts.kinds) > 1:
        raise UserError(
            f"--gallery {config.gallery}: knows people only, not {' and '.join(parts.kinds)}; "
            "leave one of the two out"
        )
    if not isinstance(parts.associator, Knowing):
        raise UserError(
            f"associator {config.associator.name}: knows nobody from before; choose another for "
            "runs with --gallery"
        )
    return Network.of(parts.embedder), parts.associator
