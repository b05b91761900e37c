"""Browser sessions: the cookie's form, and when a session has ended.

Invariant: the cookie's value is stored as its hash only.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

TOUCH_MS = 60_000
"""A session's last use is written again after so long: once a minute, not at each request."""

MAX_VALUE_CHARS = 128
MAX_USER_AGENT_CHARS = 300


class Lifetime(NamedTuple):
    """How long sessions live: unused (``idle_s``), and at all (``absolute_s``)."""

    idle_s: int
    absolute_s: int


class CookieKind(NamedTuple):
    """
    A cookie's name and whether it is Secure.

    ``__Host-`` makes browsers refuse one that another host or path has set; they allow it on https only, which
    plain-http localhost is not.
    """

    name: str
    secure: bool


def session_cookie(public_url: str) -> CookieKind:
    """The cookie that carries a session."""
    return _cookie("gstreamer", public_url)


def sign_in_cookie(public_url: str) -> CookieKind:
    """The short-lived cookie that binds a sign-in to the browser that began it."""
    return _cookie("gstreamer-sign-in", public_url)


def hash_value(value: str) -> bytes:
    """What is stored of a cookie's value. It is 32 random bytes, so a plain hash cannot be searched."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).digest()


def has_ended(created_ms: int, last_seen_ms: int, now_ms: int, lifetime: Lifetime) -> bool:
    """Whether a session is over: unused for too long, or too old."""
    idle = now_ms - last_seen_ms >= lifetime.idle_s * 1000
    return idle or now_ms - created_ms >= lifetime.absolute_s * 1000


def is_touch_due(last_seen_ms: int, now_ms: int) -> bool:
    """Whether a use of the session is worth writing down."""
    return now_ms - last_seen_ms >= TOUCH_MS


def shown_user_agent(header: str | None) -> str:
    """The browser's name for the list of sessions: printable, and bounded."""
    return "".join(char for char in (header or "")[:MAX_USER_AGENT_CHARS] if char.isprintable())


def _cookie(name: str, public_url: str) -> CookieKind:
    secure = public_url.startswith("https://")
    return CookieKind(f"__Host-{name}" if secure else name, secure)
