"""Which events of a streamer a socket is given: what it wants of them, and what its role may see of those.

Invariant: a filter gives nothing of an event that its role may not see; without a role it is a viewer's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from gstreamer.core.events import Event, Role

FAMILY = ".*"
"""Ends a pattern that stands for every type below it."""
LEFT_OUT = "-"
"""Begins a pattern whose types are not wanted, whatever the others say."""

TIERS: Mapping[str, int] = {"1000": 1000, "2000": 2000, "3000": 3000}
"""Twitch's words for the tiers of a subscription, in order."""


class TypeFilter(NamedTuple):
    """
    A set of event types with bounds; equal filters are one value, so that sockets that get the same share a frame.

    Attributes:
        exact: Types by their full name, sorted.
        families: Beginnings with their dot (``channel.``), sorted; the empty one takes all.
        exact_out: Types that are left out, sorted.
        families_out: Beginnings of what is left out, sorted.
        min_bits: Cheers of fewer bits are left out.
        min_tier: Subscriptions of a lower tier are left out.
        role: Of whom it is; the events' terms are held against it.
    """

    exact: tuple[str, ...]
    families: tuple[str, ...]
    exact_out: tuple[str, ...] = ()
    families_out: tuple[str, ...] = ()
    min_bits: int = 0
    min_tier: int = 0
    role: Role = Role.VIEWER

    def wants(self, event_type: str) -> bool:
        """Whether an event of this type passes."""
        if event_type in self.exact_out or event_type.startswith(self.families_out):
            return False
        return event_type in self.exact or event_type.startswith(self.families)

    def select(self, events: Iterable[Event]) -> list[Event]:
        """The events that pass, as the role sees them."""
        wants, role = self.wants, self.role
        given: list[Event] = []
        for event in events:
            if not wants(event.type):
                continue
            terms = event.terms
            if terms is None:
                given.append(event)
                continue
            if terms.bits is not None and terms.bits < self.min_bits:
                continue
            if terms.tier is not None and terms.tier < self.min_tier:
                continue
            seen = event.seen_by(role)
            if seen is not None:
                given.append(seen)
        return given


ALL = TypeFilter((), ("",))


def role_of(user_id: str | None, streamer_id: str) -> Role:
    """What somebody is to a streamer, as far as it is known for sure."""
    return Role.BROADCASTER if user_id == streamer_id else Role.VIEWER


def filter_of(types: list[str] | None, min_bits: int = 0, min_tier: int = 0) -> TypeFilter:
    """The filter that the protocol's fields ask for; ``None`` takes all, and so do only leaving out."""
    taken = ALL if types is None else _of_types(types)
    return taken._replace(min_bits=min_bits, min_tier=min_tier) if min_bits or min_tier else taken


def _of_types(types: list[str]) -> TypeFilter:
    wanted = [name for name in types if not name.startswith(LEFT_OUT)]
    left_out = [name.removeprefix(LEFT_OUT) for name in types if name.startswith(LEFT_OUT)]
    taken = ALL[:2] if "*" in wanted or not wanted else _patterns(wanted)
    return TypeFilter(*taken, *_patterns(left_out))


def _patterns(names: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    families = sorted({name[:-1] for name in names if name.endswith(FAMILY)})
    widest = tuple(
        name for name in families if not any(name != other and name.startswith(other) for other in families)
    )
    exact = sorted({name for name in names if not name.endswith(FAMILY) and not name.startswith(widest)})
    return tuple(exact), widest
