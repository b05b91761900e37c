"""How long to wait before the next try: exponential with full jitter, so that many who failed at once spread out."""

from __future__ import annotations


def delay_s(attempt: int, roll: float, base_s: float, cap_s: float) -> float:
    """
    The wait before try number ``attempt`` (the first retry is 1).

    Args:
        attempt: How many tries have failed in a row, at least 1.
        roll: A random number in [0, 1): where in the span the wait falls.
        base_s: The longest first wait; each further one may be twice as long.
        cap_s: The longest wait of all.
    """
    # 2 ** 63 times any base is over any cap; without the bound a long outage would overflow a float.
    return roll * min(cap_s, base_s * 2.0 ** min(attempt - 1, 63))
