"""A session ends when it was not used for long, or is old; only a hash of its cookie is kept."""

from __future__ import annotations

import pytest

from gstreamer.core.sessions import (
    CookieKind,
    Lifetime,
    has_ended,
    hash_value,
    is_touch_due,
    session_cookie,
    shown_user_agent,
    sign_in_cookie,
)

LIFETIME = Lifetime(idle_s=100, absolute_s=1_000)


@pytest.mark.parametrize(
    ("created_ms", "last_seen_ms", "now_ms", "ended"),
    [
        (0, 0, 99_999, False),
        (0, 0, 100_000, True),
        (0, 950_000, 999_999, False),
        (0, 950_000, 1_000_000, True),
        (50, 50, 0, False),
    ],
)
def test_a_session_ends_idle_or_old(created_ms: int, last_seen_ms: int, now_ms: int, ended: bool) -> None:
    assert has_ended(created_ms, last_seen_ms, now_ms, LIFETIME) is ended


def test_use_is_written_once_a_minute() -> None:
    assert not is_touch_due(1_000, 60_999)
    assert is_touch_due(1_000, 61_000)


def test_cookies_are_host_bound_and_secure_on_https() -> None:
    assert session_cookie("https://live.example.org") == CookieKind("__Host-gstreamer", True)
    assert sign_in_cookie("https://live.example.org") == CookieKind("__Host-gstreamer-sign-in", True)


def test_plain_http_localhost_has_cookies_that_browsers_take() -> None:
    assert session_cookie("http://localhost:8000") == CookieKind("gstreamer", False)
    assert sign_in_cookie("http://localhost:8000") == CookieKind("gstreamer-sign-in", False)


def test_a_hash_takes_whatever_a_client_sends() -> None:
    assert hash_value("a") != hash_value("b")
    assert len(hash_value("\ud800")) == 32


def test_a_user_agent_is_bounded_and_printable() -> None:
    assert shown_user_agent(None) == ""
    assert shown_user_agent("Fire\x00fox\n") == "Firefox"
    assert len(shown_user_agent("x" * 1_000)) == 300
