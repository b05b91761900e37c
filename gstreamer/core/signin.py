"""Signing in at Twitch: the state that comes back with the code, and the scopes that can be asked for.

A state is signed, lives ten minutes, is good once (its id is remembered), and belongs to the browser that holds
the cookie whose hash it carries: a link made by somebody else signs nobody in.
"""

from __future__ import annotations

import base64
import binascii
import enum
import hashlib
import hmac
import json
from collections.abc import Iterable
from typing import NamedTuple

from gstreamer.core.errors import RejectedError

STATE_S = 600
MAX_STATE_CHARS = 4_096
STATE_PURPOSE = b"gstreamer sign-in v1"

READ_CHAT = "user:read:chat"
"""The scope that lets an account read chats over a WebSocket."""

SCOPES: dict[str, tuple[str, ...]] = {
    "chat": ("user:read:chat", "user:write:chat"),
    "follows": ("user:read:follows",),
    "moderation": (
        "channel:read:vips",
        "moderation:read",
        "moderator:read:automod_settings",
        "moderator:read:banned_users",
        "moderator:read:blocked_terms",
        "moderator:read:chat_messages",
        "moderator:read:chat_settings",
        "moderator:read:moderators",
        "moderator:read:shield_mode",
        "moderator:read:suspicious_users",
        "moderator:read:unban_requests",
        "moderator:read:vips",
        "moderator:read:warnings",
    ),
    "streamer": (
        "bits:read",
        "channel:bot",
        "channel:read:ads",
        "channel:read:charity",
        "channel:read:goals",
        "channel:read:hype_train",
        "channel:read:polls",
        "channel:read:predictions",
        "channel:read:redemptions",
        "channel:read:subscriptions",
        "moderator:read:followers",
        "moderator:read:shoutouts",
        "user:bot",
        "user:read:chat",
    ),
}
"""
Groups of scopes by what they are for; signing in alone needs none.

All of them read, but for ``user:write:chat``: what would need leave to act on a channel is not asked for.
"""


class BadStateError(RejectedError):
    """A state that this browser may not come back with: forged, old, used, or another browser's."""


class State(NamedTuple):
    """
    A sign-in under way.

    Attributes:
        id: Random text; remembered when used.
        browser: Hash of the cookie that the browser got, in hexadecimal.
        next: Where to go after it.
        expires_ms: From when on it is refused.
        widened: Whether the person was sent to Twitch a second time, for what an earlier grant covers besides.
    """

    id: str
    browser: str
    next: str
    expires_ms: int
    widened: bool = False


def browser_hash(cookie: str) -> str:
    """What a state carries of the browser's cookie."""
    return hashlib.sha256(cookie.encode("utf-8", "surrogatepass")).hexdigest()


def sign_state(key: bytes, state: State) -> str:
    """The text of a state, as it goes to Twitch and back."""
    payload = json.dumps(list(state), separators=(",", ":")).encode()
    mac = hmac.digest(key, payload, hashlib.sha256)
    return f"{_text(payload)}.{_text(mac)}"


def read_state(key: bytes, text: str, cookie: str | None, now_ms: int) -> State:
    """
    The state that ``text`` is, if it is this browser's; whether it was used before is the caller's to check.

    Raises:
        BadStateError: It is not ours, is too old, or was given to another browser.
    """
    payload_text, _, mac_text = text[:MAX_STATE_CHARS].partition(".")
    try:
        payload, mac = _bytes(payload_text), _bytes(mac_text)
    except (binascii.Error, ValueError):
        raise BadStateError("the state is not one of ours") from None
    if not hmac.compare_digest(mac, hmac.digest(key, payload, hashlib.sha256)):
        raise BadStateError("the state is not one of ours")
    state = State(*json.loads(payload))
    if now_ms >= state.expires_ms:
        raise BadStateError("the sign-in took too long")
    if cookie is None or not hmac.compare_digest(browser_hash(cookie), state.browser):
        raise BadStateError("the sign-in was begun in another browser or another tab")
    return state


def scopes_of(groups: Iterable[str], granted: Iterable[str]) -> tuple[str, ...]:
    """
    The scopes to ask for: those of the groups, and what the person has granted already, which Twitch would drop.

    Raises:
        RejectedError: A group is unknown.
    """
    wanted = set(granted)
    for group in groups:
        if group not in SCOPES:
            raise RejectedError(f"there is no scope group {group[:40]!r}; use {', '.join(sorted(SCOPES))}")
        wanted.update(SCOPES[group])
    return tuple(sorted(wanted))


class Keep(enum.Enum):
    """Which of two grants of one person is kept: the one that we hold, or the one that has just been given."""

    NEW = "new"
    HELD = "held"
    NEITHER = "neither"
    """Each covers what the other does not: ask Twitch for both together."""


def which_to_keep(held: Iterable[str], given: Iterable[str]) -> Keep:
    """
    Which grant covers more, by the scopes of each.

    A person who signs in on another device is asked for nothing, and shall not lose there what was granted here.
    """
    held, given = set(held), set(given)
    if held <= given:
        return Keep.NEW
    return Keep.HELD if given <= held else Keep.NEITHER


def has_group(group: str, granted: Iterable[str]) -> bool:
    """Whether a grant covers a group."""
    return set(SCOPES[group]) <= set(granted)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
