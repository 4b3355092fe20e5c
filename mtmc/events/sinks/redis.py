"""Events as entries of a Redis stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from mtmc.errors import UserError
from mtmc.events.sink import Address, News, need_host
from mtmc.trackers.settings import Checked, setting

ANSWER = 5.0  # seconds that a server may take


@dataclass(frozen=True)
class RedisConfig(Checked):
    """What a URL may say.

    Args:
        stream: its key.
        maxlen: how many entries are kept, about.
    """

    stream: str = "mtmc:events"
    maxlen: int = setting(100_000, ge=1)


class RedisSink:
    """``XADD`` for every event; the path of the URL is the number of the database."""

    Config: ClassVar = RedisConfig

    def __init__(self, config: RedisConfig, address: Address) -> None:
        self._config = config
        number = address.path or "0"
        if not number.isdecimal():
            raise UserError(
                f"--events {address.label}: the path is the number of the database, such as 0; "
                "?stream=NAME names the stream"
            )
        self._client = redis.Redis(
            need_host(address),
            address.port or 6379,
            int(number),
            username=address.user or None,
            password=address.password,
            ssl=address.scheme == "rediss",
            socket_timeout=ANSWER,
            socket_connect_timeout=ANSWER,
            retry=Retry(NoBackoff(), 0),  # who calls does
        )

    def send(self, news: News) -> None:
        """See ``Sink``."""
        if not news.events:
            self._client.ping()
            return
        pipeline = self._client.pipeline(transaction=True)
        for event in news.events:
            entry: dict[Any, Any] = {
                "event": news.message(event),
                "kind": event.kind,
                "id": event.id,
            }
            pipeline.xadd(self._config.stream, entry, maxlen=self._config.maxlen, approximate=True)
        pipeline.execute()

    def close(self) -> None:
        """See ``Sink``."""
        self._client.close()
