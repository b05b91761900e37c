"""A browser for an ASGI application in the test's own loop: cookies, and what browsers send along."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import unquote, urlsplit


@dataclass
class Answer:
    """What the application answered."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name.lower()), None)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name.lower()]

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


class Browser:
    """Sends requests, and keeps the cookies that come back."""

    def __init__(self, app: Any, host: str = "localhost:8000") -> None:
        self.app = app
        self.host = host
        self.cookies: dict[str, str] = {}
        self.agent = "Firefox"

    async def get(self, url: str, **headers: str) -> Answer:
        return await self.request("GET", url, headers=headers)

    async def send(self, method: str, url: str, body: Any = None, **headers: str) -> Answer:
        """What the page's own script sends."""
        raw = b"" if body is None else json.dumps(body).encode()
        usual = {"sec-fetch-site": "same-origin", "content-type": "application/json"}
        return await self.request(method, url, raw, usual | headers)

    async def request(
        self, method: str, url: str, body: bytes = b"", headers: dict[str, str] | None = None, chunks: int = 1
    ) -> Answer:
        parts = urlsplit(url)
        sent = {"host": self.host, "user-agent": self.agent, **(headers or {})}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(parts.path),
            "raw_path": parts.path.encode(),
            "root_path": "",
            "query_string": parts.query.encode(),
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in sent.items()],
            "client": ("127.0.0.1", 4711),
            "server": ("localhost", 8000),
            "state": {},
        }
        size = max(1, -(-len(body) // chunks))
        pieces = [body[start : start + size] for start in range(0, len(body), size)] or [b""]
        answer = await _call(self.app, scope, pieces)
        for line in answer.all("set-cookie"):
            self._keep(line)
        return answer

    def _keep(self, line: str) -> None:
        for name, morsel in SimpleCookie(line).items():
            if morsel["max-age"] == "0":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value


async def _call(app: Any, scope: dict[str, Any], pieces: list[bytes]) -> Answer:
    answer = Answer(0, [], b"")

    async def receive() -> dict[str, Any]:
        if not pieces:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = [(name.decode().lower(), value.decode()) for name, value in message["headers"]]
        else:
            answer.body += message.get("body", b"")

    await app(scope, receive, send)
    return answer


@asynccontextmanager
async def started(app: Any) -> AsyncIterator[None]:
    """The application between its start and its end."""
    said: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    events: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    task = asyncio.ensure_future(
        app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, events.get, said.put)
    )
    for step in ("startup", "shutdown"):
        events.put_nowait({"type": f"lifespan.{step}"})
        message = await said.get()
        assert message["type"] == f"lifespan.{step}.complete", message
        if step == "startup":
            try:
                yield
            finally:
                pass
    await task
