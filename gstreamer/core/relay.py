"""What a relay says of the client behind it, signed so that a connection actor can believe it.

The ``websocket`` deployment opens a socket of its own to a connection actor for each client. Limits by address
and the origin rule are about the client, so the relay's handshake carries both in one header.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import NamedTuple

import orjson

from gstreamer.core.errors import InvalidSignatureError

HEADER = "X-Gstreamer-Relay"
PURPOSE = b"gstreamer relay v1"
MAX_AGE_MS = 60_000


class Relayed(NamedTuple):
    """The client behind a relay: its address (empty: not known for sure) and its Origin header."""

    address: str
    origin: str | None


def sign_relayed(key: bytes, relayed: Relayed, now_ms: int) -> str:
    """The header's value."""
    payload = orjson.dumps([relayed.address, relayed.origin, now_ms])
    return base64.urlsafe_b64encode(hmac.digest(key, payload, hashlib.sha256) + payload).decode()


def read_relayed(key: bytes, value: str, now_ms: int) -> Relayed:
    """
    The client that a relay speaks for.

    Raises:
        InvalidSignatureError: No relay of ours wrote this, or not now.
    """
    try:
        raw = base64.b64decode(value.encode(), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise InvalidSignatureError("relay header is not base64url") from None
    mac, payload = raw[:32], raw[32:]
    if not hmac.compare_digest(mac, hmac.digest(key, payload, hashlib.sha256)):
        raise InvalidSignatureError("relay header has a wrong signature")
    address, origin, at_ms = orjson.loads(payload)
    if abs(now_ms - at_ms) > MAX_AGE_MS:
        raise InvalidSignatureError("relay header is too old")
    return Relayed(address, origin)
