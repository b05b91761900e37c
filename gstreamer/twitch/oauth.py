"""Tokens from id.twitch.tv: ours (client credentials), and those of people who signed in.

Twitch has no PKCE: the code flow is confidential, with a state that the caller binds to the browser. A person's
refresh must be single-flight across the cluster, which is the caller's to see to (a row lock).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlencode

from gstreamer.core.access import AppToken
from gstreamer.core.errors import GrantEndedError, RefusedError
from gstreamer.twitch.http import Application, Http, Reply
from gstreamer.twitch.models import Token, Validation, parse

RENEW_AHEAD_S: Final = 300
"""An app token is renewed so long before its end."""


class OAuth:
    """
    Calls of id.twitch.tv.

    Args:
        http: The way there.
        application: Who we are.
    """

    def __init__(self, http: Http, application: Application) -> None:
        self._http = http
        self._application = application

    def __repr__(self) -> str:
        return f"OAuth({self._application!r})"

    def authorize_url(self, redirect_uri: str, scopes: Iterable[str], state: str) -> str:
        """Where a browser goes to sign in; it comes back to ``redirect_uri`` with a code or an error."""
        query = {
            "response_type": "code",
            "client_id": self._application.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(scopes),
            "state": state,
        }
        return f"{self._application.id_url}/authorize?{urlencode(query)}"

    async def app_token(self) -> AppToken:
        """
        A new token of our own, to be used until shortly before its end (``app_token.AppTokens`` keeps it).

        Raises:
            UnavailableError: Twitch does not answer.
            RefusedError: Twitch does not know the client id or the secret.
        """
        reply = await self._token("client_credentials", {}, idempotent=True)
        if reply.status != 200:
            raise RefusedError(reply.status, reply.message)
        token = parse(Token, reply.body)
        return AppToken(token.access_token, self._http.time.now_s() + max(token.expires_in - RENEW_AHEAD_S, 1))

    async def exchange_code(self, code: str, redirect_uri: str) -> Token:
        """
        The tokens that a code stands for; a code works once, so this is never repeated.

        Raises:
            RefusedError: The code is wrong, used or old.
            UnavailableError: Twitch does not answer.
        """
        reply = await self._token(
            "authorization_code", {"code": code, "redirect_uri": redirect_uri}, idempotent=False
        )
        if reply.status != 200:
            raise RefusedError(reply.status, reply.message)
        return parse(Token, reply.body)

    async def validate(self, access_token: str) -> Validation:
        """
        Whose token it is; Twitch wants this asked at sign-in and then hourly.

        Raises:
            GrantEndedError: The token is not good (try a refresh), or is another application's: the client id was
                changed, and everybody has to sign in again.
            RefusedError: Twitch refuses the call itself.
            UnavailableError: Twitch does not answer.
        """
        headers = {"Authorization": f"OAuth {access_token}"}
        reply = await self._http.call("GET", f"{self._application.id_url}/validate", headers=headers)
        if reply.status == 401:
            raise GrantEndedError(reply.status, reply.message)
        if reply.status != 200:
            raise RefusedError(reply.status, reply.message)
        found = parse(Validation, reply.body)
        if found.client_id != self._application.client_id:
            raise GrantEndedError(reply.status, "the token belongs to another application")
        return found

    async def refresh(self, refresh_token: str) -> Token:
        """
        A new pair in place of an ended access token; keep its refresh token, which may be a new one.

        Raises:
            GrantEndedError: The person took the grant back or changed the password: sign in again.
            RefusedError: Twitch does not know the client id or the secret.
            UnavailableError: Twitch does not answer.
        """
        reply = await self._token("refresh_token", {"refresh_token": refresh_token}, idempotent=False)
        # "invalid client" is our own mistake in the settings: nobody's grant has ended by it.
        if reply.status in (400, 401) and "client" not in reply.message.lower():
            raise GrantEndedError(reply.status, reply.message)
        if reply.status != 200:
            raise RefusedError(reply.status, reply.message)
        token = parse(Token, reply.body)
        return token if token.refresh_token else token.model_copy(update={"refresh_token": refresh_token})

    async def revoke(self, token: str) -> None:
        """
        End a token at Twitch; one that is not good any more is fine.

        Raises:
            UnavailableError: Twitch does not answer.
            RefusedError: Twitch does not know our client id.
        """
        form = {"client_id": self._application.client_id, "token": token}
        reply = await self._http.call("POST", f"{self._application.id_url}/revoke", form=form)
        if reply.status not in (200, 400):
            raise RefusedError(reply.status, reply.message)

    async def _token(self, grant_type: str, more: dict[str, str], *, idempotent: bool) -> Reply:
        form = {
            "client_id": self._application.client_id,
            "client_secret": self._application.client_secret,
            "grant_type": grant_type,
            **more,
        }
        return await self._http.call("POST", f"{self._application.id_url}/token", form=form, idempotent=idempotent)
