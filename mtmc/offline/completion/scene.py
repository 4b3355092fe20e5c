"""All cameras' rows, completed by what the others know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from mtmc.offline.completion.adoption import found_again
from mtmc.offline.completion.config import CompletionConfig
from mtmc.offline.completion.figures import mended
from mtmc.offline.completion.fusion import fuse
from mtmc.offline.completion.outlook import Outlook, outlook
from mtmc.offline.completion.sightings import Sightings, View
from mtmc.offline.completion.visibility import Looks, seen_share
from mtmc.steps import all_of_same_step
from mtmc.trackers.offline import NOBODY
from mtmc.tracking.rows import ROW, Rows
from mtmc.types import Ints

CLOSE = 0.3  # m between two people, at least
LOOK = 0.2  # s between the looks that tell where a camera sees people


def complete_scene(
    rows: Rows, people: Ints, views: Sequence[View | None], config: CompletionConfig
) -> tuple[Rows, Ints]:
    """Complete what one camera saw badly by what the others saw.

    Args:
        rows: of all cameras: detections, also those of no track.
        people: ``(N,)`` who each row shows, 0 for nobody; one row of a person in each frame.
        views: by number of the camera; None for one without a calibration, whose rows stay.
        config: settings.

    Returns:
        The rows, with boxes made whole where something hides feet or a side, and after them new
        ones of people a camera had lost, with ``detected`` false, no track and no place; and whom
        all these show. Detections of nobody may show somebody now.
    """
    known = [view for view in views if view]
    if len(known) == len(views):
        return _completed(rows, people, known, config)
    numbers = np.array([number for number, view in enumerate(views) if view], np.int64)
    here = np.isin(rows["camera"], numbers)
    part = rows[here]
    part["camera"] = np.searchsorted(numbers, part["camera"])
    part, whom = _completed(part, people[here], known, config)
    part["camera"] = numbers[part["camera"]]
    return np.concatenate([part, rows[~here]]), np.concatenate([whom, people[~here]])


def _completed(
    rows: Rows, people: Ints, views: Sequence[View], config: CompletionConfig
) -> tuple[Rows, Ints]:
    """The same where all cameras are calibrated."""
    if not (people != NOBODY).any():
        return rows, people
    rows, people = rows.copy(), people.copy()
    for _, here, view, names, found in _outlooks(rows, people, views, config):
        boxes = rows["box"][here].astype(np.float64)
        free, steps = people[here] == NOBODY, view.clock.steps(rows["frame"][here])
        taken, whom = found_again(found, steps, boxes, free, config)
        people[here[taken]] = names[whom]
        rows["track"][here[taken]] = NOBODY  # of a track that is nobody, perhaps
    added, whose = [rows], [people]
    boxes, known = rows["box"].copy(), np.flatnonzero(people != NOBODY)
    for number, _, view, names, found in _outlooks(rows, people, views, config):
        seen = np.flatnonzero(found.seen >= 0)
        which = known[found.seen[seen]]
        whole = mended(rows["box"][which].astype(np.float64), found.boxes[seen])
        boxes[which] = view.clipped(whole)
        drawn = _drawn(found, view, config)
        added.append(_rows(found, drawn, number, view))
        whose.append(names[found.person[drawn]])
    rows["box"] = boxes
    return np.concatenate(added), np.concatenate(whose)


def _outlooks(
    rows: Rows, people: Ints, views: Sequence[View], config: CompletionConfig
) -> Iterator[tuple[int, Ints, View, Ints, Outlook]]:
    """Of each camera that saw somebody: number, its rows, view, people's ids, and outlook."""
    known = np.flatnonzero(people != NOBODY)
    names, person = np.unique(people[known], return_inverse=True)
    camera, steps = rows["camera"][known].astype(np.int64), np.zeros(len(known), np.int64)
    for number, view in enumerate(views):
        steps[camera == number] = view.clock.steps(rows["frame"][known[camera == number]])
    columns = (rows[name][known].astype(np.float64) for name in ("time", "box", "score"))
    sightings = Sightings(camera, person, steps, *columns)
    fused = fuse(sightings, views, config)
    for mine, view in sightings.by_view(views):
        number = int(camera[mine[0]])
        here = np.flatnonzero(rows["camera"] == number)
        yield number, here, view, names, outlook(mine, view, sightings, fused, config)


def _drawn(found: Outlook, view: View, config: CompletionConfig) -> Ints:
    """Rows of the outlook that are to be drawn though the camera did not see them."""
    lost = found.lost[found.unsure[found.lost] <= config.unsure]
    lost = lost[~_taken(found, lost)]
    often = found.step % max(1, round(LOOK / view.period)) == 0
    look = np.flatnonzero(often & (found.known | (found.seen >= 0)))
    looks = Looks(found.points[look], found.seen[look] >= 0, found.gap[look])
    share = seen_share(looks, found.points[lost], found.gap[lost], config.seen_reach)
    return lost[(found.lasting[lost] <= config.fill_gap) | (share >= config.seen_share)]


def _taken(found: Outlook, lost: Ints) -> NDArray[np.bool_]:
    """``(len(lost),)`` whether the camera sees somebody where they would be drawn.

    Two people are not that close; then one has two ids, and would be shown twice.
    """
    seen = np.flatnonzero(found.seen >= 0)
    seen = seen[np.argsort(found.step[seen], kind="stable")]
    order = np.argsort(found.step[lost], kind="stable")
    one, other = all_of_same_step(found.step[lost[order]], found.step[seen])
    away = np.linalg.norm(found.points[lost[order[one]]] - found.points[seen[other]], axis=1)
    taken = np.zeros(len(lost), bool)
    taken[order[one[away < CLOSE]]] = True
    return taken


def _rows(found: Outlook, drawn: Ints, number: int, view: View) -> Rows:
    rows = np.zeros(len(drawn), ROW)
    rows["camera"], rows["frame"] = number, view.clock.frames(found.step[drawn])
    rows["time"], rows["score"] = found.time[drawn], found.score[drawn]
    rows["box"], rows["floor"] = view.clipped(found.boxes[drawn]), np.nan
    return rows
