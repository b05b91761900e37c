"""What routes are given: the parts of the api, and who is signed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request, Response

from gstreamer import log
from gstreamer.core.browser import client_address
from gstreamer.core.errors import UnavailableError
from gstreamer.core.ports import SubscriptionsPeer
from gstreamer.core.problems import ProblemError
from gstreamer.core.sessions import MAX_VALUE_CHARS, CookieKind, has_ended, hash_value, is_touch_due
from gstreamer.deployments.api.assets import Assets
from gstreamer.deployments.api.board import Board
from gstreamer.deployments.api.chats import Chats
from gstreamer.deployments.api.config import Config
from gstreamer.deployments.api.lookup import Lookup
from gstreamer.deployments.api.ports import Helix, Snapshots, Sockets
from gstreamer.deployments.api.sending import Sending
from gstreamer.grants.endings import GRANT_REVOKED, Endings
from gstreamer.grants.keeper import Keeper
from gstreamer.grants.ports import SignIn
from gstreamer.store.accounts import Accounts, SignedIn
from gstreamer.store.favourites import Favourites
from gstreamer.store.grants import Grants
from gstreamer.store.history import History
from gstreamer.store.models import OK
from gstreamer.store.rollup import Rollup


@dataclass(frozen=True)
class Parts:
    """
    Everything that routes use; ``random`` gives that many random bytes, ``now`` the time.

    One object a replica: it owns none of these, whoever opened them closes them.
    """

    config: Config
    accounts: Accounts
    grants: Grants
    favourites: Favourites
    sign_in: SignIn
    helix: Helix
    keeper: Keeper
    endings: Endings
    lookup: Lookup
    sending: Sending
    assets: Assets
    chats: Chats
    history: History
    rollup: Rollup
    subscriptions: SubscriptionsPeer
    snapshots: Snapshots
    sockets: Sockets
    board: Board
    random: Callable[[int], bytes]
    now: Callable[[], datetime]

    async def follow_favourites(self) -> None:
        """Tell the subscriptions actor that favourites have changed; it reads them now and then anyway."""
        try:
            await self.subscriptions.favourites_changed()
        except UnavailableError as error:
            log.get("api").warning("subscriptions not told of favourites", reason=str(error))

    async def follow_grant(self, user_id: str) -> None:
        """Tell the subscriptions actor that this person has granted us something; it looks now and then anyway."""
        try:
            await self.subscriptions.granted(user_id)
        except UnavailableError as error:
            log.get("api").warning("subscriptions not told of a grant", user_id=user_id, reason=str(error))

    def now_ms(self) -> int:
        """The time in Unix milliseconds."""
        return milliseconds(self.now())


def milliseconds(time: datetime) -> int:
    """A time as Unix milliseconds."""
    return int(time.timestamp() * 1000)


def parts_of(request: Request) -> Parts:
    """The parts that this application was opened with."""
    found: Parts = request.app.state.parts
    return found


Needed = Annotated[Parts, Depends(parts_of)]


async def session_of(request: Request, parts: Needed) -> SignedIn | None:
    """Whose live session the request's cookie is; None without one. Its use is written down once a minute."""
    value = request.cookies.get(parts.config.session.name)
    if not value or len(value) > MAX_VALUE_CHARS:
        return None
    found = await parts.accounts.signed_in(hash_value(value))
    if found is None:
        return None
    now_ms, seen_ms = parts.now_ms(), milliseconds(found.last_seen_at)
    if has_ended(milliseconds(found.created_at), seen_ms, now_ms, parts.config.lifetime):
        return None
    if is_touch_due(seen_ms, now_ms):
        await parts.accounts.touch((found.session_id,), parts.now())
    return found


MaybeSignedIn = Annotated[SignedIn | None, Depends(session_of)]


async def must_be_signed_in(parts: Needed, session: MaybeSignedIn) -> SignedIn:
    """
    Who is signed in.

    Raises:
        ProblemError: 401, if nobody is, or the grant at Twitch is dead (which ends the sessions).
    """
    if session is None:
        raise ProblemError(401, "you are not signed in; sign in at /api/auth/login")
    if session.grant != OK:
        await parts.endings.end_all(session.person.id, GRANT_REVOKED)
        raise grant_ended()
    return session


Viewer = Annotated[SignedIn, Depends(must_be_signed_in)]


def grant_ended() -> ProblemError:
    """The refusal of a person whose grant at Twitch is dead."""
    return ProblemError(401, "your sign-in at twitch has ended; sign in again at /api/auth/login")


def address_of(request: Request, config: Config) -> str:
    """The client's address, as far as it can be known."""
    peer = "" if request.client is None else request.client.host
    return client_address(peer, request.headers.getlist("x-forwarded-for"), config.trusted_proxies)


def set_cookie(response: Response, kind: CookieKind, value: str, max_age_s: int) -> None:
    """Have the browser keep a cookie that no script can read and no other site can send along."""
    response.set_cookie(
        kind.name, value, max_age=max_age_s, path="/", secure=kind.secure, httponly=True, samesite="lax"
    )


def clear_cookie(response: Response, kind: CookieKind) -> None:
    """Have the browser forget a cookie."""
    response.delete_cookie(kind.name, path="/", secure=kind.secure, httponly=True, samesite="lax")
