"""Signed webhooks, as EventSub sends them: challenges, notifications with retries, revocations.

A notification that is not answered with 2xx is sent again with the same message id; one that is given up counts
against its subscription, which is revoked after too many in a row.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import random
import secrets
import uuid
from collections.abc import Coroutine, Mapping
from typing import Any, NamedTuple

import aiohttp

from gstreamer import log
from gstreamer.simulator.faults import Trouble, timestamp
from gstreamer.simulator.state import Held, State

RETRY_AFTER_S = (1.0, 3.0, 10.0, 30.0, 60.0)
"""Waits before each further try. Twitch publishes no schedule; third parties saw five tries in a few minutes."""

FAILURES = 5
"""Notifications given up in a row after which a subscription is revoked."""

TIMEOUT_S = 10.0
IN_FLIGHT = 64
WAITING = 20_000
"""Notifications on their way; beyond it new ones are lost, as with a Twitch that is overloaded."""

_log = log.get("simulator")


class Message(NamedTuple):
    """
    A webhook to be sent.

    Attributes:
        subscription_id: Of which subscription.
        id: Message id, the same for each try.
        kind: ``notification``, ``webhook_callback_verification`` or ``revocation``.
        timestamp: Time that is signed.
        body: Raw JSON.
        forged: Whether the signature is wrong.
    """

    subscription_id: str
    id: str
    kind: str
    timestamp: str
    body: bytes
    forged: bool = False


class Delivery:
    """
    The sender of webhooks.

    Args:
        state: Subscriptions.
        trouble: How it misbehaves.
        seed: Seeds the dice of that misbehaviour.
        retry_after_s: Waits before each further try.
    """

    def __init__(
        self, state: State, trouble: Trouble, seed: int, retry_after_s: tuple[float, ...] = RETRY_AFTER_S
    ) -> None:
        self._state = state
        self._trouble = trouble
        self._random = random.Random(seed)
        self._retry_after_s = retry_after_s
        self._slots = asyncio.Semaphore(IN_FLIGHT)
        self._tasks: set[asyncio.Task[None]] = set()
        self._held_back: list[Message] = []
        self._session: aiohttp.ClientSession | None = None
        self.sent = 0
        self.lost = 0

    async def close(self) -> None:
        """Stop sending; what is under way is lost."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def matching(self, event_type: str, event: Mapping[str, Any]) -> list[Held]:
        """The enabled subscriptions that an event is for."""
        return [
            held
            for held in self._state.subscriptions()
            if held.body["type"] == event_type
            and held.body["status"] == "enabled"
            and all(event.get(name) == value for name, value in held.body["condition"].items() if value)
        ]

    def notify(self, event_type: str, event: Mapping[str, Any]) -> list[Message]:
        """Tell every subscription that the event is for, with the faults on order; what is sent (or held back)."""
        faults = self._trouble.faults
        messages = [notification(held, event) for held in self.matching(event_type, event)]
        if self._trouble.left_s(faults.silence_s):
            self.lost += len(messages)
            return []
        for message in messages:
            if faults.reorder:
                self._hold_back(message, faults.reorder)
            else:
                self.start(self._leave(message, faults.late_s))
        return messages

    def start(self, sending: Coroutine[Any, Any, None]) -> None:
        """Do this in the background, bounded."""
        if len(self._tasks) >= WAITING:
            self.lost += 1
            sending.close()
            return
        task = asyncio.create_task(sending)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def challenge(self, held: Held) -> None:
        """Ask the callback whether it wants this subscription, which is enabled or failed by the answer."""
        word = secrets.token_urlsafe(24)
        body = json.dumps({"challenge": word, "subscription": held.body}, separators=(",", ":")).encode()
        message = Message(held.id, str(uuid.uuid4()), "webhook_callback_verification", timestamp(), body)
        status, answer = 0, b""
        if not self._trouble.left_s(self._trouble.faults.no_challenge_s):
            status, answer = await self.attempt(message, 0)
        passed = status == 200 and answer == word.encode()
        self._state.set_status(held.id, "enabled" if passed else "webhook_callback_verification_failed")
        _log.info("challenge answered", subscription_id=held.id, passed=passed, status=status)

    async def deliver(self, message: Message) -> None:
        """Send a notification until it is taken or given up."""
        for retry, wait_s in enumerate((0.0, *self._retry_after_s)):
            await asyncio.sleep(wait_s)
            status, _ = await self.attempt(message, retry)
            if 200 <= status < 300:
                self._state.count_failure(message.subscription_id, failed=False)
                return
            held = self._state.subscription(message.subscription_id)
            if message.forged or held is None or not held.active:
                return
        self.lost += 1
        _log.info("notification given up", subscription_id=message.subscription_id, message_id=message.id)
        if self._state.count_failure(message.subscription_id, failed=True) >= FAILURES:
            await self.revoke(message.subscription_id, "notification_failures_exceeded")

    async def revoke(self, subscription_id: str, status: str) -> bool:
        """End a subscription and tell its callback once; whether there was one."""
        held = self._state.set_status(subscription_id, status)
        if held is None:
            return False
        body = json.dumps({"subscription": held.body}, separators=(",", ":")).encode()
        await self.attempt(Message(held.id, str(uuid.uuid4()), "revocation", timestamp(), body), 0)
        _log.info("subscription revoked", subscription_id=subscription_id, status=status)
        return True

    async def attempt(self, message: Message, retry: int) -> tuple[int, bytes]:
        """Send a webhook once; status and body of the answer, 0 if there is none."""
        held = self._state.subscription(message.subscription_id)
        if held is None:
            return 0, b""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S))
        async with self._slots:
            try:
                async with self._session.post(
                    held.body["transport"]["callback"],
                    data=message.body,
                    headers=headers_of(message, held, retry),
                    allow_redirects=False,
                ) as response:
                    self.sent += 1
                    return response.status, await response.content.read(4_096)
            except (aiohttp.ClientError, TimeoutError, OSError):
                return 0, b""

    async def _leave(self, message: Message, late_s: float) -> None:
        faults = self._trouble.faults
        copies = [message]
        if self._random.random() < faults.duplicate:
            copies.append(message)
        if self._random.random() < faults.forged:
            copies.append(message._replace(id=str(uuid.uuid4()), forged=True))
        await asyncio.sleep(late_s)
        for copy in copies:
            await self.deliver(copy)

    def _hold_back(self, message: Message, most: int) -> None:
        self._held_back.append(message)
        if len(self._held_back) >= most:
            self.flush()
        elif len(self._held_back) == 1:
            self.start(self._flush_later())

    async def _flush_later(self) -> None:
        await asyncio.sleep(2.0)
        self.flush()

    def flush(self) -> None:
        """Send what is held back, shuffled."""
        held, self._held_back = self._held_back, []
        self._random.shuffle(held)
        for message in held:
            self.start(self._leave(message, self._trouble.faults.late_s))


def notification(held: Held, event: Mapping[str, Any], at: str = "", message_id: str = "") -> Message:
    """The notification of an event for one subscription, with a fresh message id unless one is given."""
    body = json.dumps({"subscription": held.body, "event": event}, separators=(",", ":")).encode()
    return Message(held.id, message_id or str(uuid.uuid4()), "notification", at or timestamp(), body)


def headers_of(message: Message, held: Held, retry: int) -> dict[str, str]:
    """Twitch's headers, signature included."""
    signed = message.id.encode() + message.timestamp.encode() + message.body
    secret = held.secret + ("forged" if message.forged else "")
    return {
        "Content-Type": "application/json",
        "Twitch-Eventsub-Message-Id": message.id,
        "Twitch-Eventsub-Message-Retry": str(retry),
        "Twitch-Eventsub-Message-Type": message.kind,
        "Twitch-Eventsub-Message-Signature": "sha256=" + hmac.digest(secret.encode(), signed, hashlib.sha256).hex(),
        "Twitch-Eventsub-Message-Timestamp": message.timestamp,
        "Twitch-Eventsub-Subscription-Type": held.body["type"],
        "Twitch-Eventsub-Subscription-Version": held.body["version"],
    }
