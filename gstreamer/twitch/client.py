"""The calls of Twitch's API that gstreamer makes, each a function with typed answers.

How a call goes out is ``helix``'s; lookups of the same moment share one (``gathering``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Protocol, TypeVar

from gstreamer.core.access import AccessPeer
from gstreamer.core.errors import (
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from gstreamer.core.ids import is_login, is_streamer_id
from gstreamer.core.ports import Counting
from gstreamer.twitch.gathering import AT_ONCE, Gathering
from gstreamer.twitch.helix import Helix
from gstreamer.twitch.http import Application, Patience, Reply, Time
from gstreamer.twitch.models import (
    Answer,
    Channel,
    FollowedChannel,
    FoundChannel,
    Stream,
    Subscription,
    SubscriptionPage,
    User,
    parse,
)

ANYBODY = "12826"
"""A user id to ask for, to see that Twitch answers; it need not exist."""

MAX_PAGES = 500
"""More than any listing of ours has; it ends a listing whose cursors go in circles."""

Kind = TypeVar("Kind", bound=Answer)


class Webhook(NamedTuple):
    """Where EventSub delivers, and the secret that it signs with."""

    callback: str
    secret: str

    def __repr__(self) -> str:
        return f"Webhook({self.callback!r})"

    def body(self) -> dict[str, str]:
        """It as Twitch takes it, with the secret."""
        return {"method": "webhook", "callback": self.callback, "secret": self.secret}


class Transport(Protocol):
    """How a subscription delivers."""

    def body(self) -> dict[str, str]:
        """It as Twitch takes it."""


class Created(NamedTuple):
    """A new subscription, with the cost of all after it."""

    subscription: Subscription
    total_cost: int
    max_total_cost: int


class Listing(NamedTuple):
    """Every subscription there is, with the cost of all."""

    subscriptions: tuple[Subscription, ...]
    total_cost: int
    max_total_cost: int


class Twitch(Helix):
    """
    One process's client of Twitch.

    Args:
        application: Who we are, and where Twitch is.
        count: Where calls are counted.
        patience: Bounds of its calls.
        clock: Its time.
        access: Who has our token and counts our bucket for all processes; without, this one does so by itself.
    """

    def __init__(
        self,
        application: Application,
        count: Counting,
        patience: Patience | None = None,
        clock: Time | None = None,
        access: AccessPeer | None = None,
    ) -> None:
        super().__init__(application, count, patience, clock, access)
        self._users = Gathering(self._ask_users, count)
        self._streams = Gathering(self._ask_streams, count)
        self._channels = Gathering(self._ask_channels, count)

    async def look(self) -> None:
        """
        Ask each of Twitch's services something, to see that it answers.

        Raises:
            UnavailableError: One does not.
        """
        # A refusal is an answer; whoever uses the token next renews it.
        with suppress(RefusedError):
            await self.oauth.validate(await self.app_token())
        await self.users(ids=(ANYBODY,))

    async def users(self, ids: Iterable[str] = (), logins: Iterable[str] = ()) -> tuple[User, ...]:
        """
        The accounts of these ids and logins, in no order; unknown ones, and what cannot be one, are not in it.

        Raises:
            UnavailableError: Twitch does not answer.
        """
        asked = [("id", one) for one in ids if is_streamer_id(one)]
        asked += [("login", one) for one in (login.lower() for login in logins) if is_login(one)]
        found = await self._users.get(asked)
        return tuple({user.id: user for user in found.values()}.values())

    async def me(self, access_token: str) -> User:
        """
        The account that a person's token belongs to.

        Raises:
            GrantEndedError: The token is not good.
            UnavailableError: Twitch does not answer.
        """
        found = _items(User, await self._helix("GET", "users", token=access_token))
        if not found:
            raise UnavailableError("twitch's answer is not as documented: a token without a user")
        return found[0]

    async def streams(self, user_ids: Iterable[str]) -> tuple[Stream, ...]:
        """
        Those of these streamers' streams that are live, in no order.

        Raises:
            UnavailableError: Twitch does not answer.
        """
        return tuple((await self._streams.get(filter(is_streamer_id, user_ids))).values())

    async def channels(self, ids: Iterable[str]) -> tuple[Channel, ...]:
        """
        Title and category of these channels, live or not.

        Raises:
            UnavailableError: Twitch does not answer.
        """
        return tuple((await self._channels.get(filter(is_streamer_id, ids))).values())

    async def search_channels(
        self, query: str, *, live_only: bool = False, first: int = 20
    ) -> tuple[FoundChannel, ...]:
        """
        Channels whose login or name begins like ``query``, which streamed in the last six months.

        Raises:
            UnavailableError: Twitch does not answer.
        """
        if not query.strip():
            return ()
        pairs = (("query", query), ("live_only", str(live_only).lower()), ("first", str(first)))
        return _items(FoundChannel, await self._helix("GET", "search/channels", pairs))

    async def followed_channels(
        self, user_id: str, access_token: str, limit: int = 2_000
    ) -> tuple[FollowedChannel, ...]:
        """
        The channels that a person follows, newest first, ``limit`` at most.

        Raises:
            MissingScopeError: The grant lacks ``user:read:follows``.
            GrantEndedError: The token is not good.
            UnavailableError: Twitch does not answer.
        """
        found: list[FollowedChannel] = []
        pairs = [("user_id", user_id), ("first", str(AT_ONCE))]
        cursor = ""
        for _ in range(MAX_PAGES):
            more = [("after", cursor)] if cursor else []
            reply = await self._helix("GET", "channels/followed", pairs + more, token=access_token, user_id=user_id)
            found += _items(FollowedChannel, reply)
            cursor = _cursor(reply.body)
            if not cursor or len(found) >= limit:
                break
        return tuple(found[:limit])

    async def subscriptions(self) -> Listing:
        """
        Every EventSub subscription of our application, oldest first.

        Raises:
            UnavailableError: Twitch does not answer.
        """
        found: dict[str, Subscription] = {}
        cursor = ""
        for _ in range(MAX_PAGES):
            pairs = [("after", cursor)] if cursor else []
            reply = await self._helix("GET", "eventsub/subscriptions", pairs)
            page = parse(SubscriptionPage, reply.body)
            found |= {one.id: one for one in page.data}
            cursor = page.cursor
            if not cursor:
                return Listing(tuple(found.values()), page.total_cost, page.max_total_cost)
        raise UnavailableError(f"twitch lists more than {MAX_PAGES} pages of subscriptions")

    async def subscription(self, subscription_id: str) -> Subscription | None:
        """
        One subscription, or None if there is none of this id.

        Raises:
            UnavailableError: Twitch does not answer.
        """
        pairs = (("subscription_id", subscription_id),)
        found = _items(Subscription, await self._helix("GET", "eventsub/subscriptions", pairs))
        return next((one for one in found if one.id == subscription_id), None)

    async def subscribe(
        self, event_type: str, version: str, condition: dict[str, str], transport: Transport
    ) -> Created:
        """
        A new subscription; by webhook it is pending until the callback has answered Twitch's challenge.

        Raises:
            AlreadySubscribedError: An equal one is active; its id is in the error if Twitch told it.
            TooManyAlikeError: Three of this type and condition exist.
            RefusedError: Twitch refuses the type, version, condition or callback.
            UnavailableError: Twitch does not answer; the subscription may exist.
        """
        body = {
            "type": event_type,
            "version": version,
            "condition": condition,
            "transport": transport.body(),
        }
        # Repeated by the caller, who adopts what an unanswered try may have made.
        reply = await self._helix("POST", "eventsub/subscriptions", body=body, idempotent=False)
        page = parse(SubscriptionPage, reply.body)
        if not page.data:
            raise UnavailableError("twitch's answer is not as documented: a created subscription is missing")
        return Created(page.data[0], page.total_cost, page.max_total_cost)

    async def unsubscribe(self, subscription_id: str) -> None:
        """
        End a subscription; one that is gone is fine.

        Raises:
            UnavailableError: Twitch does not answer.
        """
        try:
            await self._helix("DELETE", "eventsub/subscriptions", (("id", subscription_id),))
        except NotFoundError:
            return

    async def _ask_users(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], User]:
        found = _items(User, await self._helix("GET", "users", keys))
        return {key: user for user in found for key in (("id", user.id), ("login", user.login))}

    async def _ask_streams(self, keys: Sequence[str]) -> dict[str, Stream]:
        pairs = [*(("user_id", one) for one in keys), ("first", str(AT_ONCE))]
        return {stream.user_id: stream for stream in _items(Stream, await self._helix("GET", "streams", pairs))}

    async def _ask_channels(self, keys: Sequence[str]) -> dict[str, Channel]:
        pairs = [("broadcaster_id", one) for one in keys]
        found = _items(Channel, await self._helix("GET", "channels", pairs))
        return {channel.broadcaster_id: channel for channel in found}


def _items(kind: type[Kind], reply: Reply) -> tuple[Kind, ...]:
    rows = reply.body.get("data")
    if not isinstance(rows, list):
        raise UnavailableError("twitch's answer is not as documented: data is missing")
    return tuple(parse(kind, row) for row in rows)


def _cursor(body: dict[str, Any]) -> str:
    page = body.get("pagination")
    return str(page.get("cursor") or "") if isinstance(page, dict) else ""
