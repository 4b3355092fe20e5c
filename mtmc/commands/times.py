"""Times as they are given and shown: seconds of the run, or by the clock on the wall."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mtmc.errors import UserError

if TYPE_CHECKING:
    from mtmc.results import Results


def period(
    results: Results, from_: str | None, to: str | None
) -> tuple[float | None, float | None]:
    """``--from`` and ``--to`` on the clock of the run, s; None where they are not given.

    Raises:
        UserError: one is no time, or it ends before it begins.
    """
    start, end = (_moment(results, text) for text in (from_, to))
    if start is not None and end is not None and end < start:
        raise UserError(f"--from {from_} --to {to}: ends before it begins")
    return start, end


def _moment(results: Results, text: str | None) -> float | None:
    """A time on the clock of the run, s."""
    from datetime import datetime, timedelta

    if text is None:
        return None
    parts = text.split(":")
    try:
        numbers = [float(part) for part in parts]
        if len(parts) > 3 or not all(map(math.isfinite, numbers)):
            raise ValueError(text)
    except ValueError:
        raise UserError(f"{text}: expected seconds, such as 12.5, or h:mm:ss") from None
    if len(parts) == 1:
        return numbers[0]
    hours, minutes, seconds = [*numbers, 0.0][:3]
    since = 3600 * hours + 60 * minutes + seconds
    zero = results.record.get("clock_zero")
    if zero is None:
        return since
    began = datetime.fromisoformat(zero)
    midnight = began.replace(hour=0, minute=0, second=0, microsecond=0)
    moment = midnight + timedelta(seconds=since)
    if moment < began - timedelta(hours=12):
        moment += timedelta(days=1)  # the run goes on past midnight
    return (moment - began).total_seconds()


def clock(results: Results, seconds: float) -> str:
    """A time of the run, s, as it is shown."""
    from datetime import datetime

    from mtmc.outputs import drawing

    zero = results.record.get("clock_zero")
    return drawing.clock(seconds, datetime.fromisoformat(zero) if zero else None)
