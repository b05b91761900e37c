"""What a browser's request may claim of itself: where it comes from, who sent it, where it wants to go next.

Everything here is the client's to forge, so each function says what is believed and falls to the safe side.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_NEXT_CHARS = 2_000


def is_cross_site(method: str, fetch_site: str | None, origin: str | None, own_origin: str) -> bool:
    """
    Whether a request that changes something may come from a page that is not ours.

    Sec-Fetch-Site decides where the browser sends it (no page can set it), else Origin; a request with neither
    is refused, so that no forgotten browser slips through.
    """
    if method in SAFE_METHODS:
        return False
    if fetch_site is not None:
        return fetch_site not in {"same-origin", "none"}
    return origin is None or origin.lower() != own_origin.lower()


def client_address(peer: str, forwarded: Sequence[str], trusted_proxies: int) -> str:
    """
    The client's address: the TCP peer, or what our own proxies appended to X-Forwarded-For.

    Args:
        peer: Address of the TCP peer.
        forwarded: Values of the X-Forwarded-For headers, in order.
        trusted_proxies: How many proxies of ours append to it; what stands left of theirs is the client's word.
    """
    hops = [hop.strip() for value in forwarded for hop in value.split(",")]
    if trusted_proxies < 1 or len(hops) < trusted_proxies:
        return peer
    return hops[-trusted_proxies] if _is_address(hops[-trusted_proxies]) else peer


def safe_next(text: str | None) -> str:
    """The path of ours to go to after signing in; ``/`` for anything that could lead elsewhere."""
    if text is None or len(text) > MAX_NEXT_CHARS or not text.isascii() or not text.isprintable():
        return "/"
    # Browsers read a backslash as a slash, and two of either as the start of a host.
    if not text.startswith("/") or text.startswith(("//", "/api/")) or "\\" in text:
        return "/"
    return text


def is_loopback(host: str) -> bool:
    """Whether a host (with or without port) is this machine: localhost, ``*.localhost``, 127.0.0.0/8, ::1."""
    name = _host(host)
    return name in {"localhost", "::1"} or name.endswith(".localhost") or name.startswith("127.")


def is_other_loopback(host: str, own_origin: str) -> bool:
    """
    Whether ``host`` is another name of this machine than the one in ``own_origin``.

    Cookies do not pass between those, so a sign-in begun at one could not end at the other.
    """
    own = urlsplit(own_origin).netloc
    return is_loopback(host) and is_loopback(own) and _host(host) != _host(own)


def _host(netloc: str) -> str:
    if netloc.startswith("["):
        return netloc[1:].partition("]")[0].lower()
    return netloc.partition(":")[0].lower()


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
