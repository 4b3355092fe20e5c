"""What there is to set, told by the classes that hold it: for the screen and for the pages.

A class of settings says everything itself: defaults and types by its fields, ranges, units and
whom a setting is for beside them, meanings in the ``Args`` of its docstring.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from rich.table import Table

_SIGNS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


@dataclass(frozen=True)
class Entry:
    """One setting.

    Args:
        key: as in ``--set``.
        meaning: a sentence.
        default: as in YAML, with its unit.
        allowed: its range or choices; empty where any value of its type is.
        public: whether it is for everybody.
    """

    key: str
    meaning: str
    default: str
    allowed: str
    public: bool


def entries(cls: Any, where: str) -> Iterator[Entry]:
    """All settings of a class, those of sections within it included.

    Args:
        cls: a dataclass whose fields all have defaults.
        where: what comes before the keys, such as ``detector``; may be empty.
    """
    said, hints = meanings(cls), get_type_hints(cls)
    for f in fields(cls):
        key = f"{where}.{f.name}" if where else f.name
        default = f.default_factory() if callable(f.default_factory) else f.default
        if is_dataclass(hints[f.name]):
            yield from entries(hints[f.name], key)
            continue
        unit = f.metadata.get("unit", "")
        yield Entry(
            key,
            said.get(f.name, ""),
            f"{_written(default)} {unit if default is not None else ''}".rstrip(),
            _allowed(hints[f.name], f.metadata),
            bool(f.metadata.get("public")),
        )


def meanings(cls: Any) -> dict[str, str]:
    """What the docstrings of a class and of those it is made from say of their arguments."""
    found: dict[str, str] = {}
    for each in reversed(cls.__mro__):
        text = inspect.cleandoc(each.__dict__.get("__doc__") or "")
        section = re.search(r"^Args:\n((?:^(?: {4}.*)?\n?)*)", text, flags=re.M)
        for names, meaning in re.findall(
            r"^ {4}(\w[\w, ]*): ((?:.*\n?)(?:^ {8}.*\n?)*)",
            section[1] if section else "",
            flags=re.M,
        ):
            sentence = " ".join(meaning.split()).rstrip(".").replace("``", "`")
            found |= dict.fromkeys(names.split(", "), re.sub(r"\bNone\b", "null", sentence))
    return found


def _written(value: Any) -> str:
    """A value as YAML writes it, briefly."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value) if value != "" else "''"


def _allowed(hint: Any, bounds: Any) -> str:
    parts = [part for part in (hint, *get_args(hint)) if get_origin(part) is Literal]
    choices = [str(choice) for part in parts for choice in get_args(part)]
    if "ge" in bounds and "le" in bounds:
        choices.append(f"{bounds['ge']}..{bounds['le']}")
    else:
        limits = [f"{sign} {bounds[key]}" for key, sign in _SIGNS.items() if key in bounds]
        choices += [", ".join(limits)] if limits else []
    if type(None) in get_args(hint) and choices:
        choices.append("null")
    return " or ".join(choices) if len(choices) < 3 else ", ".join(choices)


def table(title: str, rows: Iterable[Entry]) -> Table:
    """Settings for the screen."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    result = Table(title=title, box=box.SIMPLE)
    result.title_justify = "left"
    result.add_column("setting", no_wrap=True, overflow="fold")  # to be copied whole
    for name in ("default", "allowed", "meaning"):
        result.add_column(name)
    for row in rows:
        cells = (row.key, row.default, row.allowed, row.meaning.replace("`", ""))
        result.add_row(*map(escape, cells))
    return result


def markdown(rows: Iterable[Entry]) -> str:
    """Settings as a table of a page."""
    lines = ["| setting | default | allowed | meaning |", "|---|---|---|---|"]
    for row in rows:
        cells = (f"`{row.key}`", f"`{row.default}`", row.allowed, row.meaning)
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines) + "\n"


def page(title: str, sections: Iterable[tuple[str, str, list[Entry]]]) -> str:
    """A page of sections, in each those settings first that are for everybody.

    What one has of another, all of it, is not listed again.

    Args:
        title: of the page, with what comes before the first section.
        sections: heading, what it is, settings.
    """
    parts, before = [title.strip() + "\n"], dict[str, list[Entry]]()
    for heading, about, every in sections:
        parts.append(f"## {heading}\n")
        if about:
            parts.append(f"{about.replace('``', '`')}\n")
        like = [other for other, theirs in before.items() if {*theirs} < {*every}]
        known = before[like[-1]] if like else []
        before[heading] = every
        if like:
            parts.append(f"All settings of `{like[-1]}`, and these:\n")
        rows = [row for row in every if row not in known]
        public, expert = ([r for r in rows if r.public is wanted] for wanted in (True, False))
        if public:
            parts.append(markdown(public))
        if expert:
            parts.append("For experts:\n\n" + markdown(expert))
    return "\n".join(parts)
