"""All cameras' rows, completed by what the others know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from mtmc.offline.completion.config import SEEN_REACH, CompletionConfig
from mtmc.offline.completion.fusion import fuse
from mtmc.offline.completion.outlook import Outlook, outlook
from mtmc.offline.completion.sightings import Sightings, told
from mtmc.offline.completion.visibility import Glances, seen_share
from mtmc.trackers.figures import mended
from mtmc.trackers.offline import NOBODY
from mtmc.trackers.offline.found import Lost, found_again, same_step
from mtmc.tracking.rows import ROW, Rows
from mtmc.tracking.view import View
from mtmc.types import Ints

CLOSE = 0.3  # m between two people, at least
LOOK = 0.2  # s between the looks that tell where a camera sees people


def complete_scene(
    rows: Rows, views: Sequence[View], config: CompletionConfig, fill_gap: float
) -> Rows:
    """Complete what one camera saw badly by what the others saw.

    Args:
        rows: of all cameras: detections, also those of nobody; one row of a person in each step.
        views: by number of the camera; rows of one without a calibration stay as they are.
        config: settings.
        fill_gap: longest time between two sightings by one camera, s, that is filled in wherever
            they go in its view.

    Returns:
        The rows, with boxes made whole where something hides feet or a side, and after them new
        ones of people a camera had lost, with ``detected`` false, no track and no place.
        Detections of nobody may show somebody now.
    """
    rows = rows.copy()
    for _, here, _, names, found in _outlooks(rows, views, config):
        free = rows["person"][here] == NOBODY
        boxes = rows["box"][here].astype(np.float64)
        lost = found[found.lost]
        wanted = Lost(lost.step, lost.boxes, lost.unsure)
        taken, whom = found_again(wanted, rows["step"][here], boxes, free)
        rows["person"][here[taken]] = names[lost.person[whom]]
        rows["track"][here[taken]] = NOBODY  # of a track that is nobody, perhaps
    added = [rows]
    boxes, known = rows["box"].copy(), np.flatnonzero(told(rows, views))
    for number, _, view, names, found in _outlooks(rows, views, config):
        seen = np.flatnonzero(found.seen >= 0)
        which = known[found.seen[seen]]
        whole = mended(rows["box"][which].astype(np.float64), found.boxes[seen])
        boxes[which] = view.clipped(whole)
        drawn = _rows(found[_drawn(found, view, config, fill_gap)], number, view)
        drawn["person"] = names[drawn["person"]]
        added.append(drawn)
    rows["box"] = boxes
    return np.concatenate(added)


def _outlooks(
    rows: Rows, views: Sequence[View], config: CompletionConfig
) -> Iterator[tuple[int, Ints, View, Ints, Outlook]]:
    """Of each camera that saw somebody: number, its rows, view, people's ids, and outlook."""
    known = rows[told(rows, views)]
    if not len(known):
        return
    names, sightings = np.unique(known["person"]), Sightings.of(known)
    fused = fuse(sightings, views)
    for mine, view in sightings.by_view(views):
        number = int(sightings.camera[mine[0]])
        here = np.flatnonzero(rows["camera"] == number)
        yield number, here, view, names, outlook(mine, view, sightings, fused, config)


def _drawn(found: Outlook, view: View, config: CompletionConfig, fill_gap: float) -> Ints:
    """Rows of the outlook that are to be drawn though the camera did not see them."""
    lost = found.lost[found.unsure[found.lost] <= config.unsure]
    lost = lost[~_taken(found, lost)]
    often = found.step % max(1, round(LOOK / view.period)) == 0
    look = np.flatnonzero(often & (found.known | (found.seen >= 0)))
    looks = Glances(found.points[look], found.seen[look] >= 0, found.gap[look])
    share = seen_share(looks, found.points[lost], found.gap[lost], SEEN_REACH)
    return lost[(found.lasting[lost] <= fill_gap) | (share >= config.seen_share)]


def _taken(found: Outlook, lost: Ints) -> NDArray[np.bool_]:
    """``(len(lost),)`` whether the camera sees somebody where they would be drawn.

    Two people are not that close; then one has two ids, and would be shown twice.
    """
    seen = np.flatnonzero(found.seen >= 0)
    one, other = same_step(found.step[lost], found.step[seen])
    away = np.linalg.norm(found.points[lost[one]] - found.points[seen[other]], axis=1)
    taken = np.zeros(len(lost), bool)
    taken[one[away < CLOSE]] = True
    return taken


def _rows(drawn: Outlook, number: int, view: View) -> Rows:
    rows = np.zeros(len(drawn.step), ROW)
    rows["camera"], rows["step"], rows["person"] = number, drawn.step, drawn.person
    rows["frame"], rows["time"] = view.clock.frames(drawn.step), drawn.time
    rows["score"], rows["floor"] = drawn.score, np.nan
    rows["box"] = view.clipped(drawn.boxes)
    return rows
