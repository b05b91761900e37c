"""How a call to Helix goes out: with which token, after waiting for which bucket, and what its refusals mean.

Calls go with our own token (renewed once when Twitch answers 401), or with a person's where the call is about that
person; then a 401 is the caller's to act on.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Literal, NamedTuple

from gstreamer.core.access import AccessPeer, AppToken
from gstreamer.core.errors import (
    AlreadySubscribedError,
    GrantEndedError,
    MissingScopeError,
    NotFoundError,
    RefusedError,
    TooManyAlikeError,
    UnavailableError,
)
from gstreamer.core.ports import Counting
from gstreamer.twitch.app_token import AppTokens, fingerprint
from gstreamer.twitch.gate import OwnGate, SharedGate
from gstreamer.twitch.http import Application, Gate, Http, Pairs, Patience, Reply, Time
from gstreamer.twitch.oauth import OAuth

MAX_PEOPLE = 1_000
"""People whose buckets a process keeps account of; those of others are as if nothing was known of them."""

Method = Literal["GET", "POST", "PATCH", "DELETE"]


class Standing(NamedTuple):
    """
    How it stands with Twitch.

    Attributes:
        down: The services that are taken for down, and for how many seconds.
        alone: Whether this process counts our bucket by itself, as nobody counts it for all.
    """

    down: dict[str, float]
    alone: bool


class Helix:
    """
    One process's calls to Helix.

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
        self._application = application
        self._count = count
        self._http = http = Http(count, patience, clock)
        self._access = access
        self.oauth = OAuth(http, application)
        self._own_tokens = AppTokens(lambda _: self.oauth.app_token(), http.time.now_s)
        self._tokens = AppTokens(self._ask_for_token, http.time.now_s)
        self._gate = self._own_gate() if access is None else self._shared_gate(access)
        self._people: OrderedDict[str, OwnGate] = OrderedDict()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._application!r})"

    async def close(self) -> None:
        """Close its connections."""
        await self._http.close()

    def standing(self) -> Standing:
        """How it stands with Twitch, as far as this process knows."""
        return Standing(self._http.down(), isinstance(self._gate, SharedGate) and self._gate.is_away)

    async def app_token(self, refused: str = "") -> str:
        """
        Our own token.

        Args:
            refused: One that Twitch answered with 401: it is not given out again.

        Raises:
            UnavailableError: Twitch does not answer.
            RefusedError: Twitch does not know the client id or the secret.
        """
        return (await self._tokens.get(fingerprint(refused))).token

    async def own_call(
        self,
        method: Method,
        path: str,
        query: Pairs = (),
        *,
        body: dict[str, Any] | None = None,
        idempotent: bool = True,
    ) -> Reply:
        """
        The answer to a call with our own token, for the groups of calls that have a module of their own.

        Raises:
            RefusedError: Twitch refuses it.
            UnavailableError: Twitch does not answer.
        """
        return await self._helix(method, path, query, body=body, idempotent=idempotent)

    async def send_once(self, path: str, body: dict[str, Any], access_token: str, bucket: str) -> Reply:
        """
        The answer to a post that is tried once and no more, with a person's token, in a bucket of its own.

        Raises:
            RefusedError: Twitch refuses it; nothing was done.
            OutcomeUnknownError: There is no answer; it may have been done.
            UnavailableError: It was not done.
        """
        return await self._helix(
            "POST", path, body=body, token=access_token, user_id=bucket, idempotent=False, tries=1
        )

    async def _ask_for_token(self, refused: str) -> AppToken:
        if self._access is not None:
            try:
                return await self._access.app_token(refused)
            except UnavailableError:
                pass  # Either it is away, or Twitch is, which the next line finds out.
        return await self._own_tokens.get(refused)

    def _own_gate(self) -> OwnGate:
        return OwnGate(self._http.time, self._http.patience.rate_wait_s, self._count)

    def _shared_gate(self, access: AccessPeer) -> SharedGate:
        return SharedGate(access, self._http.time, self._http.patience.rate_wait_s, self._count)

    def _gate_of(self, user_id: str) -> Gate:
        """The gate of a person's bucket."""
        gate = self._people.pop(user_id, None) or self._own_gate()
        self._people[user_id] = gate
        if len(self._people) > MAX_PEOPLE:
            self._people.popitem(last=False)
        return gate

    async def _helix(
        self,
        method: Method,
        path: str,
        query: Pairs = (),
        *,
        body: dict[str, Any] | None = None,
        token: str = "",
        user_id: str = "",
        idempotent: bool = True,
        tries: int = 0,
    ) -> Reply:
        """
        Call Helix with a person's ``token``, or with our own and a fresh one if Twitch refuses that.

        ``user_id`` names the bucket of a person's token; a token that is new has a full one.
        """
        url = f"{self._application.api_url}/{path}"
        gate = (self._gate_of(user_id) if user_id else None) if token else self._gate

        async def call(bearer: str) -> Reply:
            return await self._http.call(
                method,
                url,
                headers=self._headers(bearer),
                query=query,
                body=body,
                idempotent=idempotent,
                gate=gate,
                tries=tries,
            )

        bearer = token or await self.app_token()
        reply = await call(bearer)
        if reply.status == 401 and not token:
            reply = await call(await self.app_token(refused=bearer))
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
