"""The local web app: what its pages ask for, and who may ask."""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
import socket
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.applications import Starlette
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from mtmc.errors import UserError
from mtmc.viewer.files import INDEX, PAGE, inline_hashes
from mtmc.viewer.guard import LOOPBACK, POLICY, Guard
from mtmc.viewer.live import RATE, LiveView

if TYPE_CHECKING:
    from starlette.requests import Request

WAITING = 128  # connections that are not answered yet
SLOW = 30.0  # seconds after which a browser that takes nothing is given up


@dataclass(frozen=True)
class Address:
    """Where the viewer listens.

    Args:
        host: name or number of the computer's own address.
        port: 0 for any that is free.
    """

    host: str = "127.0.0.1"
    port: int = 8000

    @property
    def loopback(self) -> bool:
        """Whether nobody but this computer comes there."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


class Served:
    """Listens at an address, and serves a web app there; from elsewhere that takes a token.

    Who asks before it serves waits.

    Args:
        address: where.

    Attributes:
        token: that is needed; None on this computer alone.
        url: to be opened in a browser.

    Raises:
        UserError: nothing can listen there.
    """

    def __init__(self, address: Address) -> None:
        self.token = None if address.loopback else secrets.token_urlsafe(24)
        self._hosts = {*LOOPBACK, address.host} if address.loopback else None
        self._socket = _listening(address)
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        host, port = address.host, self._socket.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        rest = f"?token={self.token}" if self.token else ""
        self.url = f"http://{shown}:{port}/{rest}"

    def run(self, app: ASGIApp) -> None:
        """Serve until Ctrl-C."""
        self._made(app).run([self._socket])

    def start(self, app: ASGIApp) -> None:
        """Serve in the background, as long as this process lasts."""
        serve = self._made(app).serve
        # Not `run`: signals are this process' own.
        self._thread = threading.Thread(target=lambda: asyncio.run(serve([self._socket])))
        self._thread.daemon = True
        self._thread.start()

    def _made(self, app: ASGIApp) -> uvicorn.Server:
        config = uvicorn.Config(
            Guard(app, self._hosts, self.token),
            log_level="error",
            access_log=False,  # addresses may hold the token
            ws_max_size=1024,  # nothing is read there
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        return self._server

    def stop(self) -> None:
        """Leave off listening, and serving in the background."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(SLOW)
        self._socket.close()


def _listening(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((address.host, address.port))
        made.listen(WAITING)
    except (OSError, OverflowError) as error:
        made.close()
        reason = getattr(error, "strerror", None) or error
        raise UserError(
            f"--host {address.host} --port {address.port}: cannot listen there ({reason}); "
            "another --port, or 0 for any that is free"
        ) from error
    return made


def application(routes: list[BaseRoute]) -> Starlette:
    """The page, and what it asks for."""
    page = [Route("/", _index), Mount("/page", StaticFiles(directory=PAGE))]
    return Starlette(routes=[*page, *routes], exception_handlers={UserError: _explained})


def _explained(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 400)


async def _index(_: Request) -> Response:
    scripts = " ".join(["script-src 'self'", *inline_hashes()])
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": f"{scripts}; {POLICY}"}
    return FileResponse(INDEX, media_type="text/html", headers=headers)


def live_application(view: LiveView) -> Starlette:
    """The page of a run that goes on; nothing of it can be changed."""

    async def scene(_: Request) -> Response:
        return JSONResponse({**view.scene(), "viewer": {"live": True}})

    return application([Route("/scene.json", scene), WebSocketRoute("/live", _looking_on(view))])


def _looking_on(view: LiveView) -> Callable[[WebSocket], Awaitable[None]]:
    async def send(socket: WebSocket) -> None:
        number = 0
        while not view.ended:
            number, message = await asyncio.to_thread(view.message, number)
            if message is not None:
                # A slow browser gets fewer pictures: meanwhile, new ones take the old ones' place.
                await asyncio.wait_for(socket.send_bytes(message), SLOW)
            await asyncio.sleep(1 / RATE)
        await socket.send_bytes((await asyncio.to_thread(view.message, number))[1] or b"")

    async def hear(socket: WebSocket) -> None:
        while (await socket.receive())["type"] != "websocket.disconnect":
            pass  # read-only: whatever is sent is not listened to

    async def look_on(socket: WebSocket) -> None:
        await socket.accept()
        tasks: list[asyncio.Task[Any]] = [asyncio.create_task(f(socket)) for f in (send, hear)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.exception()
        finally:
            for task in tasks:
                task.cancel()

    return look_on
