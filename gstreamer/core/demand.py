"""Which streamers shall live, how much each is wanted, and which live on for a while although nobody wants them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

WATCH_S = 90.0
"""A connection actor that has not said for so long what is watched there is taken for gone."""


class Demand:
    """
    Which streamers are wanted, by whom, and which live on for a while although nobody wants them any more.

    Args:
        linger_s: How long a streamer nobody wants lives on.
    """

    def __init__(self, linger_s: float) -> None:
        self._linger_s = linger_s
        self._favoured: frozenset[str] = frozenset()
        self._watched: dict[tuple[str, str], tuple[float, Mapping[str, int]]] = {}
        self._until: dict[str, float] = {}

    def favour(self, streamer_ids: Iterable[str], now_s: float) -> None:
        """Exactly these are somebody's favourites."""
        favoured = frozenset(streamer_ids)
        self._linger(self._favoured - favoured, now_s, self._linger_s)
        self._favoured = favoured

    def watch(self, connection: str, incarnation: str, viewers: Mapping[str, int], now_s: float) -> None:
        """Exactly these are watched at that connection actor, by so many, for ``WATCH_S`` unless it says so again."""
        self._expire(now_s)
        key = (connection, incarnation)
        _, before = self._watched.pop(key, (0.0, {}))
        self._linger(before.keys() - viewers.keys(), now_s, self._linger_s)
        if viewers:
            self._watched[key] = (now_s + WATCH_S, viewers)

    def touch(self, streamer_id: str, now_s: float) -> None:
        """Somebody asked for this one and will say soon that it is watched or favoured."""
        self._linger((streamer_id,), now_s, max(WATCH_S, self._linger_s))

    def inherit(self, streamer_ids: Collection[str], now_s: float) -> None:
        """These were subscribed before we started: whoever wants them may not have said so yet."""
        self._linger(streamer_ids, now_s, max(WATCH_S, self._linger_s))

    def ranks(self, now_s: float) -> Mapping[str, int]:
        """
        Who shall live now and how much each is wanted, the most first, by id among equals.

        0: nobody wants it any more, it lingers. 1: somebody favours it. More: it is watched; each step stands for
        twice as many viewers, so that a few who come and go change nothing.
        """
        self._expire(now_s)
        viewers: Counter[str] = Counter()
        for _, watched in self._watched.values():
            viewers.update(watched)
        ranks = dict.fromkeys(self._until, 0) | dict.fromkeys(self._favoured, 1)
        ranks |= {one: 1 + max(1, number).bit_length() for one, number in viewers.items()}
        return dict(sorted(ranks.items(), key=lambda row: (-row[1], len(row[0]), row[0])))

    def _linger(self, streamer_ids: Collection[str], now_s: float, for_s: float) -> None:
        for one in streamer_ids:
            self._until[one] = max(self._until.get(one, 0.0), now_s + for_s)

    def _expire(self, now_s: float) -> None:
        for key, (until_s, ids) in list(self._watched.items()):
            if until_s <= now_s:
                del self._watched[key]
                self._linger(ids.keys(), until_s, self._linger_s)
        self._until = {one: until_s for one, until_s in self._until.items() if until_s > now_s}
