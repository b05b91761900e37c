"""What a rate limit's answer headers mean for the next call: how long to wait, and when waiting is no use.

The bucket is the other side's; it is shared with other processes, so what its last answer said is all we know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

LIMIT = "ratelimit-limit"
REMAINING = "ratelimit-remaining"
RESET = "ratelimit-reset"


class Allowance(NamedTuple):
    """
    The state of a bucket by one answer.

    Attributes:
        limit: Points that it holds; 0 if the answer did not say.
        remaining: Points left; None if the answer did not say.
        reset_s: Unix time when it is full again; None if the answer did not say.
    """

    limit: int
    remaining: int | None
    reset_s: float | None


UNKNOWN = Allowance(0, None, None)


def read_allowance(headers: Mapping[str, str]) -> Allowance:
    """The bucket's state by an answer's headers (names in lower case); what is not a number is not there."""
    limit, remaining, reset = (_number(headers.get(name)) for name in (LIMIT, REMAINING, RESET))
    return Allowance(limit or 0, remaining, reset)


def is_exhausted(status: int, allowance: Allowance) -> bool:
    """Whether a refusal is the rate limit's: status 429 with points left is a refusal for good."""
    return status == 429 and not allowance.remaining


def wait_s(allowance: Allowance, now_s: float, default_s: float = 1.0) -> float:
    """How long an exhausted bucket wants to be left alone; ``default_s`` if it did not say. Never negative."""
    return default_s if allowance.reset_s is None else max(0.0, allowance.reset_s - now_s)


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and len(text) <= 15 and text.isascii() and text.isdigit() else None
