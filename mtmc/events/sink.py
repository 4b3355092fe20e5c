"""What is asked of a sink of events, and what it is given."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from mtmc.config import build
from mtmc.errors import UserError
from mtmc.events.event import Event
from mtmc.registry import SINKS
from mtmc.sources.address import hide_credentials, is_url, password_hint


@dataclass(frozen=True, slots=True)
class Address:
    """Where a sink sends to, as a URL says it.

    Args:
        scheme: its first word, which names the sink.
        host: of the server; empty where none is named.
        port: None for the usual one.
        user: None for none,
        password: and None for none.
        path: without the slash before it.
        label: the URL as it may be shown.
    """

    scheme: str
    host: str = ""
    port: int | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    path: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class News:
    """What a sink is to send.

    Args:
        run: when the run began, in UTC; ids are of one run.
        events: in order; none where a sink is to connect, and to say what is known.
        people: what is known by now of ids that became another thing; None of those that closed.
        cameras: how many people with an id each camera sees, where that changed.
    """

    run: str
    events: Sequence[Event] = ()
    people: Mapping[int, dict[str, Any] | None] = field(default_factory=dict)
    cameras: Mapping[str, int] = field(default_factory=dict)

    def message(self, event: Event) -> str:
        """An event as it is sent: with the run that it is of."""
        return self.text(event.plain())

    def text(self, said: Mapping[str, Any]) -> str:
        """Anything as it is sent: with the run that it is of."""
        return json.dumps({**said, "run": self.run}, ensure_ascii=False, separators=(",", ":"))


class Sink(Protocol):
    """Sends events somewhere, from a thread of its own in which it may wait.

    It is made of its settings, which are given in the query of the URL, and of the address, and
    opens nothing yet.

    Raises:
        UserError: the address lacks something.
    """

    Config: ClassVar[Any]

    def __init__(self, config: Any, address: Address) -> None: ...

    def send(self, news: News) -> None:
        """Send news, and wait until they have arrived.

        Whatever it raises means that they did not: it is given the same news again, and more.
        """
        ...

    def close(self) -> None:
        """The run is over."""
        ...


def make_sink(url: str) -> tuple[str, Sink]:
    """The sink of a URL, or of a file ``*.jsonl``, and how it may be called.

    Raises:
        UserError: there is none of that name, or the URL is wrong.
    """
    if not is_url(url):
        cls = SINKS.load("jsonl")
        return url, cls(cls.Config(), Address("jsonl", path=url, label=url))
    label = hide_credentials(url)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UserError(f"--events {label}: is no URL{password_hint(url)}") from error
    cls = SINKS.load(parts.scheme)
    try:
        config = build(cls.Config, dict(parse_qsl(parts.query)), "")
    except UserError as error:
        raise UserError(f"--events {label}: {error}") from error
    user, password = (None if p is None else unquote(p) for p in (parts.username, parts.password))
    path = unquote(parts.path.removeprefix("/"))
    address = Address(parts.scheme, parts.hostname or "", port, user, password, path, label)
    return label, cls(config, address)


def need_host(address: Address) -> str:
    """The host of an address that needs one.

    Raises:
        UserError: it names none.
    """
    if not address.host:
        raise UserError(f"--events {address.label}: names no host; {address.scheme}://HOST/...")
    return address.host
