"""What EventSub sends: signed webhooks (challenges, notifications with retries, revocations), and WebSocket messages.

A notification that is not answered with 2xx is sent again with the same message id; one that is given up counts
against its subscription (its shard, behind a conduit), which is ended after too many in a row. What goes over a
WebSocket goes once.
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
from gstreamer.simulator import rules
from gstreamer.simulator.conduits import ENABLED, PENDING, Conduit, Conduits, Shard
from gstreamer.simulator.faults import Trouble, timestamp
from gstreamer.simulator.sockets import Sockets
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
        channel: Whose channel it is about.
    """

    subscription_id: str
    id: str
    kind: str
    timestamp: str
    body: bytes
    forged: bool = False
    channel: str = ""


class Target(NamedTuple):
    """Where a message goes: a callback and its secret, or a WebSocket session; and which shard that is, if any."""

    callback: str = ""
    secret: str = ""
    session_id: str = ""
    shard: tuple[Conduit, Shard] | None = None


class Delivery:
    """
    The sender.

    Args:
        state: Subscriptions.
        conduits: Conduits.
        trouble: How it misbehaves.
        seed: Seeds the dice of that misbehaviour.
        retry_after_s: Waits before each further try.
        client_id: Our application's.
    """

    def __init__(
        self,
        state: State,
        conduits: Conduits,
        trouble: Trouble,
        seed: int,
        retry_after_s: tuple[float, ...] = RETRY_AFTER_S,
        client_id: str = "",
    ) -> None:
        self._state = state
        self._conduits = conduits
        self._client_id = client_id
        self.sockets = Sockets(self._is_used, self._session_ended)
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
        await self.sockets.shut()
        if self._session is not None:
            await self._session.close()

    def matching(self, event_type: str, event: Mapping[str, Any]) -> list[Held]:
        """The enabled subscriptions that an event is for."""
        return [
            held
            for held in self._state.subscriptions()
            if held.body["status"] == "enabled" and rules.is_for(held.body, event_type, event)
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
        target = Target(held.body["transport"]["callback"], held.secret)
        passed = await self._is_welcome(target, held.id, {"subscription": held.body}, held)
        self._state.set_status(held.id, "enabled" if passed else "webhook_callback_verification_failed")

    async def challenge_shard(self, conduit: Conduit, shard: Shard) -> None:
        """Ask the callback of a shard, which is enabled or failed by the answer."""
        about = {"conduit_shard": {"conduit_id": conduit.id, "shard": shard.id}}
        passed = await self._is_welcome(Target(shard.callback, shard.secret), conduit.id, about, None)
        shard.status = ENABLED if passed else "webhook_callback_verification_failed"
        shard.failures = 0
        self._conduits.write()
        if not passed:
            self.tell_disabled(conduit, shard)

    async def _is_welcome(self, target: Target, of: str, about: dict[str, Any], held: Held | None) -> bool:
        word = secrets.token_urlsafe(24)
        body = json.dumps({"challenge": word, **about}, separators=(",", ":")).encode()
        message = Message(of, str(uuid.uuid4()), "webhook_callback_verification", timestamp(), body)
        status, answer = 0, b""
        if not self._trouble.left_s(self._trouble.faults.no_challenge_s):
            status, answer = await self._post(target, headers_of(message, target.secret, held, 0), body)
        passed = status == 200 and answer == word.encode()
        _log.info("challenge answered", of=of, passed=passed, status=status)
        return passed

    def tell_disabled(self, conduit: Conduit, shard: Shard) -> None:
        """Tell those who want to know that a shard delivers no more."""
        event = {
            "client_id": self._client_id,
            "conduit_id": conduit.id,
            "shard_id": shard.id,
            "status": shard.status,
            "transport": shard.shown()["transport"],
        }
        self.notify(rules.SHARD_DISABLED, event)

    async def deliver(self, message: Message) -> None:
        """Send a notification until it is taken or given up."""
        last: tuple[Target | None, Held] | None = None
        for retry, wait_s in enumerate((0.0, *self._retry_after_s)):
            await asyncio.sleep(wait_s)
            held = self._state.subscription(message.subscription_id)
            if held is None or (retry > 0 and not held.active):
                return
            target = self._target(held, message)
            last = target, held
            status, _ = await self._send(target, message, held, retry)
            if 200 <= status < 300:
                self._count(target, held, failed=False)
                return
            if target is None:
                self.lost += 1
            if message.forged or target is None or target.session_id:
                return
        self.lost += 1
        _log.info("notification given up", subscription_id=message.subscription_id, message_id=message.id)
        if last is not None and self._count(*last, failed=True) >= FAILURES:
            await self._give_up(*last)

    def _count(self, target: Target | None, held: Held, *, failed: bool) -> int:
        if target is None or target.shard is None:
            return self._state.count_failure(held.id, failed=failed)
        _, shard = target.shard
        shard.failures = shard.failures + 1 if failed else 0
        return shard.failures

    async def _give_up(self, target: Target | None, held: Held) -> None:
        if target is None or target.shard is None:
            await self.revoke(held.id, "notification_failures_exceeded")
            return
        conduit, shard = target.shard
        self.disable_shard(conduit, shard, "notification_failures_exceeded")

    def disable_shard(self, conduit: Conduit, shard: Shard, status: str) -> None:
        """A shard delivers no more, and that is told."""
        shard.status = status
        self._conduits.write()
        self.tell_disabled(conduit, shard)

    async def revoke(self, subscription_id: str, status: str) -> bool:
        """End a subscription and tell whoever it went to, once; whether there was one."""
        held = self._state.set_status(subscription_id, status)
        if held is None:
            return False
        body = json.dumps({"subscription": held.body}, separators=(",", ":")).encode()
        await self.attempt(Message(held.id, str(uuid.uuid4()), "revocation", timestamp(), body), 0)
        _log.info("subscription revoked", subscription_id=subscription_id, status=status)
        return True

    async def attempt(self, message: Message, retry: int) -> tuple[int, bytes]:
        """Send a message once; status and body of the answer, 0 if there is none."""
        held = self._state.subscription(message.subscription_id)
        return (0, b"") if held is None else await self._send(self._target(held, message), message, held, retry)

    def _target(self, held: Held, message: Message) -> Target | None:
        """Where a subscription's messages go at the moment; None: nowhere."""
        transport = held.body["transport"]
        if transport["method"] == "webhook":
            return Target(transport["callback"], held.secret)
        if transport["method"] == "websocket":
            return Target(session_id=transport["session_id"])
        conduit = self._conduits.get(transport["conduit_id"])
        shard = None if conduit is None else conduit.shard_for(message.channel)
        if conduit is None or shard is None:
            return None
        return Target(shard.callback, shard.secret, shard.session_id, (conduit, shard))

    async def _send(self, target: Target | None, message: Message, held: Held, retry: int) -> tuple[int, bytes]:
        if target is None:
            return 0, b""
        if not target.session_id:
            return await self._post(target, headers_of(message, target.secret, held, retry), message.body)
        about = {"subscription_type": held.body["type"], "subscription_version": held.body["version"]}
        went = await self.sockets.send(
            target.session_id,
            message.kind,
            json.loads(message.body),
            message_id=message.id,
            message_timestamp=message.timestamp,
            **about,
        )
        self.sent += went
        return (200 if went else 0), b""

    async def _post(self, target: Target, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S))
        async with self._slots:
            try:
                async with self._session.post(
                    target.callback, data=body, headers=headers, allow_redirects=False
                ) as response:
                    self.sent += 1
                    return response.status, await response.content.read(4_096)
            except (aiohttp.ClientError, TimeoutError, OSError):
                return 0, b""

    # WebSocket sessions.

    def of_session(self, session_id: str) -> list[Held]:
        """The active subscriptions of a session."""
        return [
            held
            for held in self._state.subscriptions()
            if held.active and held.body["transport"].get("session_id") == session_id
        ]

    def resume(self) -> None:
        """After a restart: ask again who was asked, and end what came over sockets that are gone."""
        for held in self._state.subscriptions():
            if held.body["status"] == "webhook_callback_verification_pending":
                self.start(self.challenge(held))
            elif held.active and held.body["transport"]["method"] == "websocket":
                self._state.set_status(held.id, "websocket_network_error", disconnected_at=timestamp())
        for conduit in self._conduits:
            for shard in conduit.shards.values():
                if shard.status == PENDING:
                    self.start(self.challenge_shard(conduit, shard))
                elif shard.status == ENABLED and shard.session_id:
                    self.disable_shard(conduit, shard, "websocket_network_error")

    def _is_used(self, session_id: str) -> bool:
        return bool(self.of_session(session_id) or self._conduits.shards_of_session(session_id))

    def _session_ended(self, session_id: str, status: str) -> None:
        for held in self.of_session(session_id):
            self._state.set_status(held.id, status, disconnected_at=timestamp())
        for conduit, shard in self._conduits.shards_of_session(session_id):
            self.disable_shard(conduit, shard, status)

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
    channel = rules.channel_of(event)
    return Message(held.id, message_id or str(uuid.uuid4()), "notification", at or timestamp(), body, False, channel)


def headers_of(message: Message, secret: str, held: Held | None, retry: int) -> dict[str, str]:
    """Twitch's headers, signature included; a shard's challenge is of no subscription."""
    signed = message.id.encode() + message.timestamp.encode() + message.body
    key = secret + ("forged" if message.forged else "")
    headers = {
        "Content-Type": "application/json",
        "Twitch-Eventsub-Message-Id": message.id,
        "Twitch-Eventsub-Message-Retry": str(retry),
        "Twitch-Eventsub-Message-Type": message.kind,
        "Twitch-Eventsub-Message-Signature": "sha256=" + hmac.digest(key.encode(), signed, hashlib.sha256).hex(),
        "Twitch-Eventsub-Message-Timestamp": message.timestamp,
    }
    if held is not None:
        headers["Twitch-Eventsub-Subscription-Type"] = held.body["type"]
        headers["Twitch-Eventsub-Subscription-Version"] = held.body["version"]
    return headers
