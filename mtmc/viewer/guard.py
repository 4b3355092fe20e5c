"""Who may ask the viewer for anything: its own pages, and from elsewhere only with the token."""

from __future__ import annotations

import hmac
from collections.abc import Collection
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
READING = frozenset({"GET", "HEAD"})
# Nothing but our own files is loaded or run, and no other page shows or reads what is here.
POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # the address may hold the token
}


class Guard:
    """Refuses what does not come from the viewer's own pages.

    A page of another site can make a browser send requests here, also under a name of its own that
    it points to this computer (DNS rebinding). So the host must be one of ours, and what writes,
    or opens a WebSocket, must say that it comes from there.

    Args:
        app: what is guarded.
        hosts: names by which this computer may be called; None for any, which takes a token.
        token: is needed with every request, as ``?token=`` once and as a cookie after that.
    """

    def __init__(
        self, app: ASGIApp, hosts: Collection[str] | None = LOOPBACK, token: str | None = None
    ) -> None:
        self._app, self._hosts, self._token = app, hosts, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, with_headers)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await refusal(scope, receive, with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        name, port = _parts(host)
        if self._hosts is not None and name not in self._hosts:
            return PlainTextResponse("this viewer is not called by that name\n", 421)
        origin = headers.get("origin")
        writes = scope["type"] == "websocket" or scope["method"] not in READING
        if (origin is None and writes) or (origin is not None and urlsplit(origin).netloc != host):
            return PlainTextResponse("only the viewer's own pages may ask for that\n", 403)
        return None if self._token is None else self._unknown(scope, headers, f"mtmc-{port}")

    def _unknown(self, scope: Scope, headers: Headers, cookie: str) -> Response | None:
        """What is answered to who has not shown the token before."""
        assert self._token is not None
        if _same(_cookie(headers.get("cookie", ""), cookie), self._token):
            return None
        query = parse_qsl(scope["query_string"].decode("latin-1"))
        if scope["type"] == "http" and _same(dict(query).get("token", ""), self._token):
            rest = urlencode([(key, value) for key, value in query if key != "token"])
            # Back to the same place: the token leaves the address, and the history.
            answer = RedirectResponse("/" + (f"?{rest}" if rest else ""), 303)
            answer.set_cookie(cookie, self._token, httponly=True, samesite="strict")
            return answer
        return PlainTextResponse("this viewer needs the token that `mtmc view` has printed\n", 401)


def _same(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode(), token.encode())


def _parts(host: str) -> tuple[str, str]:
    try:
        parts = urlsplit(f"//{host}")
        return (parts.hostname or "").lower(), str(parts.port or 80)
    except ValueError:
        return "", ""


def _cookie(text: str, name: str) -> str:
    try:
        found = SimpleCookie(text).get(name)
    except CookieError:
        return ""
    return found.value if found else ""
