"""id.twitch.tv of the simulation: sign in as a made-up viewer, tokens, validate, revoke.

A script signs in without a browser: it reads the authorize page, whose links lead back to ``redirect_uri`` with
``code`` and ``state`` (class ``viewer`` or ``streamer``, data-login) or with ``error=access_denied`` (class
``deny``); or it asks ``/oauth2/authorize/as?...&login=viewer_0001``, which redirects there at once.
"""

from __future__ import annotations

import hmac
import html
import secrets
import time
from collections.abc import Callable
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from gstreamer.simulator import cast
from gstreamer.simulator.cast import Person
from gstreamer.simulator.issued import Entry, Issued
from gstreamer.simulator.state import Granted, State

ACCESS_S, APP_S, REFRESH_S = 14_400, 5_000_000, 400 * 86_400
CODE_S = 600
SHOWN_STREAMERS = 4
"""How many streamers one can be by a click; any other by login."""
CODES = 10_000

_DENIED = {"error": "access_denied", "error_description": "The user denied you access"}


def is_loopback(host: str | None) -> bool:
    """Whether this name or address means this machine; the same ones as plain-http PUBLIC_URLs may have."""
    name = (host or "").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


class Credentials(NamedTuple):
    """The one application that the double knows, and the origin it lives at; an empty id lets any in."""

    client_id: str
    client_secret: str
    public_url: str

    def knows(self, client_id: str) -> bool:
        """Whether this is its id."""
        return bool(client_id) and (not self.client_id or client_id == self.client_id)

    def opens(self, client_secret: str) -> bool:
        """Whether this is its secret."""
        return not self.client_id or hmac.compare_digest(client_secret.encode(), self.client_secret.encode())


class _Code(NamedTuple):
    user_id: str
    scopes: tuple[str, ...]
    redirect_uri: str
    expires_s: float


class OAuth:
    """
    The routes below ``/oauth2``.

    Args:
        state: Where tokens are kept.
        credentials: Who may ask for them.
        issued: Where it is noted what was issued.
        given: Told whoever has granted us something.
    """

    def __init__(
        self, state: State, credentials: Credentials, issued: Issued, given: Callable[[Person], None]
    ) -> None:
        self._given = given
        self._state = state
        self._issued = issued
        self._credentials = credentials
        self._codes: dict[str, _Code] = {}

    def routes(self) -> list[web.RouteDef]:
        """What it answers."""
        return [
            web.get("/oauth2/authorize", self.authorize),
            web.get("/oauth2/authorize/as", self.authorize_as),
            web.post("/oauth2/token", self.token),
            web.get("/oauth2/validate", self.validate),
            web.post("/oauth2/revoke", self.revoke),
        ]

    async def authorize(self, request: web.Request) -> web.Response:
        """The page where one picks whom to be."""
        problem = self._problem(request)
        if problem:
            return web.Response(status=400, text=f"{problem} (this is a simulation of Twitch)\n")
        shown = (*cast.VIEWERS, *cast.STREAMERS[:SHOWN_STREAMERS])
        links = [(person, self._back(request, {"code": self._code(request, person)})) for person in shown]
        return web.Response(
            text=_page(request, links, self._back(request, _DENIED)),
            content_type="text/html",
            headers={
                "Content-Security-Policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'",
                "Cache-Control": "no-store",
                "Referrer-Policy": "no-referrer",
            },
        )

    async def authorize_as(self, request: web.Request) -> web.Response:
        """Be whoever ``login`` names, without a page."""
        problem = self._problem(request)
        person = cast.by_login(request.query.get("login", "").strip().lower())
        if problem or person is None:
            return web.Response(status=400, text=f"{problem or 'nobody has this login'} (this is a simulation)\n")
        raise web.HTTPFound(self._back(request, {"code": self._code(request, person)}))

    async def token(self, request: web.Request) -> web.Response:
        """Tokens for a client secret, a code or a refresh token."""
        form = await _form(request)
        if not self._credentials.knows(form.get("client_id", "")):
            return _error(400, "invalid client")
        if not form.get("client_secret"):
            return _error(400, "missing client secret")
        if not self._credentials.opens(form["client_secret"]):
            return _error(403, "invalid client secret")
        self._state.forget_expired(time.time())
        grant_type = form.get("grant_type")
        if grant_type == "client_credentials":
            token = self._grant("app", "", (), APP_S, grant_type)
            return web.json_response({"access_token": token, "expires_in": APP_S, "token_type": "bearer"})
        if grant_type == "authorization_code":
            return self._redeem(form)
        if grant_type == "refresh_token":
            held = self._state.token(form.get("refresh_token", ""), time.time())
            if held is None or held.kind != "refresh":
                return _error(400, "Invalid refresh token", named=True)
            refresh = held.token
            if self._issued.rotates:
                self._state.remove_token(refresh)
                refresh = self._grant("refresh", held.user_id, held.scopes, REFRESH_S, grant_type)
            return self._pair(held.user_id, held.scopes, refresh, grant_type)
        return _error(400, "missing or unknown grant type")

    async def validate(self, request: web.Request) -> web.Response:
        """Whose token it is."""
        _, _, token = request.headers.get("Authorization", "").partition(" ")
        held = self._state.token(token, time.time())
        if held is None or held.kind == "refresh":
            return _error(401, "invalid access token")
        person = cast.by_id(held.user_id)
        return web.json_response(
            {
                "client_id": self._credentials.client_id,
                "login": person.login if person else None,
                "scopes": list(held.scopes) or None,
                "user_id": held.user_id or None,
                "expires_in": int(held.expires_s - time.time()),
            }
        )

    async def revoke(self, request: web.Request) -> web.Response:
        """End a token."""
        form = await _form(request)
        if not self._credentials.knows(form.get("client_id", "")):
            return _error(404, "client does not exist")
        return web.Response() if self._state.remove_token(form.get("token", "")) else _error(400, "Invalid token")

    def _redeem(self, form: dict[str, str]) -> web.Response:
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or code.expires_s < time.monotonic():
            return _error(400, "Invalid authorization code")
        if code.redirect_uri != form.get("redirect_uri"):
            return _error(400, "Parameter redirect_uri does not match registered URI")
        refresh = self._grant("refresh", code.user_id, code.scopes, REFRESH_S, form["grant_type"])
        pair = self._pair(code.user_id, code.scopes, refresh, form["grant_type"])
        person = cast.by_id(code.user_id)
        if person is not None:
            self._given(person)
        return pair

    def _pair(self, user_id: str, scopes: tuple[str, ...], refresh: str, by: str) -> web.Response:
        return web.json_response(
            {
                "access_token": self._grant("access", user_id, scopes, ACCESS_S, by),
                "expires_in": ACCESS_S,
                "refresh_token": refresh,
                "scope": list(scopes),
                "token_type": "bearer",
            }
        )

    def _grant(self, kind: str, user_id: str, scopes: tuple[str, ...], lasts_s: float, by: str) -> str:
        token = secrets.token_hex(15)
        self._issued.add(Entry(token, kind, user_id, by))
        self._state.add_token(Granted(token, kind, user_id, scopes, time.time() + lasts_s))
        return token

    def _code(self, request: web.Request, person: Person) -> str:
        while len(self._codes) >= CODES:
            del self._codes[next(iter(self._codes))]
        code = secrets.token_hex(15)
        scopes = tuple(request.query.get("scope", "").split())
        expires_s = time.monotonic() + CODE_S
        self._issued.add(Entry(code, "code", person.id, "authorize"))
        self._codes[code] = _Code(person.id, scopes, request.query["redirect_uri"], expires_s)
        return code

    @staticmethod
    def _back(request: web.Request, answer: dict[str, str]) -> str:
        query = dict(answer)
        if "code" in answer:
            query["scope"] = request.query.get("scope", "")
        if "state" in request.query:
            query["state"] = request.query["state"]
        return f"{request.query['redirect_uri']}?{urlencode(query)}"

    def _problem(self, request: web.Request) -> str:
        query = request.query
        if not self._credentials.knows(query.get("client_id", "")):
            return "invalid client"
        if query.get("response_type") != "code":
            return "response_type must be code"
        target = urlsplit(query.get("redirect_uri", ""))
        ours = f"{target.scheme}://{target.netloc}" == self._credentials.public_url
        if target.scheme not in ("http", "https") or not (ours or is_loopback(target.hostname)):
            return "redirect_mismatch: the redirect_uri is not one of the application's"
        return ""


async def _form(request: web.Request) -> dict[str, str]:
    """The parameters of a call: Twitch takes them from the body as from the query."""
    return {**request.query, **{name: str(value) for name, value in (await request.post()).items()}}


def _error(status: int, message: str, *, named: bool = False) -> web.Response:
    body = {"status": status, "message": message}
    return web.json_response({"error": "Bad Request", **body} if named else body, status=status)


def _page(request: web.Request, links: list[tuple[Person, str]], deny: str) -> str:
    scopes = request.query.get("scope", "").split()
    asked = "It asks for: " + ", ".join(map(html.escape, scopes)) if scopes else "It asks for nothing but your name"
    hidden = "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
        for name, value in request.query.items()
        if name != "login"
    )
    viewers, streamers = (
        "".join(
            f'<li><a class="{kind}" data-login="{person.login}" href="{html.escape(link)}">'
            f'<img src="{cast.avatar(person)}" alt="" width="40" height="40">{person.name}</a></li>'
            for person, link in links
            if (person.audience > 0) == (kind == "streamer")
        )
        for kind in ("viewer", "streamer")
    )
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sign in (simulation)</title><style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 30rem; margin: 2rem auto; padding: 0 1rem;
  background: #17151d; color: #ece9f5 }}
.note {{ background: #f5c542; color: #221c05; padding: .6rem .9rem; border-radius: .4rem }}
ul {{ list-style: none; padding: 0 }} li {{ margin: .4rem 0 }}
a {{ color: inherit }} li a {{ display: flex; gap: .8rem; align-items: center; padding: .4rem .6rem;
  background: #2a2635; border-radius: .4rem; text-decoration: none }} li a:hover, li a:focus {{ background: #3d3650 }}
img {{ border-radius: 50% }} input, button {{ font: inherit; padding: .3rem .6rem }}
</style></head><body>
<p class="note" role="note"><strong>This is a simulation of Twitch.</strong> Nobody here exists, and no password is
asked for. It runs because no Twitch client id is set.</p>
<h1>Sign in as a made-up viewer</h1><p>{asked}.</p>
<ul>{viewers}</ul>
<h2>Or as a made-up streamer</h2>
<ul>{streamers}</ul>
<form action="/oauth2/authorize/as">{hidden}<label>or as <input name="login" placeholder="viewer_0001"
 pattern="[a-z0-9_]{{1,25}}" required></label> <button>Sign in</button></form>
<p><a class="deny" href="{html.escape(deny)}">Deny</a></p>
</body></html>
"""
