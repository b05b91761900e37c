"""Webhooks as Twitch signs them, for tests."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from typing import Any

SECRET = "a webhook secret of tests"


def timestamp(now_ms: int) -> str:
    """A moment as Twitch writes it, with nanoseconds."""
    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(milliseconds=now_ms)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "123Z"


def headers(
    body: bytes,
    at: str,
    *,
    message_id: str = "message-1",
    kind: str = "notification",
    secret: str = SECRET,
    retry: int = 0,
) -> dict[str, str]:
    """The headers of a signed message."""
    text = message_id.encode() + at.encode() + body
    return {
        "Twitch-Eventsub-Message-Id": message_id,
        "Twitch-Eventsub-Message-Retry": str(retry),
        "Twitch-Eventsub-Message-Type": kind,
        "Twitch-Eventsub-Message-Signature": "sha256=" + hmac.digest(secret.encode(), text, hashlib.sha256).hex(),
        "Twitch-Eventsub-Message-Timestamp": at,
        "Content-Type": "application/json",
    }


def notification(
    streamer_id: str = "1001",
    event_type: str = "stream.online",
    *,
    event: dict[str, Any] | None = None,
    condition: dict[str, str] | None = None,
    **more: Any,
) -> bytes:
    """The body of a notification."""
    subscription = {
        "id": "f1c2a387-161a-49f9-a165-0f21d7a4e1c4",
        "status": "enabled",
        "type": event_type,
        "version": "1",
        "cost": 1,
        "condition": {"broadcaster_user_id": streamer_id} if condition is None else condition,
        "transport": {"method": "webhook", "callback": "null"},
        "created_at": "2026-11-16T10:11:12.634234626Z",
    }
    return json.dumps({"subscription": subscription, "event": event or {"id": "9001"}, **more}).encode()


def revocation(status: str = "authorization_revoked") -> bytes:
    """The body of a revocation."""
    said = json.loads(notification())
    said["subscription"]["status"] = status
    return json.dumps({"subscription": said["subscription"]}).encode()
