"""Conduits: places that subscriptions deliver to, each with shards that hand on what comes to our webhooks.

Twitch keeps a conduit by its id; that and which shards it has are asked of Twitch and remembered nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from gstreamer.core.errors import NotFoundError, UnavailableError
from gstreamer.core.subscriptions import conduit_place
from gstreamer.twitch.client import MAX_PAGES, Twitch, Webhook
from gstreamer.twitch.models import ConduitPage, Shard, ShardPage, parse, text_of

CONDUITS = "eventsub/conduits"
SHARDS = "eventsub/conduits/shards"


class Conduit(NamedTuple):
    """A conduit as the transport of a subscription (``client.Transport``)."""

    id: str
    shard_count: int

    @property
    def place(self) -> str:
        """It as the place of a subscription."""
        return conduit_place(self.id)

    def body(self) -> dict[str, str]:
        """It as Twitch takes it."""
        return {"method": "conduit", "conduit_id": self.id}


class Conduits:
    """The calls about conduits, with our own token."""

    def __init__(self, twitch: Twitch) -> None:
        self._twitch = twitch

    async def all(self) -> tuple[Conduit, ...]:
        """
        Every conduit of our application.

        Raises:
            UnavailableError: Twitch does not answer.
        """
        return _conduits(await self._ask("GET"))

    async def make(self, shards: int) -> Conduit:
        """
        A new conduit.

        Raises:
            RefusedError: There are five already, or the number of shards is refused.
            UnavailableError: Twitch does not answer; the conduit may exist.
        """
        return _one(await self._ask("POST", {"shard_count": shards}))

    async def resize(self, conduit_id: str, shards: int) -> Conduit:
        """
        The conduit with so many shards; of fewer, the highest ids go.

        Raises:
            NotFoundError: There is no such conduit.
            UnavailableError: Twitch does not answer.
        """
        return _one(await self._ask("PATCH", {"id": conduit_id, "shard_count": shards}))

    async def end(self, conduit_id: str) -> None:
        """
        End a conduit and every subscription that delivers to it; one that is gone is fine.

        Raises:
            UnavailableError: Twitch does not answer.
        """
        try:
            await self._twitch.own_call("DELETE", CONDUITS, (("id", conduit_id),))
        except NotFoundError:
            return

    async def shards(self, conduit_id: str) -> tuple[Shard, ...]:
        """
        The shards that have ever been assigned; the others are not in it.

        Raises:
            NotFoundError: There is no such conduit.
            UnavailableError: Twitch does not answer.
        """
        found: dict[str, Shard] = {}
        cursor = ""
        for _ in range(MAX_PAGES):
            pairs = [("conduit_id", conduit_id)] + ([("after", cursor)] if cursor else [])
            page = parse(ShardPage, (await self._twitch.own_call("GET", SHARDS, pairs)).body)
            found |= {shard.id: shard for shard in page.data}
            cursor = text_of(page.pagination, "cursor")
            if not cursor:
                return tuple(found.values())
        raise UnavailableError(f"twitch lists more than {MAX_PAGES} pages of shards")

    async def assign(self, conduit_id: str, shard_ids: Iterable[str], webhook: Webhook) -> tuple[str, ...]:
        """
        Have these shards hand on to a webhook, in one call; what Twitch says of those it did not take.

        Raises:
            NotFoundError: There is no such conduit.
            UnavailableError: Twitch does not answer.
        """
        shards = [{"id": one, "transport": webhook.body()} for one in shard_ids]
        body = {"conduit_id": conduit_id, "shards": shards}
        answer = parse(ShardPage, (await self._twitch.own_call("PATCH", SHARDS, body=body)).body)
        return tuple(text_of(error, "message") or "no reason given" for error in answer.errors)

    async def _ask(self, method: Any, body: dict[str, Any] | None = None) -> ConduitPage:
        reply = await self._twitch.own_call(method, CONDUITS, body=body, idempotent=method != "POST")
        return parse(ConduitPage, reply.body)


def _conduits(answer: ConduitPage) -> tuple[Conduit, ...]:
    return tuple(Conduit(row.id, row.shard_count) for row in answer.data)


def _one(answer: ConduitPage) -> Conduit:
    found = _conduits(answer)
    if not found:
        raise UnavailableError("twitch's answer is not as documented: the conduit is missing")
    return found[0]
