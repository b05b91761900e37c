"""Who reads which streamer's chat: one account for each, however many watch it.

Invariants: whoever reads a chat watches it and may read chats; no account reads more than its seats hold; whoever
reads goes on reading for as long as that holds. So a viewer's grant serves everybody who watches the same chat, and
no account comes near Twitch's limit of 100 chats (TWITCH.md 5.1) by more than it watches.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

SEATS = 2
CHATS_OF_A_SEAT = 50
"""A seat is a WebSocket: 300 subscriptions (six of each chat), and 100 chats an account."""

BLOCKED_S = 600.0
"""For so long an account is not asked for a chat that it may not read."""
PUT_OFF_S = 30.0
"""And for so long where Twitch takes one more subscription too many: sockets that it has not missed yet count."""
WATCH_S = 90.0
"""A connection actor that has not said for so long what is watched there is taken for gone."""


class Seat(NamedTuple):
    """A WebSocket that reads chats for an account."""

    user_id: str
    number: int


def leases(
    demand: Mapping[str, Collection[str]],
    held: Mapping[str, Seat],
    blocked: Collection[tuple[str, str]] = (),
) -> dict[str, Seat]:
    """
    The seat that shall read each chat.

    Args:
        demand: By streamer, the accounts that watch its chat and may read it.
        held: The seats that read now; kept where that is still allowed.
        blocked: (streamer, account) that Twitch has refused lately.
    """
    found: dict[str, Seat] = {}
    load: Counter[Seat] = Counter()
    for streamer_id, seat in held.items():
        allowed = seat.user_id in demand.get(streamer_id, ()) and (streamer_id, seat.user_id) not in blocked
        if allowed and load[seat] < CHATS_OF_A_SEAT:
            found[streamer_id] = seat
            load[seat] += 1
    # Whoever has the least choice chooses first.
    for streamer_id in sorted(demand.keys() - found.keys(), key=lambda one: (len(demand[one]), one)):
        able = [user for user in demand[streamer_id] if (streamer_id, user) not in blocked]
        seats = [Seat(user, number) for user in able for number in range(SEATS)]
        free = [seat for seat in seats if load[seat] < CHATS_OF_A_SEAT]
        if free:
            # Full accounts last, and one socket of an account before its second.
            seat = min(free, key=lambda one: (_of_account(load, one.user_id), one.user_id, one.number))
            found[streamer_id] = seat
            load[seat] += 1
    return found


def _of_account(load: Counter[Seat], user_id: str) -> int:
    return sum(load[Seat(user_id, number)] for number in range(SEATS))


class Demand:
    """Who watches which chat, by what connection actors say."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str], tuple[float, dict[str, tuple[str, ...]]]] = {}

    def watch(self, connection: str, incarnation: str, chats: Mapping[str, Sequence[str]], now_s: float) -> bool:
        """Exactly these chats are watched there, by (some of) these accounts; whether that is news."""
        key = (connection, incarnation)
        said = {streamer_id: tuple(users) for streamer_id, users in chats.items()}
        _, before = self._said.pop(key, (0.0, {}))
        if said:
            self._said[key] = (now_s + WATCH_S, said)
        return said != before

    def by_streamer(self, now_s: float) -> dict[str, list[str]]:
        """The accounts that watch each chat now, each once."""
        self._said = {key: held for key, held in self._said.items() if held[0] > now_s}
        found: dict[str, dict[str, None]] = {}
        for _, said in self._said.values():
            for streamer_id, users in said.items():
                found.setdefault(streamer_id, {}).update(dict.fromkeys(users))
        return {streamer_id: sorted(users) for streamer_id, users in found.items()}
