"""The page frozen into one file: no network, no other files, opens from disk."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from mtmc.files import write_text
from mtmc.results import Results, layout
from mtmc.results.crops import Crop
from mtmc.viewer.files import PAGE, frozen_modules
from mtmc.viewer.pictures import MOST, Chosen
from mtmc.viewer.scene import Scene, described

LARGEST = 10_000_000  # bytes of a report
SPARE = 500  # bytes to say what was left out
JPEG = 75  # quality of pictures that are made smaller, percent


@dataclass(frozen=True)
class Size:
    """How many pictures a report has of each person, and how tall.

    Args:
        most: pictures of a person.
        height: px; None for as they are kept.
    """

    most: int
    height: int | None


# The first that fits is taken.
SIZES = (
    *(Size(MOST, None), Size(MOST, 160), Size(4, 160), Size(4, 128), Size(3, 128)),
    *(Size(3, 96), Size(2, 96), Size(1, 96), Size(1, 64)),
)


def write_report(results: Results) -> Path:
    """Write ``report.html`` into the folder of a run.

    Returns:
        The file.

    Raises:
        UserError: the results are damaged, or the file cannot be written.
    """
    path = results.folder / layout.REPORT
    write_text(path, frozen(*page_of(results)))
    return path


def page_of(results: Results) -> tuple[Scene, list[str]]:
    """The scene of a report and its pictures, in base64, as fit into ``LARGEST`` bytes."""
    scene, chosen = described(results)
    room = LARGEST - len(frozen(scene, [])) - SPARE
    kept, pictures, size = fitting(chosen, [person["id"] for person in scene["people"]], room)
    crops = scene["crops"]
    scene["crops"] = {name: [column[row] for row in kept] for name, column in crops.items()}
    scene["left_out"] += left_out(results, chosen, kept, size)
    return scene, pictures


def left_out(
    results: Results, chosen: Sequence[Chosen], kept: Sequence[int], size: Size | None
) -> list[str]:
    """What is not in a report that could have been, a line each."""
    if not (results.folder / layout.CROPS).is_file():
        return ["Pictures: the run kept none (output.crops=false)."]
    if size is None:
        return []
    tall = f"at most {size.height} px tall" if size.height else "as they are kept"
    people = len({one.person for one in chosen}) - len({chosen[row].person for row in kept})
    line = f"Pictures: {size.most} of each person, {tall}, so that this file stays under 10 MB."
    more = f" {people} people have none." if people else ""
    return [f"{line}{more} `mtmc people --crops` writes all of them."]


def fitting(
    chosen: Sequence[Chosen], people: Sequence[int], room: int
) -> tuple[list[int], list[str], Size | None]:
    """As many pictures as there is room for.

    Args:
        chosen: by person, best first.
        people: their ids, who must not be without pictures first.
        room: bytes.

    Returns:
        Which of ``chosen`` are in, their pictures in base64, and the size if it is not the first.
    """
    for size in SIZES:
        kept = list(_first(chosen, size.most))
        pictures, full = [], False
        left = room
        for row in kept:
            pictures.append(_picture(chosen[row].crop, size.height))
            left -= len(pictures[-1]) + 4
            if full := left < 0:
                break
        if not full:
            return kept, pictures, None if size == SIZES[0] else size
    return _of_some(chosen, people, room)


def _of_some(
    chosen: Sequence[Chosen], people: Sequence[int], room: int
) -> tuple[list[int], list[str], Size]:
    """The smallest pictures of as many people as there is room for, in their order."""
    size, rank = SIZES[-1], {person: place for place, person in enumerate(people)}
    found: dict[int, str] = {}
    for row in sorted(_first(chosen, size.most), key=lambda row: rank[chosen[row].person]):
        picture = _picture(chosen[row].crop, size.height)
        room -= len(picture) + 4
        if room < 0:
            break
        found[row] = picture
    return sorted(found), [found[row] for row in sorted(found)], size


def _first(chosen: Sequence[Chosen], most: int) -> Iterator[int]:
    """The rows of each person's first pictures."""
    count: dict[int, int] = defaultdict(int)
    for row, one in enumerate(chosen):
        count[one.person] += 1
        if count[one.person] <= most:
            yield row


def _picture(crop: Crop, height: int | None) -> str:
    """A JPEG in base64, made smaller where it is taller than asked for."""
    jpeg = crop.jpeg
    if height is not None and (image := crop.image).shape[0] > height:
        width = max(1, round(image.shape[1] * height / image.shape[0]))
        small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
        jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, JPEG])[1].tobytes()
    return base64.b64encode(jpeg).decode()


def frozen(scene: Scene, pictures: Sequence[str]) -> str:
    """The page as one file.

    Scripts and styles are allowed by a number that is a hash of all content, so that nothing in it
    can know it: what people and cameras are called is text, whatever it looks like.
    """
    data = {"scene": _embedded(scene), "pictures": _embedded(pictures)}
    style = (PAGE / "style.css").read_text(encoding="utf-8")
    modules = {f"mtmc/{path.name}": _address(path) for path in frozen_modules()}
    nonce = hashlib.sha256("".join([*data.values(), style, *modules.values()]).encode())
    mark = f'nonce="{nonce.hexdigest()[:32]}"'
    policy = f"'nonce-{nonce.hexdigest()[:32]}'"
    allowed = f"default-src 'none'; img-src data:; style-src {policy}; script-src {policy}"
    head = (
        f'<meta http-equiv="Content-Security-Policy" content="{allowed}">\n'
        f"<style {mark}>\n{style}</style>"
    )
    scripts = [
        *(f'<script type="application/json" id="{i}">{text}</script>' for i, text in data.items()),
        f'<script type="importmap" {mark}>{json.dumps({"imports": modules})}</script>',
        f'<script type="module" {mark}>import "mtmc/main.js";</script>',
    ]
    page = (PAGE / "index.html").read_text(encoding="utf-8")
    page = _between(page, "style", head)
    return _between(page, "modules", "\n".join(scripts))


def _address(path: Path) -> str:
    """A module as an address that holds it."""
    return f"data:text/javascript;base64,{base64.b64encode(path.read_bytes()).decode()}"


def _between(page: str, name: str, text: str) -> str:
    """The page with what stands between two marks replaced."""
    before, rest = page.split(f"<!-- {name} -->")
    return before + text + rest.split(f"<!-- /{name} -->")[1]


def _embedded(value: Any) -> str:
    """JSON that may stand in HTML: no ``<`` begins a tag or ends the script."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
