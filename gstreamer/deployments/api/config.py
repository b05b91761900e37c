"""What the api needs of the settings, checked once."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from pydantic import SecretStr

import gstreamer
from gstreamer.core.auth import derive_key
from gstreamer.core.errors import ConfigurationError
from gstreamer.core.sessions import CookieKind, Lifetime, session_cookie, sign_in_cookie
from gstreamer.core.signin import STATE_PURPOSE
from gstreamer.core.urls import SocketUrls, socket_urls
from gstreamer.settings import Settings

SECRET_CHARS = 32
PAGE = Path(gstreamer.__file__).parent / "page"


class Config(NamedTuple):
    """
    Values that do not change while a replica runs.

    Attributes:
        public_url: The origin that browsers use.
        ticket_key: Signs tickets.
        state_key: Signs sign-in states.
        session: The session's cookie.
        sign_in: The cookie of a sign-in under way.
        lifetime: How long sessions live.
        sockets: How sockets are reached.
        operators: Twitch ids of operators.
        trusted_proxies: How many proxies append to X-Forwarded-For.
        simulated: Whether Twitch's double stands in for Twitch.
        page: Where the built page is.
    """

    public_url: str
    ticket_key: bytes
    state_key: bytes
    session: CookieKind
    sign_in: CookieKind
    lifetime: Lifetime
    sockets: SocketUrls
    operators: frozenset[str]
    trusted_proxies: int
    simulated: bool
    page: Path

    def __repr__(self) -> str:
        return f"Config({self.public_url!r})"

    @property
    def callback(self) -> str:
        """Where Twitch sends browsers back to."""
        return f"{self.public_url}/api/auth/callback"


def configured(settings: Settings) -> Config:
    """
    What the api needs of the settings.

    Raises:
        ConfigurationError: A secret is missing or too short.
    """
    secret = needed("session.secret", settings.session.secret).get_secret_value()
    if len(secret) < SECRET_CHARS:
        raise ConfigurationError(f"session.secret has {len(secret)} characters; it needs {SECRET_CHARS} or more")
    return Config(
        public_url=settings.public_url,
        ticket_key=derive_key(secret),
        state_key=derive_key(secret, STATE_PURPOSE),
        session=session_cookie(settings.public_url),
        sign_in=sign_in_cookie(settings.public_url),
        lifetime=Lifetime(settings.session.idle_s, settings.session.absolute_s),
        sockets=socket_urls(
            settings.public_url,
            settings.ws.public_url,
            through_serve=settings.ws.ingress == "serve",
            tls=settings.ws.tls_cert is not None,
        ),
        operators=frozenset(settings.operators),
        trusted_proxies=settings.http.trusted_proxies,
        simulated=settings.twitch.simulated,
        page=PAGE,
    )


def needed(name: str, value: SecretStr | None) -> SecretStr:
    """
    A secret that must be set.

    Raises:
        ConfigurationError: It is not.
    """
    if value is None:
        key = f"GSTREAMER_{name.upper().replace('.', '__')}"
        raise ConfigurationError(f"{name} is not set: set {key}, or start with `gstreamer up`, which makes one")
    return value
