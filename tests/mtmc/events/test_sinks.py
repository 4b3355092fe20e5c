"""Events on their way to real brokers, which may be away."""

import json
import logging
import time
from contextlib import contextmanager

import paho.mqtt.client as mqtt
import pytest
import redis

from mtmc.errors import UserError
from mtmc.events import delivery
from mtmc.events.delivery import Delivery
from mtmc.events.event import Event
from mtmc.events.reporting import Reporting
from mtmc.events.sink import make_sink
from mtmc.tracking.messages import Decisions
from mtmc.types import TrackKey
from tests.mtmc.events.conftest import free_port

DOOR, HALL = TrackKey("door", 1), TrackKey("hall", 1)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(delivery, "PAUSES", (0.05, 0.1))
    monkeypatch.setattr(delivery, "PATIENCE", 2.0)


def until(condition):
    for _ in range(1500):  # a busy machine takes its time
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("in vain")


class Listening:
    """What a consumer of everything under a topic hears, by topic."""

    def __init__(self, port, prefix):
        self.heard, self._subscribed = [], False
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self._client.on_message = lambda _, __, m: self.heard.append((m.topic, m.payload, m.retain))
        self._client.on_subscribe = lambda *_: setattr(self, "_subscribed", True)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._client.subscribe(f"{prefix}/#", qos=1)
        until(lambda: self._subscribed)

    def of(self, topic):
        return [payload.decode() for name, payload, _ in self.heard if name == topic]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._client.disconnect()
        self._client.loop_stop()


def report(path, *urls):
    path.mkdir(exist_ok=True)
    return Reporting(path / "events.jsonl", None, [make_sink(url) for url in urls])


def test_mqtt_says_every_event_and_keeps_what_is_known(mosquitto, tmp_path):
    with Listening(mosquitto.port, "site/one") as consumer:
        told = report(tmp_path, f"mqtt://127.0.0.1:{mosquitto.port}/site/one")
        told.step(1.0, [], Decisions({DOOR: 1, HALL: 2}))
        told.step(2.0, [], Decisions(merged={2: 1}))
        until(lambda: len(consumer.of("site/one/events")) == 3)
        until(lambda: consumer.of("site/one/hall/person")[-1:] == ["0"])
        until(lambda: '"merged"' in "".join(consumer.of("site/one/person/2")))
        with Listening(mosquitto.port, "site/one") as late:
            until(lambda: len(late.heard) == 5)
            assert all(retained for *_, retained in late.heard)
            one, two = (json.loads(late.of(f"site/one/person/{n}")[0]) for n in (1, 2))
            assert (one["state"], one["cameras"]) == ("open", ["door"])
            assert (two["state"], two["into"]) == ("merged", 1)
            counts = [late.of(f"site/one/{camera}/person") for camera in ("door", "hall")]
            assert counts == [["1"], ["0"]]
            assert late.of("site/one/available") == ["online"]
        told.finish(3.0, {DOOR: 1, HALL: 2}, {DOOR: 1, HALL: 2})
        until(lambda: consumer.of("site/one/available")[-1] == "offline")
        assert consumer.of("site/one/person/1")[-1] == consumer.of("site/one/person/2")[-1] == ""
        events = [json.loads(text) for text in consumer.of("site/one/events")]
    assert [event["kind"] for event in events] == ["open", "open", "merge", "close"]
    assert len({event.pop("run") for event in events}) == 1
    lines = (tmp_path / "events.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == events
    assert told.told()["sinks"] == [
        {"to": f"mqtt://127.0.0.1:{mosquitto.port}/site/one", "sent": 4, "dropped": 0, "outages": 0}
    ]


def test_what_a_killed_run_left_on_the_broker_is_taken_off(mosquitto, tmp_path):
    url = f"mqtt://127.0.0.1:{mosquitto.port}/killed"
    with Listening(mosquitto.port, "killed") as consumer:
        told = report(tmp_path, url)
        told.step(1.0, [], Decisions({DOOR: 7}))
        until(lambda: consumer.of("killed/person/7"))
        sink = told._deliveries[0]._sink
        client, sink._client = sink._client, None
        client.loop_stop()
        client.socket().close()  # as the system does when a process is killed
        until(lambda: consumer.of("killed/available")[-1] == "offline")
        again = report(tmp_path / "again", url)
        until(lambda: consumer.of("killed/person/7")[-1] == "")
        again.finish(1.0, {}, {})


@contextmanager
def waits(sink):
    """A sink that does not get through."""
    connected = sink._connected

    def refused():
        raise ConnectionError("refused")

    sink._connected = refused
    yield
    sink._connected = connected


def test_a_broker_that_comes_late_gets_what_has_waited(mosquitto, tmp_path, caplog):
    mosquitto.stop()
    began = time.monotonic()
    with caplog.at_level(logging.WARNING, "mtmc"):
        told = report(tmp_path, f"mqtt://u:secret@127.0.0.1:{mosquitto.port}/late")
        for number in range(1, 200):
            told.step(float(number), [], Decisions({TrackKey("door", number): number}))
        assert time.monotonic() - began < 10
        until(lambda: caplog.text)
    assert "refused; the run goes on" in caplog.text
    assert "secret" not in caplog.text + str(told.told())
    with waits(told._deliveries[0]._sink):  # until somebody listens
        mosquitto.start()
        consumer = Listening(mosquitto.port, "late")
    with consumer:
        until(lambda: len(consumer.of("late/events")) >= 199)
        told.finish(200.0, {}, {})
        sent = [json.loads(text)["seq"] for text in consumer.of("late/events")]
    assert sorted(set(sent)) == list(range(1, 399))
    assert told.told()["sinks"][0]["outages"] == 1
    assert len([r for r in caplog.records if r.levelno >= logging.WARNING]) == 1


def test_a_broker_that_stays_away_costs_a_word_and_a_count(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(delivery, "WAITING", 10)
    monkeypatch.setattr(delivery, "PATIENCE", 0.1)
    told = report(tmp_path, f"mqtt://127.0.0.1:{free_port()}", f"redis://127.0.0.1:{free_port()}")
    for number in range(1, 31):
        told.step(float(number), [], Decisions({TrackKey("door", number): number}))
    told.finish(31.0, {}, {})
    for sink in told.told()["sinks"]:
        assert (sink["sent"], sink["dropped"], sink["outages"]) == (0, 60, 1)
    assert caplog.text.count("60 of 60 did not arrive; all are in events.jsonl") == 2


def test_redis_keeps_the_last_entries_of_a_stream(redis_server, tmp_path):
    url = f"redis://127.0.0.1:{redis_server.port}/1?stream=people&maxlen=100"
    told = report(tmp_path, url)
    for number in range(1, 1001):
        told.step(float(number), [], Decisions({TrackKey("door", number): number}))
    told.finish(1001.0, {}, {})
    store = redis.Redis(port=redis_server.port, db=1, decode_responses=True)
    entries = store.xrange("people")
    assert 100 <= len(entries) < 300  # about; Redis drops them by the hundred
    last = entries[-1][1]
    assert (last["kind"], last["id"]) == ("close", "1000")
    assert json.loads(last["event"])["seq"] == 2000
    assert told.told()["sinks"][0]["sent"] == 2000


def test_kafka_gets_them_in_order(tmp_path):
    """By the broker that comes with the client: there is none in Debian."""
    kafka = pytest.importorskip("confluent_kafka")
    broker = kafka.Producer({"test.mock.num.brokers": 1})
    address = str(next(iter(broker.list_topics(timeout=5).brokers.values()))).split("/")[0]
    told = report(tmp_path, f"kafka://{address}/people")
    told.step(1.0, [], Decisions({DOOR: 1, HALL: 2}))
    told.finish(2.0, {}, {})
    assert told.told()["sinks"][0]["sent"] == 4
    settings = {"bootstrap.servers": address, "group.id": "test", "auto.offset.reset": "earliest"}
    consumer = kafka.Consumer(settings)
    consumer.assign([kafka.TopicPartition("people", part, 0) for part in range(4)])
    found = [consumer.poll(5) for _ in range(4)]
    consumer.close()
    said = sorted((json.loads(each.value())["seq"], each.key()) for each in found)
    assert said == [(1, b"1"), (2, b"2"), (3, b"1"), (4, b"2")]


def test_a_file_is_added_to(tmp_path):
    path = tmp_path / "all" / "people.jsonl"
    for run in ("a", "b"):
        told = report(tmp_path / run, str(path))
        told.step(1.0, [], Decisions({DOOR: 1}))
        told.finish(2.0, {}, {})
    kinds = [json.loads(line)["kind"] for line in path.read_text().splitlines()]
    assert kinds == ["open", "close"] * 2


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("amqp://host/x", "unknown sink 'amqp'"),
        ("mqtt:///topic", "names no host; mqtt://HOST"),
        ("mqtt://u:pass@host/topic?qos=1", "unknown key 'qos'"),
        ("redis://u:pass@host/people", "the path is the number of the database"),
        ("redis://host?maxlen=many", "maxlen"),
        ("mqtt://host:port/x", "is no URL"),
        ("people.txt", r"expected a URL or a file \*.jsonl"),
    ],
)
def test_a_wrong_address_is_refused_in_one_line(url, said):
    with pytest.raises(UserError, match=said) as refused:
        make_sink(url)
    assert "pass" not in str(refused.value)


class Stubborn:
    """A sink that fails now and then."""

    def __init__(self):
        self.got, self.tries = [], 0

    def send(self, news):
        self.tries += 1
        if self.tries % 2:
            raise OSError("busy")
        self.got += [event.seq for event in news.events]

    def close(self):
        pass


def test_what_did_not_arrive_is_sent_again():
    sink = Stubborn()
    sender = Delivery("stubborn", sink, "now")
    for number in range(1, 6):
        sender.put([Event(seq=number, kind="open", id=number, revision=1, time=0.0)], {}, {})
    until(lambda: len(sink.got) == 5)
    sender.close()
    assert sink.got == [1, 2, 3, 4, 5]
    assert sender.sent.outages >= 1
