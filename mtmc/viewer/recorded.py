"""What the pages of a finished run ask for: boxes, videos, crops, who looks alike."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from mtmc.errors import UserError
from mtmc.results import Results
from mtmc.types import TrackKey
from mtmc.viewer.boxes import Boxes
from mtmc.viewer.correcting import Correcting
from mtmc.viewer.footage import Footage
from mtmc.viewer.report import write_report
from mtmc.viewer.scene import Scene, scene_of
from mtmc.viewer.search import Alike, Finder, Wanted, embedded, embedder_of
from mtmc.viewer.server import application

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request

    from mtmc.reid import Embedder
    from mtmc.sources.cameras import Source

MOST_PEOPLE, MOST_TRACKS = 60, 12  # that an answer has
LARGEST_PICTURE = 20_000_000  # bytes
# Bytes of a video that one answer has: while a page has read enough, it would keep the connection,
# and browsers have six for all cameras and boxes together.
PIECE = 1 << 20
FRESH = {"Cache-Control": "no-store"}
KEPT = {"Cache-Control": "private, max-age=86400"}


class Recorded:
    """A finished run as its pages see it.

    Args:
        results: of the run.
        sources: its cameras; empty for where the run found them.
    """

    def __init__(self, results: Results, sources: Sequence[Source] = ()) -> None:
        self._lock = threading.RLock()  # what is made once is not made twice at a time
        self._read(results)
        self.footage = Footage(results, sources, self.boxes)

    def _read(self, results: Results) -> None:
        self._results = results
        self.boxes = Boxes(results.uncorrected)
        self._correcting = Correcting(results)
        self._made: Scene | None = None
        self.__dict__.pop("_finder", None)  # of other results

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
            Route("/corrections", self._corrections),
            Route("/corrections", self._correct, methods=["POST"]),
            Route("/corrections/undo", self._undo, methods=["POST"]),
            Route("/corrections/redo", self._redo, methods=["POST"]),
            Route("/corrections/preview", self._preview, methods=["POST"]),
            Route("/corrections/apply", self._apply, methods=["POST"]),
            Route("/candidates", self._candidates),
        ]

    def _scene(self, _: Request) -> Response:
        about = {"boxes": self._chunks(), "footage": self._states(), "live": False}
        return JSONResponse({**self._seen(), "viewer": about}, headers=FRESH)

    def _chunks(self) -> dict[str, Any]:
        boxes = self.boxes
        return {"start": boxes.start, "seconds": boxes.seconds, "count": boxes.count}

    def start(self) -> None:
        """Make ready in the background what pages will ask for, and convert videos."""
        self.footage.start()
        threading.Thread(target=self._seen, daemon=True).start()

    def _seen(self) -> Scene:
        """The scene with all corrections, as it was made last."""
        with self._lock:
            if self._made is None:
                self._made = scene_of(self._correcting.shown())
            return self._made

    def _corrections(self, _: Request) -> Response:
        return JSONResponse(self._correcting.state(), headers=FRESH)

    async def _correct(self, request: Request) -> Response:
        try:
            said = await request.json()
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise UserError("a correction is an object of JSON")
        return await run_in_threadpool(self._corrected, lambda: self._correcting.do(said))

    def _undo(self, _: Request) -> Response:
        return self._corrected(self._correcting.undo)

    def _redo(self, _: Request) -> Response:
        return self._corrected(self._correcting.redo)

    def _corrected(self, make: Callable[[], dict[str, Any]]) -> Response:
        with self._lock:
            state = make()
            self._made = None
            return JSONResponse({**state, "scene": self._seen()}, headers=FRESH)

    def _preview(self, _: Request) -> Response:
        return JSONResponse({"text": self._correcting.preview()}, headers=FRESH)

    def _apply(self, _: Request) -> Response:
        with self._lock:
            self._correcting.apply()
            self._read(Results.open(self._results.folder))
            report = write_report(self._results).name
            state = self._correcting.state(f"the results, and {report}, are written as corrected")
            about = {"scene": self._seen(), "boxes": self._chunks()}
            return JSONResponse({**state, **about}, headers=FRESH)

    def _candidates(self, request: Request) -> Response:
        query = request.query_params
        person = _number(query, "person")
        try:
            found = self._named().like_person(person)
        except UserError:  # nobody knows what they look like
            found = []
        likely = {one.person: one.probability for one in found}
        time = _seconds(query, "time")
        candidates = self._correcting.candidates(person, time, likely)
        return JSONResponse({"candidates": candidates}, headers=FRESH)

    def _named(self) -> Finder:
        """The finder, which knows whose each track is now."""
        with self._lock:
            finder = self._finder
            finder.name(self._correcting.now.ids)
            return finder

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
        headers = request.scope["headers"]
        asked = [(k, _piece(v)) if k == b"range" else (k, v) for k, v in headers]
        request.scope["headers"] = asked
        kind = "video/webm" if file.suffix.lower() == ".webm" else "video/mp4"
        return FileResponse(file, media_type=kind, headers=FRESH)

    def _crop(self, request: Request) -> Response:
        """A crop of a frame, or ``best``: of a track the best one."""
        place = request.path_params
        key = self._correcting.file_of(TrackKey(place["camera"], place["track"]))
        crops = self._results.uncorrected.crops.of(key)
        crops = [c for c in crops if c.jpeg and place["frame"] in {"best", str(c.frame)}]
        if not crops:
            return Response(status_code=404)
        best = max(crops, key=lambda crop: crop.quality)
        return Response(best.jpeg, media_type="image/jpeg", headers=KEPT)

    @cached_property
    def _finder(self) -> Finder:
        return Finder(self._results.uncorrected)

    @cached_property
    def _network(self) -> Embedder:
        return embedder_of(self._results)

    def _search(self, request: Request) -> Response:
        query = request.query_params
        finder = self._named()
        if "person" in query:
            return _answer(finder.like_person(_number(query, "person"), _wanted(query)))
        key = TrackKey(query.get("camera", ""), _number(query, "track"))
        return _answer(finder.like_track(key, _wanted(query)))

    async def _search_picture(self, request: Request) -> Response:
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
        return _answer(self._named().like_embedding(embedding, wanted))


def _piece(asked: bytes) -> bytes:
    """What of a file is asked for, where it is all the rest no more than a piece of it."""
    first = re.fullmatch(rb"bytes=(\d+)-", asked)
    return b"bytes=%d-%d" % (int(first[1]), int(first[1]) + PIECE - 1) if first else asked


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


def _seconds(query: Mapping[str, str], name: str) -> float | None:
    try:
        return float(query[name]) if query.get(name) else None
    except ValueError:
        raise UserError(f"{name}: expected seconds") from None


def _wanted(query: Mapping[str, str]) -> Wanted:
    """The filters: ``in`` a camera, ``from`` and ``to`` seconds."""
    return Wanted(query.get("in") or None, _seconds(query, "from"), _seconds(query, "to"))


def recorded_application(recorded: Recorded) -> Starlette:
    """The page of a finished run."""
    return application([*recorded.routes])
