"""Which events of a streamer a socket wants: exact types, families such as ``channel.*``, and what it leaves out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

FAMILY = ".*"
"""Ends a pattern that stands for every type below it."""
LEFT_OUT = "-"
"""Begins a pattern whose types are not wanted, whatever the others say."""


class TypeFilter(NamedTuple):
    """
    A set of event types; equal filters are one value, so that sockets that want the same share a frame.

    Attributes:
        exact: Types by their full name, sorted.
        families: Beginnings with their dot (``channel.``), sorted; the empty one takes all.
        exact_out: Types that are left out, sorted.
        families_out: Beginnings of what is left out, sorted.
    """

    exact: tuple[str, ...]
    families: tuple[str, ...]
    exact_out: tuple[str, ...] = ()
    families_out: tuple[str, ...] = ()

    def wants(self, event_type: str) -> bool:
        """Whether an event of this type passes."""
        if event_type in self.exact_out or event_type.startswith(self.families_out):
            return False
        return event_type in self.exact or event_type.startswith(self.families)


ALL = TypeFilter((), ("",))


def filter_of(types: list[str] | None) -> TypeFilter:
    """The filter that the protocol's ``types`` ask for; ``None`` takes all, and so do only leaving out."""
    if types is None:
        return ALL
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
