"""Which events of a streamer a socket wants: exact types and families such as ``channel.*``."""

from __future__ import annotations

from typing import NamedTuple

FAMILY = ".*"
"""Ends a pattern that stands for every type below it."""


class TypeFilter(NamedTuple):
    """
    A set of event types; equal filters are one value, so that sockets that want the same share a frame.

    Attributes:
        exact: Types by their full name, sorted.
        families: Beginnings with their dot (``channel.``), sorted; the empty one takes all.
    """

    exact: tuple[str, ...]
    families: tuple[str, ...]

    def wants(self, event_type: str) -> bool:
        """Whether an event of this type passes."""
        return event_type in self.exact or event_type.startswith(self.families)


ALL = TypeFilter((), ("",))


def filter_of(types: list[str] | None) -> TypeFilter:
    """The filter that the protocol's ``types`` ask for; ``None`` takes all."""
    if types is None or "*" in types:
        return ALL
    families = sorted({name[:-1] for name in types if name.endswith(FAMILY)})
    widest = tuple(
        name for name in families if not any(name != other and name.startswith(other) for other in families)
    )
    exact = sorted({name for name in types if not name.endswith(FAMILY) and not name.startswith(widest)})
    return TypeFilter(tuple(exact), widest)
