"""WebSocket frames of a server, built once and written to many sockets.

A server's frames are unmasked and our sockets negotiate no extension, so the bytes of a message are the same for
all of them (RFC 6455, 5.2).
"""

from __future__ import annotations

_FIN_TEXT = 0x81
_SHORT = 126
_MEDIUM = 1 << 16


def text_frame(payload: bytes) -> bytes:
    """The one frame that carries ``payload`` as a text message."""
    size = len(payload)
    if size < _SHORT:
        return bytes((_FIN_TEXT, size)) + payload
    if size < _MEDIUM:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload
