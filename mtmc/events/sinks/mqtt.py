"""Events over MQTT, in the manner of Frigate and SceneScape."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from typing import Any, ClassVar

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from mtmc.events.sink import Address, News, need_host

PORTS = {"mqtt": 1883, "mqtts": 8883}
PREFIX = "mtmc"  # of all topics, where the URL names none
ANSWER = 5.0  # seconds that a broker may take
KEEP_ALIVE = 20  # seconds between signs of life


@dataclass(frozen=True)
class MqttConfig:
    """What a URL may say.

    Args:
        ca: file with the certificate of the broker's authority, for ``mqtts``; None takes those
            of the system.
    """

    ca: str | None = None


class MqttSink:
    """Publishes with QoS 1; see docs/reference/events.md for the topics."""

    Config: ClassVar = MqttConfig

    def __init__(self, config: MqttConfig, address: Address) -> None:
        self._config, self._address = config, address
        self._host = need_host(address)
        self._prefix = address.path.strip("/") or PREFIX
        self._available = f"{self._prefix}/available"
        self._client: mqtt.Client | None = None
        self._run = ""

    def send(self, news: News) -> None:
        """See ``Sink``."""
        self._run = news.run
        client = self._connected()
        sent = [
            client.publish(f"{self._prefix}/events", news.message(event), qos=1)
            for event in news.events
        ]
        for number, known in news.people.items():
            text = None if known is None else news.text(known)  # None takes it off the broker
            sent.append(client.publish(f"{self._prefix}/person/{number}", text, 1, retain=True))
        for camera, count in news.cameras.items():
            topic = f"{self._prefix}/{_level(camera)}/person"
            sent.append(client.publish(topic, count, qos=1, retain=True))
        until = time.monotonic() + ANSWER
        for message in sent:
            message.wait_for_publish(max(0.0, until - time.monotonic()))
            if not message.is_published():
                raise TimeoutError("the broker does not answer")

    def close(self) -> None:
        """See ``Sink``."""
        if self._client is not None and self._client.is_connected():
            said = self._client.publish(self._available, "offline", qos=1, retain=True)
            said.wait_for_publish(ANSWER)
            self._client.disconnect()
        self._drop()

    def _connected(self) -> mqtt.Client:
        """The client, connected anew where it is not."""
        if self._client is not None and self._client.is_connected():
            return self._client
        self._drop()
        client = self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        client.will_set(self._available, "offline", qos=1, retain=True)
        if self._address.user is not None:
            client.username_pw_set(self._address.user, self._address.password)
        if self._address.scheme == "mqtts":
            client.tls_set(self._config.ca)
        answers: list[ReasonCode] = []

        def connected(client: mqtt.Client, *about: Any) -> None:
            answers.append(about[2])
            client.publish(self._available, "online", qos=1, retain=True)
            client.subscribe(f"{self._prefix}/person/+", qos=1)

        client.on_connect = connected  # also when the library connects anew by itself
        client.on_message = self._clear
        client.connect_timeout = ANSWER
        client.connect(self._host, self._address.port or PORTS[self._address.scheme], KEEP_ALIVE)
        client.loop_start()
        until = time.monotonic() + ANSWER
        while not answers and time.monotonic() < until:
            time.sleep(0.01)
        if not answers or answers[0].is_failure:
            raise ConnectionError(str(answers[0]) if answers else "the broker does not answer")
        return client

    def _clear(self, client: mqtt.Client, _: Any, message: mqtt.MQTTMessage) -> None:
        """Take off the broker what a run that was killed has left of its people there."""
        try:
            run = json.loads(message.payload)["run"] if message.retain else self._run
        except (ValueError, KeyError, TypeError):
            return
        if run != self._run:
            client.publish(message.topic, None, qos=1, retain=True)

    def _drop(self) -> None:
        if self._client is not None:
            self._client.loop_stop()
            self._client = None


def _level(name: str) -> str:
    """A name as one level of a topic."""
    return re.sub(r"[+#/]", "_", name)
