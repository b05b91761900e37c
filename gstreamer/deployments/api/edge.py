"""The door of the api: what holds for every request, whichever route it takes.

Paths with a slash behind are the same paths. A request that changes something must come from our own page; its body
is bounded in size and time and read before the route runs. Every answer carries the security headers; a refusal is
a problem document, and what nobody expected is a 500 without details.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import orjson
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gstreamer import log
from gstreamer.core.browser import SAFE_METHODS, is_cross_site
from gstreamer.core.problems import CONTENT_TYPE, ProblemError, document
from gstreamer.core.urls import content_security_policy

MAX_BODY_BYTES = 65_536
BODY_S = 10.0
UNEXPECTED = ProblemError(500, "something went wrong here; try again in a moment")
PLAIN_POLICY = content_security_policy(())

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class Edge:
    """
    An ASGI application in front of the api and the page.

    Args:
        api: Takes ``/api`` and ``/healthz``.
        page: Takes everything else.
        origin: Gives our own origin, once the application has started.
    """

    def __init__(self, api: ASGIApp, page: ASGIApp, origin: Callable[[], str]) -> None:
        self._api = api
        self._page = page
        self._origin = origin
        self._log = log.get("api")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] != "http":
            await self._api(scope, receive, send)
            return
        answer = Answer(send, secure=self._is_secure())
        try:
            await self._serve(scope, receive, answer)
        except ProblemError as problem:
            await answer.refuse(problem)
        except Exception:
            self._log.exception("request failed", path=scope["path"], method=scope["method"])
            if not answer.started:
                await answer.refuse(UNEXPECTED)
            elif not answer.finished:
                raise

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if len(path) > 1 and path.endswith("/"):
            path = path.rstrip("/") or "/"
            scope = {**scope, "path": path, "raw_path": path.encode()}
        if path != "/healthz" and path != "/api" and not path.startswith("/api/"):
            await self._page(scope, receive, send)
            return
        headers, method = Headers(scope=scope), scope["method"]
        if is_cross_site(method, headers.get("sec-fetch-site"), headers.get("origin"), self._origin()):
            raise ProblemError(403, f"changes are taken from pages of {self._origin()} only; open it there")
        if method not in SAFE_METHODS:
            receive = _replayed(await _body(headers, receive), receive)
        await self._api(scope, receive, send)

    def _is_secure(self) -> bool:
        return self._origin().startswith("https://")


class Answer:
    """The sending side of one request, which adds the headers that every answer has."""

    def __init__(self, send: Send, *, secure: bool) -> None:
        self._send = send
        self._secure = secure
        self.started = False
        self.finished = False

    async def __call__(self, message: Message) -> None:
        """Pass one ASGI message on."""
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Content-Security-Policy", PLAIN_POLICY)
            headers.setdefault("Cache-Control", "no-store")
            if self._secure:
                headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        elif message["type"] == "http.response.body":
            self.finished = not message.get("more_body", False)
        await self._send(message)

    async def refuse(self, problem: ProblemError) -> None:
        """Answer with a problem document."""
        body = orjson.dumps(document(problem))
        headers = {"Content-Type": CONTENT_TYPE, "Content-Length": str(len(body)), **problem.headers}
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await self({"type": "http.response.start", "status": problem.status, "headers": raw})
        await self({"type": "http.response.body", "body": body})


async def _body(headers: Headers, receive: Receive) -> bytes:
    """
    The whole body.

    Raises:
        ProblemError: It is too large, comes too slowly, or its sender has gone.
    """
    too_large = ProblemError(413, f"the body is larger than {MAX_BODY_BYTES} bytes; send less")
    length = headers.get("content-length", "0")
    if length.isascii() and length.isdigit() and int(length[:20]) > MAX_BODY_BYTES:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            more = True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ProblemError(400, "the body did not come whole; send it again")
                body += message.get("body", b"")
                if len(body) > MAX_BODY_BYTES:
                    raise too_large
                more = message.get("more_body", False)
    except TimeoutError:
        raise ProblemError(408, f"the body did not come within {BODY_S:.0f} s; send it again") from None
    return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """A receive that gives ``body`` at once, and then what ``receive`` gives."""
    waiting = [body]

    async def replay() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return replay
