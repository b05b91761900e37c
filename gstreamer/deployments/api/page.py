"""The built page: read once into memory, served under its policy, hashed assets for ever, the rest revalidated.

Only files that were there at the start are served, by exact path, so no path leads out of the folder.
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from gstreamer.core.problems import ProblemError
from gstreamer.core.urls import content_security_policy

INDEX = "index.html"
RESERVED = frozenset({"eventsub", "ws"})
"""First parts of paths that belong to other applications."""

ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
FOR_EVER = "public, max-age=31536000, immutable"
NOT_BUILT = b"The page is not built: run `make up`, or `make page`, where gstreamer's sources are.\n"

# A worker takes the policy of its own script, which browsers keep for ever: it names schemes, so that it stays right
# when the socket origins change.
ASSET_POLICY = content_security_policy(("ws:", "wss:"))


class Asset(NamedTuple):
    """A file of the page, with the compressed forms that stand beside it."""

    media_type: str
    etag: str
    plain: bytes
    compressed: dict[str, bytes]


class Page:
    """
    An ASGI application.

    Args:
        folder: Where the built page is; it may be missing.
        policy: Gives the policy of the page at the moment.
    """

    def __init__(self, folder: Path, policy: Callable[[], str]) -> None:
        self._folder = folder
        self._policy = policy
        self._assets = read_assets(folder)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path = scope["path"].lstrip("/")
        if path.partition("/")[0] in RESERVED:
            raise ProblemError(404, f"there is nothing at /{path}")
        if scope["method"] not in {"GET", "HEAD"}:
            raise ProblemError(405, "the page can only be read", headers={"Allow": "GET, HEAD"})
        if not self._assets:
            self._assets = read_assets(self._folder)
        asset = self._assets.get(path) or self._route(path)
        if asset is None:
            await _not_built(scope, send)
            return
        hashed = path.startswith("assets/")
        headers = {
            "Content-Type": asset.media_type,
            "ETag": asset.etag,
            "Vary": "Accept-Encoding",
            "Cache-Control": FOR_EVER if hashed else "no-cache",
            "Content-Security-Policy": ASSET_POLICY if hashed else self._policy(),
        }
        await _answer(scope, send, asset, headers)

    def _route(self, path: str) -> Asset | None:
        """The page itself for a path that it routes by itself; a missing file is no such path."""
        if self._assets and ("." in PurePosixPath(path).name or path.startswith("assets/")):
            raise ProblemError(404, f"there is no file /{path[:200]}; reload the page")
        return self._assets.get(INDEX)


def read_assets(folder: Path) -> dict[str, Asset]:
    """Every file of the built page by its path; empty if it is not built."""
    if not (folder / INDEX).is_file():
        return {}
    found: dict[str, Asset] = {}
    suffixes = {suffix for _, suffix in ENCODINGS}
    for file in sorted(folder.rglob("*")):
        path = file.relative_to(folder)
        if file.suffix in suffixes or not file.is_file() or any(part.startswith(".") for part in path.parts):
            continue
        plain = file.read_bytes()
        compressed = {
            encoding: beside.read_bytes()
            for encoding, suffix in ENCODINGS
            if (beside := file.with_name(file.name + suffix)).is_file()
        }
        etag = f'"{hashlib.sha256(plain).hexdigest()[:32]}"'
        found[path.as_posix()] = Asset(_media_type(file.name), etag, plain, compressed)
    return found


async def _answer(scope: Scope, send: Send, asset: Asset, headers: dict[str, str]) -> None:
    asked = Headers(scope=scope)
    if asset.etag.strip('"') in asked.get("if-none-match", ""):
        await _send(send, 304, headers, b"")
        return
    body = asset.plain
    accepted = _accepted(asked.get("accept-encoding", ""))
    for encoding, compressed in asset.compressed.items():
        if encoding in accepted:
            headers["Content-Encoding"] = encoding
            headers["ETag"] = f'{asset.etag[:-1]}-{encoding}"'
            body = compressed
            break
    headers["Content-Length"] = str(len(body))
    await _send(send, 200, headers, b"" if scope["method"] == "HEAD" else body)


async def _not_built(scope: Scope, send: Send) -> None:
    headers = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(NOT_BUILT)), "Retry-After": "5"}
    await _send(send, 503, headers, b"" if scope["method"] == "HEAD" else NOT_BUILT)


async def _send(send: Send, status: int, headers: dict[str, str], body: bytes) -> None:
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def _accepted(header: str) -> frozenset[str]:
    """The encodings that a client takes; ``q=0`` refuses one."""
    found = set()
    for item in header.split(","):
        name, _, weight = item.partition(";")
        if weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}:
            found.add(name.strip().lower())
    return frozenset(found)


def _media_type(name: str) -> str:
    guessed = {".js": "text/javascript", ".webmanifest": "application/manifest+json"}.get(PurePosixPath(name).suffix)
    media_type = guessed or mimetypes.guess_type(name)[0] or "application/octet-stream"
    textual = media_type.startswith("text/") or media_type == "application/json"
    return f"{media_type}; charset=utf-8" if textual else media_type
