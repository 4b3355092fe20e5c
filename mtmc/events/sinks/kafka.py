"""Events as messages of a Kafka topic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from confluent_kafka import KafkaError, KafkaException, Producer

from mtmc.events.sink import Address, News, need_host

TOPIC = "mtmc.events"  # where the URL names none
ANSWER = 5.0  # seconds that a broker may take


@dataclass(frozen=True)
class KafkaConfig:
    """There is nothing to set."""


class KafkaSink:
    """A message for every event, whose key is the id: those of one id stay in order.

    A user and a password in the URL are given by SASL/PLAIN; ``kafkas`` encrypts.
    """

    Config: ClassVar = KafkaConfig

    def __init__(self, config: KafkaConfig, address: Address) -> None:
        del config
        self._topic = address.path or TOPIC
        sasl, tls = address.user is not None, address.scheme == "kafkas"
        settings: dict[str, Any] = {
            "bootstrap.servers": f"{need_host(address)}:{address.port or 9092}",
            "security.protocol": ("SASL_" if sasl else "") + ("SSL" if tls else "PLAINTEXT"),
            "enable.idempotence": True,
            "message.timeout.ms": round(ANSWER * 1000),
            "log_level": 0,  # what goes wrong is raised
        }
        if sasl:
            settings |= {"sasl.mechanism": "PLAIN", "sasl.username": address.user}
            settings |= {"sasl.password": address.password or ""}
        self._producer = Producer(settings)

    def send(self, news: News) -> None:
        """See ``Sink``."""
        if not news.events:
            self._producer.list_topics(timeout=ANSWER)
            return
        failed: list[KafkaError] = []
        for event in news.events:
            self._producer.produce(
                self._topic,
                news.message(event).encode(),
                key=str(event.id),
                on_delivery=lambda error, _: failed.append(error) if error else None,
            )
        left = self._producer.flush(2 * ANSWER)
        if failed:
            raise KafkaException(failed[0])
        if left:
            raise TimeoutError("the broker does not answer")

    def close(self) -> None:
        """See ``Sink``."""
        self._producer.flush(ANSWER)
