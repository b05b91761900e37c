"""A replica starts with what it needs, or says which setting is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from gstreamer.core.errors import ConfigurationError
from gstreamer.deployments.api.config import configured
from gstreamer.deployments.api.replica import application_of
from gstreamer.settings import Settings, load


def settings(**values: str) -> Settings:
    return load({f"GSTREAMER_{name.upper()}": value for name, value in values.items()}, Path("/nonexistent"))


def test_without_a_session_secret_the_setting_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"session\.secret is not set: set GSTREAMER_SESSION__SECRET"):
        configured(settings())


def test_a_short_session_secret_is_refused_without_repeating_it() -> None:
    with pytest.raises(ConfigurationError, match="has 5 characters; it needs 32 or more") as refused:
        configured(settings(session__secret="short"))

    assert "short" not in str(refused.value)


def test_tickets_and_states_are_signed_with_keys_of_their_own() -> None:
    config = configured(settings(session__secret="s" * 32))

    assert config.ticket_key != config.state_key
    assert config.callback == "http://localhost:8000/api/auth/callback"


def test_a_certificate_on_the_node_makes_tickets_carry_wss() -> None:
    config = configured(settings(session__secret="s" * 32, ws__tls_cert="/x.pem", ws__tls_key="/x.key"))

    assert config.sockets.of("n", 8001) == "wss://localhost:8001/"


def test_tickets_carry_the_serve_port_where_that_is_wanted() -> None:
    config = configured(settings(session__secret="s" * 32, ws__ingress="serve"))

    assert config.sockets.of("n", 8001) == "ws://localhost:8000/ws"


def test_without_a_client_id_the_setting_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"twitch\.client_id is not set"):
        application_of(settings())
    with pytest.raises(ConfigurationError, match="set GSTREAMER_TWITCH__CLIENT_SECRET"):
        application_of(settings(twitch__client_id="id"))
