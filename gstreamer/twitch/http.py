"""Calls to Twitch over HTTP: bounded, timed, retried where that is safe, and errors told in our own words.

While Twitch is down, calls fail at once (``core.circuit``); each of its two addresses has a circuit of its own.
Invariant: neither a token nor a secret is ever in an error text, a log line or a repr.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import aiohttp

from gstreamer.core import backoff, limiter
from gstreamer.core.errors import OutcomeUnknownError, RateLimitedError, UnavailableError
from gstreamer.core.ports import Counting
from gstreamer.twitch.circuits import Circuits

MAX_BODY_BYTES = 8 * 2**20
"""More than any page of Twitch; an answer above it is not Twitch's."""

FINAL = ("maximum subscriptions", "conduit", "total cost", "websocket")
"""Words of those 429 that are no rate limit."""

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
    """The clocks (Unix seconds, and seconds of no date), the pause and the dice of a caller, replaceable in tests."""

    now_s: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    roll: Callable[[], float] = random.random
    monotonic: Callable[[], float] = time.monotonic


class Reply(NamedTuple):
    """An answer below 500 that is not a rate limit's."""

    status: int
    body: dict[str, Any]
    allowance: limiter.Allowance

    @property
    def message(self) -> str:
        """Twitch's words about a refusal, bounded."""
        return str(self.body.get("message", ""))[:300] or "no reason given"


class Gate(Protocol):
    """What each try of a call passes before it goes out."""

    async def enter(self) -> None:
        """
        Wait for a point of its bucket.

        Raises:
            RateLimitedError: That would take too long.
        """

    async def told(self, allowance: limiter.Allowance, *, refused: bool) -> None:
        """A try that was let in was answered so, or (with UNKNOWN) never will be."""


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
        self._circuits = Circuits(count)

    @property
    def patience(self) -> Patience:
        """Its bounds, for those who build on it."""
        return self._patience

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
        gate: Gate | None = None,
        tries: int = 0,
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
            gate: Where each try waits for its bucket.
            tries: Most tries; 0 for as many as usual.

        Raises:
            RateLimitedError: Twitch's rate limit lasts too long; nothing was done.
            OutcomeUnknownError: It is not idempotent, and may have been done.
            UnavailableError: Twitch did not answer, or answered 5xx; what is not idempotent was not done.
        """
        attempt, most = 0, tries or self._patience.tries
        while True:
            attempt += 1
            self._circuits.check(url, self._time.monotonic())
            if gate is not None:
                await gate.enter()
            try:
                reply = await self._once(method, url, headers or {}, query, form, body)
            except UnavailableError as error:
                if gate is not None:
                    await gate.told(limiter.UNKNOWN, refused=False)
                if isinstance(error, OutcomeUnknownError) and idempotent:
                    error = UnavailableError(str(error))
                if not idempotent or attempt >= most:
                    raise error from None
                pause_s = backoff.delay_s(attempt, self._time.roll(), self._patience.base_s, self._patience.cap_s)
                await self._time.sleep(pause_s)
                continue
            refused = limiter.is_exhausted(reply.status, reply.allowance) and not _is_final(reply)
            if gate is not None:
                await gate.told(reply.allowance, refused=refused)
            if not refused:
                return reply
            # Nothing was done, so this may be repeated whatever the call is; a gate waits for the reset by itself.
            pause_s = limiter.wait_s(reply.allowance, self._time.now_s())
            if pause_s > self._patience.rate_wait_s or attempt >= most:
                raise RateLimitedError(math.ceil(pause_s))
            await self._time.sleep(self._time.roll() * 0.1 + (pause_s if gate is None else 0.0))

    def down(self) -> dict[str, float]:
        """Twitch's services that are taken for down, and for how many seconds they have been."""
        return self._circuits.down(self._time.monotonic())

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
        async with self._slots:
            self._circuits.enter(url, self._time.monotonic())
            try:
                async with self._open().request(
                    method,
                    url,
                    headers=headers,
                    params=list(query) or None,
                    data=form,
                    json=body,
                    timeout=timeout,
                    # A redirect would carry the token to wherever it points.
                    allow_redirects=False,
                ) as response:
                    raw = await response.content.read(MAX_BODY_BYTES + 1)
                    while len(raw) <= MAX_BODY_BYTES and not response.content.at_eof():
                        raw += await response.content.read(MAX_BODY_BYTES + 1 - len(raw))
                    status, told = response.status, response.headers
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                self._circuits.unanswered(url, self._time.monotonic(), self._time.roll())
                # The error's own text may hold the address with its query, so only its kind is told.
                words = f"twitch does not answer at {_host(url)} ({type(error).__name__})"
                reached = not isinstance(error, aiohttp.ClientConnectorError)
                raise (OutcomeUnknownError if reached else UnavailableError)(words) from None
            except BaseException:
                self._circuits.abandoned(url)
                raise
            self._circuits.answered(url, status, self._time.monotonic(), self._time.roll())
        if status >= 500:
            raise OutcomeUnknownError(f"twitch answers {status} at {_host(url)}")
        allowance = limiter.read_allowance({name.lower(): text for name, text in told.items()})
        return Reply(status, _object(raw, status, url), allowance)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._patience.concurrency), cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session


def _is_final(reply: Reply) -> bool:
    """Whether a 429 speaks of what exists already and not of the rate: "maximum subscriptions with type ..."."""
    message = reply.message.lower()
    return any(words in message for words in FINAL)


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
    raise OutcomeUnknownError(f"the answer of {_host(url)} is not Twitch's: not a JSON object")


def _host(url: str) -> str:
    return url.split("?", 1)[0]
