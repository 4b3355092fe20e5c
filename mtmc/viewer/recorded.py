"""What the pages of a finished run ask for: boxes, videos, crops, who looks alike."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from mtmc.errors import UserError
from mtmc.results import Results
from mtmc.types import TrackKey
from mtmc.viewer.boxes import Boxes
from mtmc.viewer.footage import Footage
from mtmc.viewer.pictures import choose
from mtmc.viewer.scene import Scene, scene_of
from mtmc.viewer.search import Alike, Finder, Wanted, embedded, network_of

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request

    from mtmc.reid import Embedder
    from mtmc.sources.cameras import Source

MOST_PEOPLE, MOST_TRACKS = 60, 12  # that an answer has
PICTURES = 12  # of a person
LARGEST_PICTURE = 20_000_000  # bytes
FRESH = {"Cache-Control": "no-store"}
KEPT = {"Cache-Control": "private, max-age=86400"}


class Recorded:
    """A finished run as its pages see it.

    Args:
        results: of the run.
        sources: its cameras; empty for where the run found them.
    """

    def __init__(self, results: Results, sources: Sequence[Source] = ()) -> None:
        self._results = results
        self.boxes = Boxes(results)
        self.footage = Footage(results, sources, self.boxes)
        self._lock = threading.Lock()  # what is made once is not made twice at a time

    @property
    def routes(self) -> list[Route]:
        """What is answered."""
        return [
            Route("/scene.json", self._scene),
            Route("/footage.json", self._footage),
            Route("/boxes/{number:int}", self._chunk),
            Route("/video/{camera}", self._video),
            Route("/crop/{camera}/{track:int}/{frame}", self._crop),
            Route("/search", self._search),
            Route("/search", self._search_picture, methods=["POST"]),
        ]

    def _scene(self, _: Request) -> Response:
        with self._lock:
            scene = self._seen
        about = {"boxes": self._chunks(), "footage": self._states(), "live": False}
        return JSONResponse({**scene, "viewer": about}, headers=FRESH)

    @cached_property
    def _seen(self) -> Scene:
        return scene_of(self._results, choose(self._results, PICTURES))

    def _chunks(self) -> dict[str, Any]:
        boxes = self.boxes
        return {"start": boxes.start, "seconds": boxes.seconds, "count": boxes.count}

    def _states(self) -> dict[str, Any]:
        return {name: shown.plain() for name, shown in self.footage.cameras.items()}

    def _footage(self, _: Request) -> Response:
        return JSONResponse(self._states(), headers=FRESH)

    def _chunk(self, request: Request) -> Response:
        try:
            content = self.boxes.chunk(request.path_params["number"])
        except IndexError:
            return Response(status_code=404)
        return Response(content, media_type="application/octet-stream", headers=FRESH)

    def _video(self, request: Request) -> Response:
        # By the camera's name: no part of the address is taken for a path.
        file = self.footage.file(request.path_params["camera"])
        if file is None or not file.is_file():
            return Response(status_code=404)
        kind = "video/webm" if file.suffix.lower() == ".webm" else "video/mp4"
        return FileResponse(file, media_type=kind, headers=FRESH)

    def _crop(self, request: Request) -> Response:
        """A crop of a frame, or ``best``: of a track the best one."""
        place = request.path_params
        crops = self._results.crops.of(TrackKey(place["camera"], place["track"]))
        crops = [c for c in crops if c.jpeg and place["frame"] in {"best", str(c.frame)}]
        if not crops:
            return Response(status_code=404)
        best = max(crops, key=lambda crop: crop.quality)
        return Response(best.jpeg, media_type="image/jpeg", headers=KEPT)

    @cached_property
    def _finder(self) -> Finder:
        return Finder(self._results)

    @cached_property
    def _network(self) -> Embedder:
        return network_of(self._results)

    def _search(self, request: Request) -> Response:
        query = request.query_params
        with self._lock:
            finder = self._finder
        if "person" in query:
            return _answer(finder.like_person(_number(query, "person"), _wanted(query)))
        key = TrackKey(query.get("camera", ""), _number(query, "track"))
        return _answer(finder.like_track(key, _wanted(query)))

    async def _search_picture(self, request: Request) -> Response:
        from starlette.concurrency import run_in_threadpool

        data = bytearray()
        async for part in request.stream():
            data += part
            if len(data) > LARGEST_PICTURE:
                raise UserError("the picture is larger than 20 MB; cut the person out of it")
        wanted = _wanted(request.query_params)
        return await run_in_threadpool(self._like_picture, bytes(data), wanted)

    def _like_picture(self, data: bytes, wanted: Wanted) -> Response:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
        if image is None:
            raise UserError("this is no picture; expected a JPEG, PNG or WebP file")
        with self._lock:
            embedding = embedded(self._network, np.asarray(image, np.uint8))
            finder = self._finder
        return _answer(finder.like_embedding(embedding, wanted))


def _answer(found: Sequence[Alike]) -> Response:
    people = [one.plain() for one in found[:MOST_PEOPLE]]
    for person in people:
        del person["tracks"][MOST_TRACKS:]
    return JSONResponse({"people": people}, headers=FRESH)


def _number(query: Mapping[str, str], name: str) -> int:
    try:
        return int(query[name])
    except (KeyError, ValueError):
        raise UserError(f"{name}: expected a number") from None


def _wanted(query: Mapping[str, str]) -> Wanted:
    """The filters: ``in`` a camera, ``from`` and ``to`` seconds."""
    try:
        start, end = (float(query[name]) if query.get(name) else None for name in ("from", "to"))
    except ValueError:
        raise UserError("from, to: expected seconds") from None
    return Wanted(query.get("in") or None, start, end)


def recorded_application(recorded: Recorded) -> Starlette:
    """The page of a finished run."""
    from mtmc.viewer.server import application

    return application([*recorded.routes])
