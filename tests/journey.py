"""What people and Twitch do from outside: sign in, choose streamers, ask for tickets, post signed webhooks.

It knows the contract (paths, headers, cookies), never the product's code.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import json
import re
import uuid
from collections.abc import Awaitable, Callable, Sequence
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from tests.client import Viewer

Post = Callable[["Notification"], Awaitable[int]]


class Notification:
    """A notification as Twitch posts it, with a message id of its own; ``body`` and ``headers`` are ready to send."""

    def __init__(
        self, streamer_id: str, event_type: str = "channel.update", version: str = "2", **event: Any
    ) -> None:
        self.streamer_id = streamer_id
        self.message_id = str(uuid.uuid4())
        self.type = event_type
        self._version = version
        who = {
            "broadcaster_user_id": streamer_id,
            "broadcaster_user_login": f"login_{streamer_id}",
            "broadcaster_user_name": f"Login_{streamer_id}",
        }
        subscription = {
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{event_type}/{streamer_id}")),
            "status": "enabled",
            "type": event_type,
            "version": version,
            "cost": 1,
            "condition": {"broadcaster_user_id": streamer_id},
            "transport": {"method": "webhook", "callback": "https://example.com/eventsub"},
            "created_at": "2026-11-24T20:00:00.000000000Z",
        }
        self.body = json.dumps(
            {"subscription": subscription, "event": {**who, **event}}, separators=(",", ":")
        ).encode()

    def headers(self, secret: str, at: datetime.datetime | None = None) -> dict[str, str]:
        """Twitch's headers, signed as of ``at`` (now if not given)."""
        moment = at or datetime.datetime.now(datetime.UTC)
        timestamp = moment.strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
        signed = self.message_id.encode() + timestamp.encode() + self.body
        return {
            "Content-Type": "application/json",
            "Twitch-Eventsub-Message-Id": self.message_id,
            "Twitch-Eventsub-Message-Retry": "0",
            "Twitch-Eventsub-Message-Type": "notification",
            "Twitch-Eventsub-Message-Signature": "sha256="
            + hmac.digest(secret.encode(), signed, hashlib.sha256).hex(),
            "Twitch-Eventsub-Message-Timestamp": timestamp,
            "Twitch-Eventsub-Subscription-Type": self.type,
            "Twitch-Eventsub-Subscription-Version": self._version,
        }


class Person:
    """
    A person with a browser: cookies, and the headers that a browser adds to its requests.

    Args:
        url: Origin of the install.
        hear: Told every answer of the install as text, headers and all.
    """

    def __init__(self, url: str, hear: Callable[[str], None] | None = None) -> None:
        self.url = url
        self._hear = hear
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def __aenter__(self) -> Person:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._http.close()

    async def call(self, method: str, path: str, body: Any = None, key: str = "") -> tuple[int, Any]:
        """The status and the JSON answer of a call from the page's own script; ``key`` makes it repeatable."""
        headers = {"Sec-Fetch-Site": "same-origin"} | ({"Idempotency-Key": key} if key else {})
        async with self._http.request(
            method, self.url + path, json=body, headers=headers, allow_redirects=False
        ) as answer:
            text = await self._text(answer)
            return answer.status, json.loads(text) if text and "json" in answer.content_type else text

    async def _text(self, answer: aiohttp.ClientResponse) -> str:
        text = await answer.text()
        if self._hear is not None and str(answer.url).startswith(self.url):
            self._hear(f"{answer.url.path} {answer.status}\n{answer.raw_headers!r}\n{text}")
        return text

    async def sign_in(self, login: str | None = None, scope: str = "") -> None:
        """Sign in as one of the double's made-up viewers (the first if no login is given)."""
        begin = f"{self.url}/api/auth/login?next=/&scope={scope}"
        async with self._http.get(begin, allow_redirects=False) as answer:
            text = await self._text(answer)
            assert answer.status == 302, text
            authorize = answer.headers["Location"]
        status, back = await self._agree(authorize, login)
        if status == 302:
            # What was granted elsewhere is asked for too.
            status, back = await self._agree(back, login)
        assert status == 303, back

    async def _agree(self, authorize: str, login: str | None) -> tuple[int, str]:
        """What the callback answers once the person has agreed: its status, and where it leads."""
        parts = urlsplit(authorize)
        if login is not None:
            authorize = authorize.replace(parts.path, parts.path + "/as", 1) + f"&login={login}"
            async with self._http.get(authorize, allow_redirects=False) as answer:
                assert answer.status == 302, await answer.text()
                back = answer.headers["Location"]
        else:
            async with self._http.get(authorize) as answer:
                page = await answer.text()
            found = re.search(r'<a class="viewer"[^>]*href="([^"]+)"', page)
            assert found is not None, page[:2000]
            back = unescape(found.group(1))
        async with self._http.get(back, allow_redirects=False) as answer:
            text = await self._text(answer)
            return answer.status, answer.headers.get("Location") or text

    async def favour(self, streamer_ids: Sequence[str]) -> None:
        """Add favourites."""
        for streamer_id in streamer_ids:
            status, answer = await self.call("PUT", f"/api/favourites/{streamer_id}")
            assert status in (200, 201, 204), (status, answer)

    async def ticket(self) -> tuple[str, str]:
        """A socket url and a first ticket for it."""
        status, answer = await self.call("POST", "/api/ws-ticket")
        if status == 503:
            raise OSError(f"no ticket: {answer}")
        assert status == 200, (status, answer)
        return answer["url"], answer["ticket"]

    def viewer(self) -> Viewer:
        """A viewer that dials with this person's tickets."""
        return Viewer(self.ticket, patient=True)

    def viewer_on_serve(self) -> Viewer:
        """A viewer whose sockets go through ``/ws`` on the Serve port."""

        async def dial() -> tuple[str, str]:
            _, ticket = await self.ticket()
            return self.url.replace("http", "ws", 1) + "/ws", ticket

        return Viewer(dial, patient=True)


def poster(http: aiohttp.ClientSession, url: str, secret: str) -> Post:
    """A function that posts a notification to ``/eventsub`` and gives the status (0: no answer)."""

    async def post(notification: Notification) -> int:
        try:
            async with http.post(
                url + "/eventsub", data=notification.body, headers=notification.headers(secret)
            ) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return 0

    return post


async def post_until_acknowledged(post: Post, notification: Notification) -> None:
    """Post as Twitch does: again and again with the same id until the answer is 2xx."""
    while await post(notification) // 100 != 2:
        pass
