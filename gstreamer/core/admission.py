"""Who may open a socket at this connection actor: tickets once, and no more sockets than one may have.

A first ticket names this actor and is younger than it, since what an earlier process saw used is forgotten.
"""

from __future__ import annotations

import ipaddress
from typing import NamedTuple

from gstreamer.core.auth import Ticket
from gstreamer.core.disconnect import Disconnect
from gstreamer.core.errors import InvalidTicketError

MAX_REMEMBERED = 200_000
"""Used tickets of a kind that are remembered; a resume ticket lives a day, and a day can bring many."""

_IPV6_NETWORK_BITS = 64


class Limits(NamedTuple):
    """The most sockets of this actor, of one user and of one address."""

    sockets: int
    per_user: int
    per_address: int


class Admission:
    """
    The sockets here and the tickets that opened them.

    Args:
        name: This connection actor.
        started_ms: When this process began, Unix milliseconds.
        limits: What one may have.
    """

    def __init__(self, name: str, started_ms: int, limits: Limits) -> None:
        self._name = name
        self._started_ms = started_ms
        self._limits = limits
        self._used: dict[str, dict[str, int]] = {"first": {}, "resume": {}}
        self._users: dict[str, int] = {}
        self._addresses: dict[str, int] = {}
        self.sockets = 0

    def enter(self, address: str) -> Disconnect | None:
        """Count a socket from an address (empty: unknown); why it must close again, if it must."""
        key = address_key(address)
        self.sockets += 1
        if key:
            self._addresses[key] = self._addresses.get(key, 0) + 1
        if self.sockets > self._limits.sockets:
            return Disconnect.SERVER_FULL
        if key and self._addresses[key] > self._limits.per_address:
            return Disconnect.TOO_MANY_CONNECTIONS
        return None

    def admit(self, ticket: Ticket, now_ms: int) -> None:
        """
        Use a ticket up and count its user's socket.

        Raises:
            InvalidTicketError: With the close code.
        """
        if ticket.kind == "first" and (ticket.connection != self._name or ticket.issued_ms < self._started_ms):
            raise InvalidTicketError("ticket is for another socket url", Disconnect.TICKET_EXPIRED)
        used = self._used[ticket.kind]
        self._forget_expired(used, now_ms)
        if ticket.nonce in used:
            code = Disconnect.BAD_TICKET if ticket.kind == "first" else Disconnect.TICKET_EXPIRED
            raise InvalidTicketError("ticket was used before", code)
        if self._users.get(ticket.user_id, 0) >= self._limits.per_user:
            raise InvalidTicketError("user has too many sockets", Disconnect.TOO_MANY_CONNECTIONS)
        used[ticket.nonce] = ticket.expires_ms
        self._users[ticket.user_id] = self._users.get(ticket.user_id, 0) + 1

    def leave(self, address: str, user_id: str | None) -> None:
        """Forget a socket that has ended; ``user_id`` if it had been admitted."""
        self.sockets -= 1
        _decrease(self._addresses, address_key(address))
        if user_id is not None:
            _decrease(self._users, user_id)

    @staticmethod
    def _forget_expired(used: dict[str, int], now_ms: int) -> None:
        """Tickets of a kind live equally long, so the oldest expire first."""
        while used:
            oldest = next(iter(used))
            if used[oldest] > now_ms and len(used) < MAX_REMEMBERED:
                return
            del used[oldest]


def address_key(address: str) -> str:
    """What sockets are counted by: an IPv4 address, an IPv6 network of one customer, nothing for loopback."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if ip.is_loopback:
        return ""
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((ip.packed[:8] + bytes(8), _IPV6_NETWORK_BITS)))
    return str(ip)


def origin_allowed(origin: str | None, allowed: frozenset[str]) -> bool:
    """Whether a page of this origin may open sockets; a client that is no browser sends none."""
    return origin is None or origin.lower().rstrip("/") in allowed


def _decrease(counts: dict[str, int], key: str) -> None:
    left = counts.get(key, 0) - 1
    if left > 0:
        counts[key] = left
    else:
        counts.pop(key, None)
