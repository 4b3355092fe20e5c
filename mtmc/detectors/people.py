"""Which of a detector's classes are people, and which are the others that are looked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtmc.errors import UserError, unknown_name
from mtmc.trackers.convert import is_person

# What files call their only class when nobody gave it a name.
NAMELESS = {"", "class", "class0", "class_0", "item", "object", "target", "0"}
# Where people are among the classes of the usual data sets, by their number: COCO's 80 classes,
# Objects365, COCO's ids with a background (91, 92).
USUAL = {1: 0, 80: 0, 365: 0, 91: 1, 92: 1}
SHOWN = 20  # names in a message
PERSON = "person"
# What moves among COCO's 80 classes, where a file does not name them.
COCO = {0: PERSON, 1: "bicycle", 2: "car", 3: "motorcycle", 5: "bus", 6: "train", 7: "truck"} | {
    8: "boat", 14: "bird", 15: "cat", 16: "dog", 17: "horse", 18: "sheep", 19: "cow"
}  # fmt: skip


@dataclass(frozen=True)
class Kinds:
    """What is looked for.

    Args:
        names: of the kinds, as results have them.
        numbers: the detector's classes that are of each.
    """

    names: tuple[str, ...]
    numbers: tuple[tuple[int, ...], ...]

    @classmethod
    def find(
        cls,
        wanted: Sequence[str],
        names: Mapping[int, str],
        classes: int | None,
        people: Callable[[], tuple[int, ...]],
        weights: str,
    ) -> Kinds:
        """The kinds that a user wants, by names or numbers.

        Args:
            wanted: ``person`` and others.
            names: of the detector's classes, as far as it tells.
            classes: how many there are, None where that cannot be known.
            people: tells the numbers of those that are people.
            weights: of the detector, for messages.

        Raises:
            UserError: there is none of a name or number, or one is wanted twice.
        """
        found: dict[str, tuple[int, ...]] = {}
        if classes == 80 and not names:
            names = COCO
        by_name = {" ".join(name.lower().split()): number for number, name in names.items()}
        for text in wanted:
            want = " ".join(text.lower().split())
            if is_person(want):
                name, numbers = PERSON, people()
            elif want.isdecimal() and (classes is None or int(want) < classes):
                number = int(want)
                name, numbers = names.get(number, want), (number,)
            elif want in by_name:
                name, numbers = want, (by_name[want],)
            else:
                raise unknown_name(f"class of {weights}", want, [PERSON, *by_name])
            if is_person(name):
                name = PERSON
            if name in found:
                raise UserError(f"detector.classes: {name} is named twice")
            found[name] = numbers
        if not found:
            raise UserError("detector.classes: names no class; expected some, such as [person]")
        return cls(tuple(found), tuple(found.values()))

    def of(self, numbers: NDArray[np.int64]) -> NDArray[np.int64] | None:
        """``(N,)`` the kind of each class number, its place among the names; None of one kind."""
        if len(self.names) == 1:
            return None
        table = {number: kind for kind, some in enumerate(self.numbers) for number in some}
        return np.array([table[int(number)] for number in numbers], np.int64)


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
