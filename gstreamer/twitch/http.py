"""Calls to Twitch over HTTP: bounded, timed, retried where that is safe, and errors told in our own words.

Invariant: neither a token nor a secret is ever in an error text, a log line or a repr.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

import aiohttp

from gstreamer.core import backoff, limiter
from gstreamer.core.errors import UnavailableError
from gstreamer.core.ports import Counting

MAX_BODY_BYTES = 8 * 2**20
"""More than any page of Twitch; an answer above it is not Twitch's."""

Pairs = Sequence[tuple[str, str]]


class Application(NamedTuple):
    """
    Our application at Twitch.

    Attributes:
        client_id: Its public id.
        client_secret: Its secret.
        id_url: Base of the OAuth endpoints.
        api_url: Base of Helix.
    """

    client_id: str
    client_secret: str
    id_url: str
    api_url: str

    def __repr__(self) -> str:
        return f"Application({self.client_id!r}, {self.id_url!r}, {self.api_url!r})"


class Patience(NamedTuple):
    """
    How long a call may take.

    Attributes:
        timeout_s: One try.
        tries: Tries of an idempotent call that fails on Twitch's side.
        base_s: The longest first pause between tries (core.backoff).
        cap_s: The longest pause between tries.
        rate_wait_s: The longest wait for an exhausted bucket; beyond it the call fails at once.
        concurrency: Calls in flight at a time.
    """

    timeout_s: float = 5.0
    tries: int = 3
    base_s: float = 0.25
    cap_s: float = 2.0
    rate_wait_s: float = 5.0
    concurrency: int = 8


class Time(NamedTuple):
    """The clock (Unix seconds), the pause and the dice of a caller, replaceable in tests."""

    now_s: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    roll: Callable[[], float] = random.random


class Reply(NamedTuple):
    """An answer below 500 that is not a rate limit's."""

    status: int
    body: dict[str, Any]
    allowance: limiter.Allowance

    @property
    def message(self) -> str:
        """Twitch's words about a refusal, bounded."""
        return str(self.body.get("message", ""))[:300] or "no reason given"


class Http:
    """
    One process's way to Twitch. Use it on one event loop; ``close`` it at the end.

    Args:
        count: Where calls are counted, by status class.
        patience: Its bounds.
        clock: Its time.
    """

    def __init__(self, count: Counting, patience: Patience | None = None, clock: Time | None = None) -> None:
        self._count = count
        self._patience = patience or Patience()
        self._time = clock or Time()
        self._slots = asyncio.Semaphore(self._patience.concurrency)
        self._session: aiohttp.ClientSession | None = None

    @property
    def time(self) -> Time:
        """Its time, for those who build on it."""
        return self._time

    async def close(self) -> None:
        """Close its connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        query: Pairs = (),
        form: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        idempotent: bool = True,
    ) -> Reply:
        """
        Twitch's answer, whatever it says; the caller reads refusals (4xx) from its status.

        Args:
            method: HTTP method.
            url: Whole address without query.
            headers: Headers, with the token.
            query: Query pairs; a name may repeat.
            form: Form fields, or
            body: a JSON body.
            idempotent: Whether a try that failed on Twitch's side, or of unknown outcome, may be repeated.

        Raises:
            UnavailableError: Twitch did not answer, answered 5xx, or its rate limit lasts too long.
        """
        attempt = 0
        while True:
            attempt += 1
            try:
                reply = await self._once(method, url, headers or {}, query, form, body)
            except UnavailableError:
                if not idempotent or attempt >= self._patience.tries:
                    raise
                pause_s = backoff.delay_s(attempt, self._time.roll(), self._patience.base_s, self._patience.cap_s)
            else:
                if not limiter.is_exhausted(reply.status, reply.allowance) or _is_final(reply):
                    return reply
                # Nothing was done, so this may be repeated whatever the call is.
                pause_s = limiter.wait_s(reply.allowance, self._time.now_s()) + self._time.roll() * 0.1
                if pause_s > self._patience.rate_wait_s or attempt >= self._patience.tries:
                    raise UnavailableError(f"twitch's rate limit is used up for {pause_s:.0f} s")
            await self._time.sleep(pause_s)

    async def _once(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        query: Pairs,
        form: Mapping[str, str] | None,
        body: Mapping[str, Any] | None,
    ) -> Reply:
        timeout = aiohttp.ClientTimeout(total=self._patience.timeout_s)
        try:
            async with (
                self._slots,
                self._open().request(
                    method,
                    url,
                    headers=headers,
                    params=list(query) or None,
                    data=form,
                    json=body,
                    timeout=timeout,
                    # A redirect would carry the token to wherever it points.
                    allow_redirects=False,
                ) as response,
            ):
                raw = await response.content.read(MAX_BODY_BYTES + 1)
                while len(raw) <= MAX_BODY_BYTES and not response.content.at_eof():
                    raw += await response.content.read(MAX_BODY_BYTES + 1 - len(raw))
                status = response.status
                allowance = limiter.read_allowance({name.lower(): text for name, text in response.headers.items()})
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._count.count("gstreamer_twitch_requests", 1, "unreachable")
            # The error's own text may hold the address with its query, so only its kind is told.
            raise UnavailableError(f"twitch does not answer at {_host(url)} ({type(error).__name__})") from None
        self._count.count("gstreamer_twitch_requests", 1, f"{status // 100}xx")
        if status >= 500:
            raise UnavailableError(f"twitch answers {status} at {_host(url)}")
        return Reply(status, _object(raw, status, url), allowance)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._patience.concurrency), cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session


def _is_final(reply: Reply) -> bool:
    """Whether a 429 speaks of what exists already and not of the rate: "maximum subscriptions with type ..."."""
    return "maximum subscriptions" in reply.message.lower()


def _object(raw: bytes, status: int, url: str) -> dict[str, Any]:
    if not raw.strip():
        return {}
    try:
        found = json.loads(raw) if len(raw) <= MAX_BODY_BYTES else None
    except ValueError:
        found = None
    if isinstance(found, dict):
        return found
    if status >= 400:
        return {}
    raise UnavailableError(f"the answer of {_host(url)} is not Twitch's: not a JSON object")


def _host(url: str) -> str:
    return url.split("?", 1)[0]
