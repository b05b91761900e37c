"""When a person's grant is asked about at Twitch, and what Twitch's word of its end is worth.

Twitch wants every stored token validated hourly; checks are spread, so that people who signed in together are not
asked about together for ever.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

CHECK_EVERY: Final = timedelta(minutes=55)
"""The longest time between two checks; what is left of Twitch's hour is for the check itself."""

SPREAD: Final = timedelta(minutes=10)


def next_check(now: datetime, roll: float) -> datetime:
    """When a grant that is good now is to be checked again; ``roll`` is from [0, 1)."""
    return now + CHECK_EVERY - SPREAD * roll


def is_outlived(renewed_at: datetime, told_at: datetime) -> bool:
    """
    Whether a grant was given or renewed after Twitch said that it has ended.

    Then it may be another one than is meant (the person came back, or the word comes a second time), and only
    Twitch can say; before, the word itself is enough.
    """
    return renewed_at > told_at
