"""Raw calls of Twitch's double, as the application or as somebody who granted it scopes; sockets of EventSub."""

from __future__ import annotations

import re
from typing import Any

import aiohttp

from tests.twitch import Place


class Helix:
    """Raw calls with a token."""

    def __init__(self, place: Place, token: str) -> None:
        self._place = place
        self.headers = {"Authorization": f"Bearer {token}", "Client-Id": "test-client"}

    async def __call__(self, method: str, path: str, body: Any = None, **query: str) -> tuple[int, dict[str, Any]]:
        url = f"{self._place.url}/helix/eventsub/{path}"
        async with self._place.session.request(method, url, json=body, params=query, headers=self.headers) as answer:
            return answer.status, (await answer.json()) if answer.content_length else {}

    async def subscribe(self, event_type: str, condition: dict[str, str], **transport: str) -> tuple[int, Any]:
        body = {"type": event_type, "version": "1", "condition": condition, "transport": transport}
        return await self("POST", "subscriptions", body)


async def token(place: Place, **form: str) -> dict[str, Any]:
    both = {"client_id": "test-client", "client_secret": "test-secret", **form}
    async with place.session.post(f"{place.url}/oauth2/token", data=both) as answer:
        assert answer.status == 200
        return dict(await answer.json())


async def app(place: Place) -> Helix:
    return Helix(place, (await token(place, grant_type="client_credentials"))["access_token"])


async def person(place: Place, login: str, *scopes: str) -> Helix:
    """A person who has granted these scopes."""
    query = {
        "client_id": "test-client",
        "redirect_uri": "http://localhost:8000/callback",
        "response_type": "code",
        "scope": " ".join(scopes),
        "login": login,
    }
    async with place.session.get(f"{place.url}/oauth2/authorize/as", params=query, allow_redirects=False) as answer:
        code = re.findall(r"code=(\w+)", answer.headers["Location"])[0]
    granted = await token(place, grant_type="authorization_code", code=code, redirect_uri=query["redirect_uri"])
    return Helix(place, granted["access_token"])


async def welcomed(place: Place, url: str = "") -> tuple[aiohttp.ClientWebSocketResponse, str]:
    socket = await place.session.ws_connect(url or place.url.replace("http", "ws") + "/ws")
    welcome = await socket.receive_json(timeout=10)
    assert welcome["metadata"]["message_type"] == "session_welcome"
    return socket, welcome["payload"]["session"]["id"]
