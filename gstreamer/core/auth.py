"""Tickets: signed leave to open a socket, bound to a user, a session and (the first one) a connection actor.

A first ticket lives 30 s and opens one socket at the actor it names. A resume ticket opens one socket at each
actor, as long as its session lives. Both are ``base64url(payload).base64url(HMAC-SHA256)``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from typing import Literal, NamedTuple

from gstreamer.core.disconnect import Disconnect
from gstreamer.core.errors import InvalidTicketError

FIRST_TICKET_S = 30
RESUME_TICKET_S = 86_400
MAX_TICKET_CHARS = 2_048

_PURPOSE = b"gstreamer ticket v1"


class Ticket(NamedTuple):
    """
    Leave to open a socket.

    Attributes:
        kind: ``first`` or ``resume``.
        user_id: The viewer's Twitch id.
        session_id: The public id of the browser session (not the cookie's value).
        connection: The connection actor of a first ticket; empty for a resume ticket.
        issued_ms: When it was made, Unix milliseconds.
        expires_ms: From when on it is refused.
        nonce: Random text that makes it usable once.
        reads_chat: Whether the viewer's grant covers reading chats.
    """

    kind: Literal["first", "resume"]
    user_id: str
    session_id: str
    connection: str
    issued_ms: int
    expires_ms: int
    nonce: str
    reads_chat: bool = False


def derive_key(secret: str, purpose: bytes = _PURPOSE) -> bytes:
    """A 32-byte key for one purpose from the session secret, so that no two purposes share a key."""
    return hmac.digest(secret.encode(), purpose, hashlib.sha256)


def sign_ticket(key: bytes, ticket: Ticket) -> str:
    """The text of a ticket, as clients carry it."""
    payload = json.dumps(list(ticket), separators=(",", ":")).encode()
    return f"{_text(payload)}.{_text(hmac.digest(key, payload, hashlib.sha256))}"


def read_ticket(key: bytes, text: object, now_ms: int) -> Ticket:
    """
    The ticket that ``text`` is; who may use it, and whether it was used, is the connection actor's to check.

    Raises:
        InvalidTicketError: BAD_TICKET if we did not sign it, TICKET_EXPIRED if its time is over.
    """
    if not isinstance(text, str) or len(text) > MAX_TICKET_CHARS or not text.isascii():
        raise InvalidTicketError("ticket is not a text of the right size", Disconnect.BAD_TICKET)
    payload_text, _, mac_text = text.partition(".")
    try:
        payload, mac = _bytes(payload_text), _bytes(mac_text)
    except (binascii.Error, ValueError):
        raise InvalidTicketError("ticket is not base64url", Disconnect.BAD_TICKET) from None
    if not hmac.compare_digest(mac, hmac.digest(key, payload, hashlib.sha256)):
        raise InvalidTicketError("ticket has a wrong signature", Disconnect.BAD_TICKET)
    ticket = Ticket(*json.loads(payload))
    if now_ms >= ticket.expires_ms:
        raise InvalidTicketError("ticket has expired", Disconnect.TICKET_EXPIRED)
    return ticket


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
