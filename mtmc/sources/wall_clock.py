"""When a recording began, as its name or its metadata say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import PurePath
from typing import Any

_DATE = (
    r"(?:(?P<year>(?:19|20)\d\d)(?P<gap>[-_.]?)(?P<month>0[1-9]|1[0-2])(?P=gap)"
    r"(?P<day>0[1-9]|[12]\d|3[01])"
    # Some write the day or the month first, which only numbers above 12 tell apart.
    r"|(?P<one>\d{1,2})(?P<sep>[-_.])(?P<two>\d{1,2})(?P=sep)(?P<late>(?:19|20)\d\d))"
)
_TIME = (
    r"(?P<hour>\d{1,2})(?P<colon>[-_.:h ]?)(?P<minute>[0-5]\d)(?:(?P=colon)|m)(?P<second>[0-5]\d)s?"
    r"(?:[.,](?P<part>\d{6}|\d{3})|(?P<milli>\d{3})|-(?P<micro>\d{6}))?(?!\d)"
    r"(?:\s?(?P<half>[ap])\.?m\b\.?)?"
    r"(?:\s?(?P<zone>Z(?![a-z])|UTC|GMT[+-]\d{1,2}(?!\d)|[+-]\d\d:?(?:00|30|45)(?!\d))|\b|(?=_))?"
)
_BETWEEN = r"(?:T|\s?-\s|[ _.,@-]{0,2}(?:at )?)"
_MOMENT = re.compile(rf"(?<!\d){_DATE}{_BETWEEN}{_TIME}", re.IGNORECASE)
# When it ended, right behind when it began, with or without the date.
_END = re.compile(
    r"\s?(?:[-_.~]+|to)\s?(?:(?:19|20)\d\d([-_.]?)\d\d\1\d\d[T _.,-]{0,2})?"
    r"\d\d([-_.:]?)\d\d\2\d\d(?!\d)"
)
_FROM_TO = re.compile(r"(\d\d)\.(\d\d)\.(\d\d)-\d\d\.\d\d\.\d\d(?!\d)")  # the date is a folder's
_MINUTE_SECOND = re.compile(r"([0-5]\d)\.([0-5]\d)")  # under DATE/HOUR/CAMERA, in UTC
_FOLDER_DATE = re.compile(r"((?:19|20)\d\d)-?(\d\d)-?(\d\d)")
FOLDERS = 5  # how far up a folder may be that bears the date


@dataclass(frozen=True, slots=True)
class Named:
    """What a name says of when a recording began.

    Args:
        start: with a zone where one is named; otherwise by the clock of the camera.
        rest: the name without it, before and behind.
    """

    start: datetime
    rest: tuple[str, str]

    @property
    def words(self) -> tuple[str, str]:
        """What is left of the name, before and behind, without what only parts it."""
        before, behind = (re.sub(r"\[[^]]*\]", "", part).strip(" _-.,@()") for part in self.rest)
        return before, behind


def by_name(path: str) -> Named | None:
    """What a recording's name says, and where it is no more than a time, what its folders say.

    Dates and times in one of the ways recorders write them: ``20261128080000``,
    ``2026-11-28_08-00-00.123``, ``20261128_080000_081500``, ``2026-11-28T08.00.00+0100``,
    ``11-28-2026, 8.00.00am``; ``2026-11-28/001/dav/08/08.00.00-08.15.00[R].dav`` as Dahua and
    ``2026-11-28/08/door/15.23.mp4`` as Frigate have them. A time without seconds is none, and a
    date of which month and day cannot be told apart is none either.
    """
    whole = PurePath(path.replace("\\", "/"))
    stem, folders = whole.stem, list(whole.parts[-2::-1])[:FOLDERS]
    for moment in _MOMENT.finditer(stem):
        if start := _moment(moment):
            behind = stem[moment.end() :]
            end = _END.match(behind)
            if stem.startswith("PXL_"):
                start = start.replace(tzinfo=UTC)  # as a make of telephones has it
            return Named(start, (stem[: moment.start()], behind[end.end() if end else 0 :]))
    if match := _FROM_TO.match(stem):
        dates = [found for folder in folders if (found := _FOLDER_DATE.fullmatch(folder))]
        if dates and (start := _datetime(*dates[0].groups(), *match.groups())):
            return Named(start, ("", stem[match.end() :]))
    if (match := _MINUTE_SECOND.fullmatch(stem)) and len(folders) > 2:
        date, hour = _FOLDER_DATE.fullmatch(folders[2]), re.fullmatch(r"[012]\d", folders[1])
        if date and hour and (start := _datetime(*date.groups(), folders[1], *match.groups())):
            return Named(start.replace(tzinfo=UTC), (folders[0], ""))
    return None


def _moment(match: re.Match[str]) -> datetime | None:
    said = match.groupdict()
    hour = int(said["hour"])
    if said["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if said["half"].lower() == "p" else 0)
    elif len(said["hour"]) == 1:
        return None
    year, month, day = said["year"], said["month"], said["day"]
    if year is None:
        year, (one, two) = said["late"], (int(said["one"]), int(said["two"]))
        if one <= 12 and two <= 12 and one != two:
            return None
        month, day = (two, one) if one > 12 else (one, two)
    micro = said["micro"] if said["colon"] else None  # of 080000-081500 it is when it ended
    fraction = (said["part"] or said["milli"] or micro or "").ljust(6, "0")
    found = _datetime(year, month, day, hour, said["minute"], said["second"])
    zone = _zone(said["zone"])
    return found and found.replace(microsecond=int(fraction), tzinfo=zone)


def _datetime(*numbers: Any) -> datetime | None:
    try:
        return datetime(*map(int, numbers))  # type: ignore[arg-type]
    except ValueError:
        return None


def _zone(text: str | None) -> timezone | None:
    if not text:
        return None
    digits = re.fullmatch(r"(?:GMT)?([+-])(\d{1,2}):?(\d\d)?", text, re.IGNORECASE)
    if digits is None:
        return UTC
    sign, hours, minutes = digits.groups()
    ahead = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return timezone(-ahead if sign == "-" else ahead)


def by_text(text: str) -> datetime | None:
    """A date and time as ISO 8601 has it, with or without a zone; None for anything else.

    Years are those that names may have: another one is mistyped.
    """
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return found if re.match(r"(19|20)\d\d.*\d[T ]\d", text.strip()) else None


def by_metadata(container: Any) -> datetime | None:
    """What an opened file says of when it was made; of many cameras, that is when it ended."""
    for holder in (container, *container.streams.video):
        for key in ("com.apple.quicktime.creationdate", "creation_time"):
            found = by_text(holder.metadata.get(key, ""))
            if found and found.year > 1971:  # clocks that were never set begin there
                return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None
