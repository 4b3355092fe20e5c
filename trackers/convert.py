"""To and from what other libraries use; none of them is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mtmc.trackers.types import Detections, Tracks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

PEOPLE = {"person", "persons", "people", "pedestrian", "pedestrians", "human", "humans"}


def is_person(name: str) -> bool:
    """Whether a class of that name is people."""
    return name.strip().lower() in PEOPLE


def from_supervision(found: Any, classes: Iterable[int] | None = None) -> Detections:
    """The people in a ``supervision.Detections``; with ``classes``, of those, told apart.

    Args:
        found: has ``xyxy``, ``confidence`` (1 where None), ``class_id``, and perhaps the classes'
            names in ``data["class_name"]``.
        classes: numbers of those to take; None takes the classes whose name is that of people,
            and all where there are no names.

    Raises:
        ValueError: a shape does not fit, or no class is called person.
    """
    names = (getattr(found, "data", None) or {}).get("class_name")
    named = None if names is None else np.array([is_person(str(name)) for name in names], bool)
    return _chosen(found.xyxy, found.confidence, found.class_id, named, classes)


def from_ultralytics(result: Any, classes: Iterable[int] | None = None) -> Detections:
    """The people in one of ultralytics' ``Results``; with ``classes`` as in `from_supervision`.

    Args:
        result: has ``boxes`` with ``xyxy``, ``conf`` and ``cls``, and ``names``.
        classes: numbers of those to take; None takes the classes whose name is that of people.

    Raises:
        ValueError: there are no boxes (another task), or no class is called person.
    """
    boxes = result.boxes
    if boxes is None:
        raise ValueError("the result has no upright boxes; expected one of a detector")
    labels = np.rint(_array(boxes.cls)).astype(int).ravel()
    people = {number for number, name in result.names.items() if is_person(str(name))}
    if classes is None and not people:
        listed = ", ".join(f"{number} {name}" for number, name in list(result.names.items())[:20])
        raise ValueError(f"no class is called person (classes: {listed}); choose by classes=[...]")
    return _chosen(boxes.xyxy, boxes.conf, labels, np.isin(labels, list(people)), classes)


def to_supervision(tracks: Tracks) -> dict[str, NDArray[Any]]:
    """What makes a ``supervision.Detections`` of tracks: ``Detections(**to_supervision(tracks))``.

    Returns:
        ``xyxy (M, 4)``, ``confidence (M,)``, ``tracker_id (M,)`` and ``class_id (M,)``, 0 where the
        tracks have no classes.
    """
    return {
        "xyxy": tracks.boxes.copy(),
        "confidence": tracks.scores.copy(),
        "tracker_id": tracks.ids.copy(),
        "class_id": _class_numbers(tracks),
    }


def to_ultralytics(tracks: Tracks) -> NDArray[np.float32]:
    """Tracks as rows of ultralytics' ``Boxes``: ``result.update(boxes=torch.tensor(rows))``.

    Returns:
        ``(M, 7) float32``: ``x1, y1, x2, y2``, track id, score and class, 0 where the tracks have
        no classes.
    """
    columns = (tracks.ids, tracks.scores, _class_numbers(tracks))
    return np.column_stack([tracks.boxes, *columns]).astype(np.float32)


def _class_numbers(tracks: Tracks) -> NDArray[np.int64]:
    return np.zeros(len(tracks), np.int64) if tracks.classes is None else tracks.classes.copy()


def _chosen(
    boxes: Any, scores: Any, labels: Any, people: NDArray[np.bool_] | None, classes: Any
) -> Detections:
    """Those of the chosen classes that have an area."""
    corners = np.asarray(_array(boxes), np.float32).reshape(-1, 4)
    sure = np.ones(len(corners)) if scores is None else _array(scores).ravel()
    keep = np.isfinite(corners).all(axis=1) & (corners[:, 2:] > corners[:, :2]).all(axis=1)
    if classes is not None:
        if labels is None:
            raise ValueError("classes are chosen, but the detections have none")
        keep &= np.isin(_array(labels).ravel(), list(classes))
    elif people is not None:
        keep &= people
    numbers = None if classes is None else np.asarray(_array(labels)).ravel()[keep]
    return Detections(corners[keep], np.asarray(sure, np.float32)[keep], classes=numbers)


def _array(values: Any) -> NDArray[Any]:
    """An array, or a tensor on any device."""
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    return np.asarray(values)
