"""How far a client has come in each streamer's log: pure, so that it can be held against the protocol's rules.

Invariant: of each streamer an event is given at most once, in the order of positions, though two sockets (during a
move) or a resume tell some of them again; and whatever is skipped is told as missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gstreamer.client.items import Item, Missed, Received, Refused, Told


class Wish(NamedTuple):
    """A subscription: after which position (None: from now on), and by which filter (None: everything)."""

    position: str | None
    types: Sequence[str] | None


class Cursors:
    """
    The subscriptions of one client.

    Args:
        positions: Where it stopped the last time, by streamer: each is subscribed from there.
    """

    def __init__(self, positions: Mapping[str, str | None] | None = None) -> None:
        self._wishes = {one: Wish(position, None) for one, position in (positions or {}).items()}

    @property
    def positions(self) -> dict[str, str | None]:
        """Where it stands in each streamer's log; kept, they are where it goes on the next time."""
        return {one: wish.position for one, wish in self._wishes.items()}

    def subscribe(self, streamer_id: str, position: str | None, types: Sequence[str] | None) -> dict[str, Any]:
        """Want a streamer; the message that says so. Without a position a known streamer goes on where it stands."""
        held = self._wishes.get(streamer_id)
        at = held.position if held is not None and position is None else position
        self._wishes[streamer_id] = Wish(at, types)
        message: dict[str, Any] = {"type": "subscribe", "streamer_id": streamer_id}
        if at is not None:
            message["position"] = at
        if types is not None:
            message["types"] = list(types)
        return message

    def unsubscribe(self, streamer_id: str) -> dict[str, Any]:
        """Want a streamer no more; the message that says so."""
        self._wishes.pop(streamer_id, None)
        return {"type": "unsubscribe", "streamer_id": streamer_id}

    def again(self, streamer_id: str) -> dict[str, Any] | None:
        """The message that wants a streamer once more; None if it is wanted no longer."""
        wish = self._wishes.get(streamer_id)
        return None if wish is None else self.subscribe(streamer_id, wish.position, wish.types)

    def hello(self, ticket: str) -> dict[str, Any]:
        """The first message of a socket, by which everything wanted goes on."""
        resume = {
            one: wish.position if wish.types is None else {"position": wish.position, "types": list(wish.types)}
            for one, wish in self._wishes.items()
        }
        return {"type": "hello", "ticket": ticket, "resume": resume}

    def take(self, message: Mapping[str, Any]) -> list[Item]:
        """What a message of the server comes to; nothing for those of streamers that are wanted no more."""
        match message:
            case {"type": "events", "streamer_id": str(streamer_id), "events": list(events)}:
                return self._events(streamer_id, events, message.get("position"))
            case {"type": "subscribed", "streamer_id": str(streamer_id), "position": str(position)}:
                return self._subscribed(streamer_id, position, message.get("recovery"))
            case {"type": "lagged", "streamer_id": str(streamer_id), "from": str(first), "to": str(last)}:
                return self._lagged(streamer_id, first, last, message)
            case {"type": "state", "state": str(state)}:
                reason, since = str(message.get("reason", "")), str(message.get("since", ""))
                return [Told(message.get("streamer_id"), state, since, reason)]
            case {"type": "error", "code": str(code)}:
                return [Refused(message.get("streamer_id"), code, str(message.get("message", "")))]
        return []

    def _events(self, streamer_id: str, events: Sequence[Mapping[str, Any]], position: object) -> list[Item]:
        wish = self._wishes.get(streamer_id)
        if wish is None:
            return []
        at, items = wish.position, []
        for event in events:
            if is_after(event["position"], at):
                items.append(Received(streamer_id, dict(event)))
                at = event["position"]
        if isinstance(position, str) and is_after(position, at):
            at = position
        self._wishes[streamer_id] = wish._replace(position=at)
        return [*items]

    def _subscribed(self, streamer_id: str, position: str, recovery: object) -> list[Item]:
        wish = self._wishes.get(streamer_id)
        if wish is None:
            return []
        if isinstance(recovery, Mapping) and isinstance(gap := recovery.get("gap"), Mapping):
            if not is_after(position, wish.position):
                return []  # the other socket of a move has told it meanwhile
            self._wishes[streamer_id] = wish._replace(position=position)
            return [Missed(streamer_id, gap.get("from"), str(gap.get("to", position)), None, None)]
        if wish.position is None or is_after(position, wish.position):
            self._wishes[streamer_id] = wish._replace(position=position)
        return []

    def _lagged(self, streamer_id: str, first: str, last: str, message: Mapping[str, Any]) -> list[Item]:
        wish = self._wishes.get(streamer_id)
        if wish is None or not is_after(last, wish.position):
            return []
        self._wishes[streamer_id] = wish._replace(position=last)
        count = message.get("count")
        return [Missed(streamer_id, first, last, message.get("class"), count if isinstance(count, int) else None)]


def is_after(position: str, other: str | None) -> bool:
    """Whether a position lies behind another one; one of another epoch does: a log never goes back to an old one."""
    if other is None:
        return True
    (epoch, _, offset), (other_epoch, _, other_offset) = position.rpartition(":"), other.rpartition(":")
    return epoch != other_epoch or int(offset) > int(other_offset)
