"""Where a client's first ticket comes from: the api of a gstreamer, with the cookie of a session."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import aiohttp

Dial = Callable[[], Awaitable[tuple[str, str]]]
"""Asks for a fresh ``(url, ticket)``; OSError or TimeoutError: try again later."""

ASK_S = 10.0


class SignedOutError(Exception):
    """The session has ended: no ticket is to be had until somebody has signed in again."""


def session(url: str, cookie: str) -> Dial:
    """
    Tickets for the person whose browser session this is.

    Args:
        url: Origin of the gstreamer, as ``https://gstreamer.example``.
        cookie: ``name=value`` of its session cookie.
    """
    headers = {"Cookie": cookie, "Sec-Fetch-Site": "same-origin", "Accept": "application/json"}

    async def dial() -> tuple[str, str]:
        timeout = aiohttp.ClientTimeout(total=ASK_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as http,
                http.post(f"{url}/api/ws-ticket", headers=headers) as answer,
            ):
                if answer.status in (401, 403):
                    raise SignedOutError(f"{url} gives no ticket ({answer.status}): sign in again")
                if answer.status >= 400:
                    raise OSError(f"{url} gives no ticket ({answer.status})")
                body = await answer.json()
                return body["url"], body["ticket"]
        except (TimeoutError, aiohttp.ClientError, KeyError, ValueError) as error:
            raise OSError(f"{url} gives no ticket ({type(error).__name__})") from None

    return dial
