"""Signing in with Twitch, and out: here, or in another browser."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from gstreamer import log
from gstreamer.core.browser import is_other_loopback, safe_next
from gstreamer.core.errors import ConfigurationError, RefusedError, RejectedError, UnavailableError
from gstreamer.core.problems import ProblemError
from gstreamer.core.sessions import has_ended, hash_value, shown_user_agent
from gstreamer.core.signin import (
    STATE_S,
    BadStateError,
    Keep,
    State,
    browser_hash,
    read_state,
    scopes_of,
    sign_state,
    which_to_keep,
)
from gstreamer.deployments.api import shapes
from gstreamer.deployments.api.context import (
    MaybeSignedIn,
    Needed,
    Parts,
    Viewer,
    address_of,
    clear_cookie,
    milliseconds,
    set_cookie,
)
from gstreamer.deployments.api.lookup import person_of
from gstreamer.deployments.api.notices import notice
from gstreamer.grants.endings import ENDED
from gstreamer.store.accounts import ListedSession, NewSession, Person, SignedIn
from gstreamer.store.grants import Tokens
from gstreamer.store.models import OK

COOKIE_BYTES = 32
ID_BYTES = 16
MAX_CODE_CHARS = 500

routes = APIRouter(prefix="/api/auth", tags=["sign-in"])
_log = log.get("api")


@routes.get("/login", status_code=302, response_class=RedirectResponse)
async def login(
    request: Request,
    parts: Needed,
    session: MaybeSignedIn,
    next: Annotated[str | None, Query(description="Path of the page to come back to.")] = None,  # noqa: A002
    scope: Annotated[list[str] | None, Query(description="What for: chat, follows, moderation, streamer.")] = None,
) -> RedirectResponse:
    """Go to Twitch to sign in, or to grant more."""
    config = parts.config
    if is_other_loopback(request.headers.get("host", ""), config.public_url):
        return RedirectResponse(f"{config.public_url}/api/auth/login?{request.url.query}", status_code=302)
    groups = [group for text in scope or () for group in re.split(r"[ ,]+", text) if group]
    try:
        scopes = scopes_of(groups, () if session is None else session.scopes)
    except RejectedError as error:
        raise ProblemError(422, str(error)) from None
    return _to_twitch(parts, scopes, safe_next(next))


@routes.get("/callback", status_code=303, response_class=RedirectResponse)
async def callback(
    request: Request,
    parts: Needed,
    session: MaybeSignedIn,
    state: str = "",
    code: Annotated[str, Query(max_length=MAX_CODE_CHARS)] = "",
    error: Annotated[str, Query(max_length=MAX_CODE_CHARS)] = "",
) -> Response:
    """Come back from Twitch: signed in, or to a page that says why not."""
    config = parts.config
    try:
        known = await _use(parts, state, request.cookies.get(config.sign_in.name))
    except BadStateError as refusal:
        _log.info("sign-in refused", reason=str(refusal), address=address_of(request, config))
        return notice(400, "The sign-in was not completed", f"This link cannot be used: {refusal}.")
    except UnavailableError:
        return _unavailable()
    if error or not code:
        words = "You did not give access at Twitch, so you are not signed in."
        return _done(parts, notice(403, "Signing in was cancelled", words))
    try:
        person, lacking = await _grant(parts, code, widened=known.widened)
        if lacking:
            return _to_twitch(parts, lacking, known.next, widened=True)
        response = RedirectResponse(known.next, status_code=303)
        await _enter(parts, request, response, person, session)
    except RefusedError as refusal:
        _log.warning("sign-in refused by twitch", status=refusal.status, address=address_of(request, config))
        words = "Twitch did not confirm the sign-in; it may have taken too long."
        return _done(parts, notice(400, "The sign-in was not completed", words))
    except UnavailableError as outage:
        _log.warning("sign-in failed", reason=str(outage))
        return _unavailable()
    return _done(parts, response)


@routes.post("/logout", status_code=204)
async def logout(parts: Needed, session: MaybeSignedIn) -> Response:
    """Sign out in this browser; its sockets close."""
    if session is not None:
        await parts.endings.end((session.session_id,), ENDED)
        _log.info("signed out", user_id=session.person.id, session_id=session.session_id)
    response = Response(status_code=204)
    clear_cookie(response, parts.config.session)
    return response


@routes.get("/sessions")
async def sessions(parts: Needed, viewer: Viewer) -> shapes.Sessions:
    """The browsers in which you are signed in."""
    live = [one for one in await parts.accounts.sessions(viewer.person.id) if not _is_over(parts, one)]
    return shapes.Sessions(
        sessions=[
            shapes.Session(
                id=one.id,
                created_at=shapes.rfc3339(one.created_at),
                last_seen_at=shapes.rfc3339(one.last_seen_at),
                user_agent=one.user_agent,
                current=one.id == viewer.session_id,
            )
            for one in live
        ]
    )


@routes.delete("/sessions", status_code=204)
async def end_other_sessions(parts: Needed, viewer: Viewer) -> None:
    """Sign out everywhere but here; those sockets close."""
    ids = await parts.accounts.session_ids(viewer.person.id)
    await parts.endings.end([one for one in ids if one != viewer.session_id], ENDED)


@routes.delete("/sessions/{session_id}", status_code=204)
async def end_session(parts: Needed, viewer: Viewer, session_id: str) -> Response:
    """Sign out in one browser; its sockets close."""
    if session_id not in await parts.accounts.session_ids(viewer.person.id):
        raise ProblemError(404, "you have no such session; it may have ended already")
    await parts.endings.end((session_id,), ENDED)
    response = Response(status_code=204)
    if session_id == viewer.session_id:
        clear_cookie(response, parts.config.session)
    return response


async def _use(parts: Parts, text: str, cookie: str | None) -> State:
    """
    The state that came back, which is good no more.

    Raises:
        BadStateError: It is not this browser's, or was used before.
        UnavailableError: Postgres does not answer.
    """
    state = read_state(parts.config.state_key, text, cookie, parts.now_ms())
    expires_at = datetime.fromtimestamp(state.expires_ms / 1000, UTC)
    if not await parts.accounts.use_state(state.id, expires_at, parts.now()):
        raise BadStateError("the sign-in was completed before")
    return state


def _to_twitch(parts: Parts, scopes: Iterable[str], next: str, *, widened: bool = False) -> RedirectResponse:  # noqa: A002
    config = parts.config
    cookie = _text(parts.random(COOKIE_BYTES))
    expires_ms = parts.now_ms() + STATE_S * 1000
    state = State(parts.random(ID_BYTES).hex(), browser_hash(cookie), next, expires_ms, widened)
    url = parts.sign_in.authorize_url(config.callback, scopes, sign_state(config.state_key, state))
    response = RedirectResponse(url, status_code=302)
    set_cookie(response, config.sign_in, cookie, STATE_S)
    return response


async def _grant(parts: Parts, code: str, *, widened: bool) -> tuple[Person, tuple[str, ...]]:
    """
    The person whom a code is of, with their grant kept; or what to ask Twitch for first.

    A grant that we hold already and that covers more is kept in place of the new one, as long as it lives.
    """
    token = await parts.sign_in.exchange_code(code, parts.config.callback)
    given = tuple(sorted((await parts.sign_in.validate(token.access_token)).scopes))
    person = person_of(await parts.helix.me(token.access_token))
    held = await _held(parts, person.id)
    keep = Keep.NEW if held is None else which_to_keep(held.scopes, given)
    if held is not None and keep is not Keep.NEW and await parts.keeper.is_good(person.id):
        if keep is Keep.HELD:
            await parts.grants.know(person, parts.now())
            return person, ()
        if not widened:
            return person, scopes_of((), (*held.scopes, *given))
    tokens = Tokens(token.access_token, token.refresh_token, given)
    await parts.grants.put(person, tokens, parts.keeper.next_check(), parts.now())
    if given:
        # Families that a streamer has granted are subscribed from now on.
        await parts.follow_grant(person.id)
    return person, ()


async def _held(parts: Parts, user_id: str) -> Tokens | None:
    """What we hold of a person's grant; nothing if it cannot be opened, so that the new one takes its place."""
    try:
        return await parts.grants.tokens(user_id)
    except ConfigurationError as error:
        _log.warning("held grant not opened", user_id=user_id, reason=str(error))
        return None


async def _enter(parts: Parts, request: Request, response: Response, person: Person, before: SignedIn | None) -> None:
    """
    Sign a person in here.

    Who was signed in here as the same person has only granted more: the session's sockets live on, and its cookie
    gets a new value. Another person's session ends, and so does one whose grant had died: connection actors may know
    its end already.
    """
    value = _text(parts.random(COOKIE_BYTES))
    if before is not None:
        same = before.person.id == person.id and before.grant == OK
        if same and await parts.accounts.renew_session(before.session_id, hash_value(value), parts.now()):
            set_cookie(response, parts.config.session, value, parts.config.lifetime.absolute_s)
            return
        await parts.endings.end((before.session_id,), ENDED)
    agent = shown_user_agent(request.headers.get("user-agent"))
    session = NewSession(parts.random(ID_BYTES).hex(), hash_value(value), agent)
    await parts.accounts.add_session(person.id, session, parts.now())
    set_cookie(response, parts.config.session, value, parts.config.lifetime.absolute_s)
    _log.info("signed in", user_id=person.id, session_id=session.id, address=address_of(request, parts.config))


def _done(parts: Parts, response: Response) -> Response:
    clear_cookie(response, parts.config.sign_in)
    return response


def _unavailable() -> Response:
    words = "A part that signing in needs does not answer at the moment. Try again in a minute."
    return notice(503, "Signing in is not possible now", words)


def _is_over(parts: Parts, session: ListedSession) -> bool:
    created_ms, seen_ms = milliseconds(session.created_at), milliseconds(session.last_seen_at)
    return has_ended(created_ms, seen_ms, parts.now_ms(), parts.config.lifetime)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
