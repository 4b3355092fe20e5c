"""Which of a detector's classes are people."""

from __future__ import annotations

from collections.abc import Mapping

from mtmc.errors import UserError
from mtmc.trackers.convert import is_person

# What files call their only class when nobody gave it a name.
NAMELESS = {"", "class", "class0", "class_0", "item", "object", "target", "0"}
# Where people are among the classes of the usual data sets, by their number: COCO's 80 classes,
# Objects365, COCO's ids with a background (91, 92).
USUAL = {1: 0, 80: 0, 365: 0, 91: 1, 92: 1}
SHOWN = 20  # names in a message


def people_among(
    names: Mapping[int, str], classes: int | None, chosen: int | None, weights: str
) -> tuple[int, ...] | None:
    """Numbers of the classes that are people; None where nothing tells classes apart.

    Args:
        names: of the classes, as far as the file tells.
        classes: how many there are, None where that cannot be known.
        chosen: the class that the user says is people.
        weights: the file, for messages.

    Raises:
        UserError: no class is known to be people, or the chosen one does not exist.
    """
    count = classes if classes is not None else max(names, default=-1) + 1 or None
    if chosen is not None:
        if count is not None and chosen >= count:
            raise UserError(
                f"{weights}: has {count} classes, so detector.person_class cannot be {chosen}"
            )
        return (chosen,)
    found = tuple(sorted(n for n, name in names.items() if is_person(name)))
    if found and (count is None or found[-1] < count):
        return found
    if names and not (len(names) == 1 and _first_name(names) in NAMELESS):
        raise UserError(
            f"{weights}: no class is called person (classes: {_listed(names)}); "
            "set detector.person_class to the number of the one to take for people"
        )
    if count is None:
        return None
    if count not in USUAL:
        raise UserError(
            f"{weights}: has {count} classes without names; "
            "set detector.person_class to the number of the one to take for people"
        )
    return (USUAL[count],)


def _first_name(names: Mapping[int, str]) -> str:
    return next(iter(names.values())).strip().lower()


def _listed(names: Mapping[int, str]) -> str:
    shown = sorted(names.items())[:SHOWN]
    text = ", ".join(f"{number} {' '.join(name.split())[:30]}" for number, name in shown)
    return text if len(names) <= SHOWN else f"{text}, ... ({len(names)} in all)"
