"""Twitch's double of an install, as tests from outside give it orders about people's grants."""

from __future__ import annotations

import asyncio
import datetime
import json
from typing import Any

import aiohttp

from tests.install import Install
from tests.journey import Notification

CLIENT_ID = "gstreamer-on-this-machine"


class Double:
    """
    The double.

    Args:
        install: Whose it is.
        http: The way there.
    """

    def __init__(self, install: Install, http: aiohttp.ClientSession) -> None:
        self._url = install.double_url
        self._install = install
        self._http = http

    async def order(self, path: str, **body: Any) -> None:
        """Give an order."""
        async with self._http.post(f"{self._url}/simulator/{path}", json=body) as answer:
            assert answer.status == 200, await answer.text()

    async def subscriptions(self) -> list[dict[str, Any]]:
        """Every subscription that it holds."""
        async with self._http.get(f"{self._url}/simulator/state") as answer:
            return list((await answer.json())["subscriptions"])

    async def calls(self) -> list[dict[str, Any]]:
        """What was called since rates were set last, and how much of it was refused."""
        async with self._http.get(f"{self._url}/simulator/calls") as answer:
            return list((await answer.json())["calls"])

    async def disconnect(self, user_id: str) -> None:
        """Let a person take the grant back."""
        async with self._http.post(f"{self._url}/simulator/disconnect", json={"user_id": user_id}) as answer:
            assert answer.status == 200, await answer.text()

    async def issued(self) -> list[dict[str, str]]:
        """Every code and token that there ever was, the first first."""
        async with self._http.get(f"{self._url}/simulator/issued") as answer:
            return list((await answer.json())["issued"])

    async def access_tokens(self, user_id: str) -> list[dict[str, str]]:
        """Every access token that the person ever had."""
        return [one for one in await self.issued() if (one["kind"], one["user_id"]) == ("access", user_id)]

    async def expire(self, user_id: str) -> None:
        """End the person's access token alone, as its age does."""
        token = (await self.access_tokens(user_id))[-1]["secret"]
        form = {"client_id": CLIENT_ID, "token": token}
        async with self._http.post(f"{self._url}/oauth2/revoke", data=form) as answer:
            assert answer.status == 200, await answer.text()

    async def tells_of_ends(self) -> None:
        """Return once it tells the install of grants that end."""
        async with asyncio.timeout(60):
            while True:
                async with self._http.get(f"{self._url}/simulator/state") as answer:
                    held = (await answer.json())["subscriptions"]
                if ("user.authorization.revoke", "enabled") in {(one["type"], one["status"]) for one in held}:
                    return

    async def tell(self, kind: str, body: dict[str, Any], at: datetime.datetime | None = None) -> None:
        """Post a message of Twitch's, signed as of ``at``."""
        message = Notification("0", body["subscription"]["type"], "1")
        message.body = json.dumps(body).encode()
        headers = message.headers(self._install.webhook_secret, at) | {"Twitch-Eventsub-Message-Type": kind}
        async with self._http.post(f"{self._install.url}/eventsub", data=message.body, headers=headers) as answer:
            assert answer.status == 204, await answer.text()

    async def tell_of_end(self, user_id: str, at: datetime.datetime | None = None) -> None:
        """Post the event that a person has taken the grant back."""
        subscription = {
            "id": "told", "type": "user.authorization.revoke", "version": "1", "status": "enabled",
            "condition": {"client_id": CLIENT_ID},
        }  # fmt: skip
        event = {"client_id": CLIENT_ID, "user_id": user_id}
        await self.tell("notification", {"subscription": subscription, "event": event}, at)
