"""Events on their way to a sink: the run never waits for one."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mtmc.events.event import Event
from mtmc.events.sink import News, Sink
from mtmc.sources.address import hide_passwords

log = logging.getLogger("mtmc")

WAITING = 10_000  # events that may wait for a sink that is away
BATCH = 500  # that are sent at a time
PAUSES = (0.5, 30.0)  # seconds between two attempts: at first, and at most
PATIENCE = 5.0  # seconds that the end of a run waits for what has not arrived


@dataclass(slots=True)
class Sent:
    """What became of the events.

    Args:
        sent: those that arrived.
        dropped: those that had to make room for newer ones, or waited when the run ended.
        outages: how often the sink could not be reached.
    """

    sent: int = 0
    dropped: int = 0
    outages: int = 0


class Delivery:
    """Brings events to one sink, from a thread of its own.

    While the sink is away, the newest ``WAITING`` events are kept, and what is known of each id.

    Args:
        label: what the sink is called.
        sink: where to.
        run: when the run began.
    """

    def __init__(self, label: str, sink: Sink, run: str) -> None:
        self.label = label
        self.sent = Sent()
        self._sink, self._run = sink, run
        self._queue: deque[Event] = deque()
        self._people: dict[int, dict[str, Any] | None] = {}
        self._cameras: dict[str, int] = {}
        self._shown: set[int] = set()  # ids of which the sink knows something
        self._changed = threading.Condition()
        self._until: float | None = None  # when the end of the run is over
        self._away = self._warned = False
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def put(
        self,
        events: Sequence[Event],
        people: Mapping[int, dict[str, Any] | None],
        cameras: Mapping[str, int],
    ) -> None:
        """Take events to send, with what is known by now; see ``News``."""
        with self._changed:
            self._queue.extend(events)
            while len(self._queue) > WAITING:
                self._queue.popleft()
                self.sent.dropped += 1
            self._people |= people
            for number, known in people.items():
                if known is None and number not in self._shown:
                    del self._people[number]
            self._cameras |= cameras
            self._changed.notify_all()

    def close(self) -> None:
        """Send what waits, if that is possible soon."""
        with self._changed:
            self._until = time.monotonic() + PATIENCE
            self._changed.notify_all()
        self._thread.join(PATIENCE + 1)
        with self._changed:
            self.sent.dropped += len(self._queue)
            self._queue.clear()
        if self.sent.dropped:
            log.warning(
                "events to %s: %d of %d did not arrive; all are in events.jsonl",
                self.label,
                self.sent.dropped,
                self.sent.dropped + self.sent.sent,
            )

    def told(self) -> dict[str, Any]:
        """For ``run.json``."""
        return {"to": self.label, **asdict(self.sent)}

    def _work(self) -> None:
        pause = PAUSES[0]
        news: News | None = News(self._run)  # whether it can be reached shows at once
        while news is not None:
            try:
                self._sink.send(news)
            except Exception as error:
                self._failed(news, error)
                with self._changed:
                    self._changed.wait_for(lambda: self._until is not None, pause)
                    if self._until is not None:
                        self._changed.wait(PAUSES[0])
                pause = min(2 * pause, PAUSES[1])
            else:
                self._arrived(news)
                pause = PAUSES[0]
            news = self._next()
        try:
            self._sink.close()
        except Exception as error:
            log.info("events to %s: %s", self.label, _reason(error))

    def _next(self) -> News | None:
        """What is to be sent next, once there is something; None at the end."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._queue or self._people or self._cameras or self._until is not None
            )
            over = self._until is not None and time.monotonic() > self._until
            if over or not (self._queue or self._people or self._cameras):
                return None
            events = [event for event, _ in zip(self._queue, range(BATCH), strict=False)]
            news = News(self._run, events, self._people, self._cameras)
            self._people, self._cameras = {}, {}
            return news

    def _arrived(self, news: News) -> None:
        if self._away:
            log.info("events to %s: go on", self.label)
        with self._changed:
            self._away = False
            while news.events and self._queue and self._queue[0].seq <= news.events[-1].seq:
                self._queue.popleft()
                self.sent.sent += 1
            for number, known in news.people.items():
                (self._shown.discard if known is None else self._shown.add)(number)

    def _failed(self, news: News, error: Exception) -> None:
        with self._changed:
            self._people = {**news.people, **self._people}
            self._cameras = {**news.cameras, **self._cameras}
        if self._away:
            return
        self._away = True
        self.sent.outages += 1
        if not self._warned:
            self._warned = True
            log.warning("events to %s: %s; the run goes on", self.label, _reason(error))


def _reason(error: Exception) -> str:
    """What went wrong, in one line."""
    text = " ".join(str(error).split())
    return hide_passwords(text)[:200] or type(error).__name__
