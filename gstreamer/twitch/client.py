"""Helix: the calls of Twitch's API that gstreamer makes, each a function with typed answers.

Calls go out with our own token (renewed once when Twitch answers 401), or with a person's where the call is
about that person; then a 401 is the caller's to act on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple, TypeVar

from gstreamer.core.errors import (
    AlreadySubscribedError,
    GrantEndedError,
    MissingScopeError,
    NotFoundError,
    RefusedError,
    TooManyAlikeError,
    UnavailableError,
)
from gstreamer.core.ids import is_login, is_streamer_id
from gstreamer.core.ports import Counting
from gstreamer.twitch.http import Application, Http, Pairs, Patience, Reply, Time
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
from gstreamer.twitch.oauth import OAuth

MAX_IDS = 100
"""Ids that one call takes."""

MAX_PAGES = 500
"""More than any listing of ours has; it ends a listing whose cursors go in circles."""

Kind = TypeVar("Kind", bound=Answer)


class Webhook(NamedTuple):
    """Where EventSub delivers, and the secret that it signs with."""

    callback: str
    secret: str

    def __repr__(self) -> str:
        return f"Webhook({self.callback!r})"


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


class Twitch:
    """
    One process's client of Twitch.

    Args:
        application: Who we are, and where Twitch is.
        count: Where calls are counted.
        patience: Bounds of its calls.
        clock: Its time.
    """

    def __init__(
        self,
        application: Application,
        count: Counting,
        patience: Patience | None = None,
        clock: Time | None = None,
    ) -> None:
        self._application = application
        self._http = Http(count, patience, clock)
        self.oauth = OAuth(self._http, application)

    def __repr__(self) -> str:
        return f"Twitch({self._application!r})"

    async def close(self) -> None:
        """Close its connections."""
        await self._http.close()

    async def users(self, ids: Iterable[str] = (), logins: Iterable[str] = ()) -> tuple[User, ...]:
        """
        The accounts of these ids and logins, in no order; unknown ones, and what cannot be one, are not in it.

        Raises:
            UnavailableError: Twitch does not answer.
        """
        asked = [("id", one) for one in _distinct(ids) if is_streamer_id(one)]
        asked += [("login", one) for one in _distinct(login.lower() for login in logins) if is_login(one)]
        return await self._by_hundreds("users", asked, User)

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
        asked = [("user_id", one) for one in _distinct(user_ids) if is_streamer_id(one)]
        found = await self._by_hundreds("streams", asked, Stream, (("first", str(MAX_IDS)),))
        return tuple({stream.user_id: stream for stream in found}.values())

    async def channels(self, ids: Iterable[str]) -> tuple[Channel, ...]:
        """
        Title and category of these channels, live or not.

        Raises:
            UnavailableError: Twitch does not answer.
        """
        return await self._by_hundreds(
            "channels", [("broadcaster_id", one) for one in _distinct(ids) if is_streamer_id(one)], Channel
        )

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
        pairs = [("user_id", user_id), ("first", str(MAX_IDS))]
        cursor = ""
        for _ in range(MAX_PAGES):
            more = [("after", cursor)] if cursor else []
            reply = await self._helix("GET", "channels/followed", pairs + more, token=access_token)
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

    async def subscribe(self, event_type: str, version: str, condition: dict[str, str], webhook: Webhook) -> Created:
        """
        A new subscription; it is pending until the callback has answered Twitch's challenge.

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
            "transport": {"method": "webhook", "callback": webhook.callback, "secret": webhook.secret},
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

    async def _by_hundreds(
        self, path: str, asked: Sequence[tuple[str, str]], kind: type[Kind], more: Pairs = ()
    ) -> tuple[Kind, ...]:
        found: list[Kind] = []
        for start in range(0, len(asked), MAX_IDS):
            found += _items(kind, await self._helix("GET", path, [*asked[start : start + MAX_IDS], *more]))
        return tuple(found)

    async def _helix(
        self,
        method: Literal["GET", "POST", "DELETE"],
        path: str,
        query: Pairs = (),
        *,
        body: dict[str, Any] | None = None,
        token: str = "",
        idempotent: bool = True,
    ) -> Reply:
        """Call Helix with ``token``, or with our own and a fresh one if Twitch refuses that."""
        url = f"{self._application.api_url}/{path}"
        bearer = token or await self.oauth.app_token()
        reply = await self._http.call(
            method, url, headers=self._headers(bearer), query=query, body=body, idempotent=idempotent
        )
        if reply.status == 401 and not token:
            bearer = await self.oauth.app_token(refused=bearer)
            reply = await self._http.call(
                method, url, headers=self._headers(bearer), query=query, body=body, idempotent=idempotent
            )
        if reply.status >= 300:
            raise _refusal(reply, own_token=not token)
        return reply

    def _headers(self, bearer: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {bearer}", "Client-Id": self._application.client_id}


def _refusal(reply: Reply, *, own_token: bool) -> RefusedError:
    status, message = reply.status, reply.message
    if status == 401 and own_token:
        return RefusedError(status, message)
    if status == 401:
        # Helix answers 401, not 403, where a person's token lacks the scope.
        return MissingScopeError(status, message) if "scope" in message.lower() else GrantEndedError(status, message)
    if status == 403:
        return MissingScopeError(status, message)
    if status == 404:
        return NotFoundError(status, message)
    if status == 409:
        return AlreadySubscribedError(status, message, _existing_id(reply.body))
    if status == 429:
        return TooManyAlikeError(status, message)
    return RefusedError(status, message)


def _existing_id(body: dict[str, Any]) -> str:
    """The id that a 409 tells: at the top, or in ``data``; empty if it does not."""
    if isinstance(body.get("id"), str):
        return str(body["id"])
    rows = body.get("data")
    first = rows[0] if isinstance(rows, list) and rows else rows
    return str(first.get("id", "")) if isinstance(first, dict) else ""


def _items(kind: type[Kind], reply: Reply) -> tuple[Kind, ...]:
    rows = reply.body.get("data")
    if not isinstance(rows, list):
        raise UnavailableError("twitch's answer is not as documented: data is missing")
    return tuple(parse(kind, row) for row in rows)


def _cursor(body: dict[str, Any]) -> str:
    page = body.get("pagination")
    return str(page.get("cursor") or "") if isinstance(page, dict) else ""


def _distinct(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
