"""A sign-in ends in the browser that began it, or nowhere."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core.catalogue import CATALOGUE
from gstreamer.core.errors import RejectedError
from gstreamer.core.signin import (
    SCOPES,
    BadStateError,
    Keep,
    State,
    browser_hash,
    has_group,
    read_state,
    scopes_of,
    sign_state,
    which_to_keep,
)

KEY = b"k" * 32
STATE = State("id-1", browser_hash("cookie"), "/s/alpha", 600_000)
TEXT = sign_state(KEY, STATE)


def test_a_state_comes_back_as_it_went() -> None:
    assert read_state(KEY, TEXT, "cookie", 599_999) == STATE


@pytest.mark.parametrize("cookie", [None, "", "other", "\ud800"])
def test_a_state_of_another_browser_is_refused(cookie: str | None) -> None:
    with pytest.raises(BadStateError, match="another browser"):
        read_state(KEY, TEXT, cookie, 0)


def test_a_state_is_refused_when_its_time_is_over() -> None:
    with pytest.raises(BadStateError, match="took too long"):
        read_state(KEY, TEXT, "cookie", 600_000)


@pytest.mark.parametrize("text", ["", ".", "a", "é.é", "!!.!!", TEXT[:-2], "A" + TEXT, TEXT + "x" * 5_000])
def test_a_forged_state_is_refused(text: str) -> None:
    with pytest.raises(BadStateError, match="not one of ours"):
        read_state(KEY, text, "cookie", 0)


def test_a_state_signed_with_another_key_is_refused() -> None:
    with pytest.raises(BadStateError, match="not one of ours"):
        read_state(b"o" * 32, TEXT, "cookie", 0)


@given(st.text(max_size=200))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    with pytest.raises(BadStateError):
        read_state(KEY, text, "cookie", 0)


def test_signing_in_alone_asks_for_no_scope() -> None:
    assert scopes_of((), ()) == ()


def test_scopes_are_asked_for_together_with_those_granted_before() -> None:
    assert scopes_of(("chat",), ("user:read:follows",)) == ("user:read:chat", "user:read:follows", "user:write:chat")


def test_an_unknown_group_is_named_with_those_there_are() -> None:
    with pytest.raises(RejectedError, match="no scope group 'root'; use chat, follows, moderation, streamer"):
        scopes_of(("root",), ())


def test_a_grant_covers_a_group_only_whole() -> None:
    assert has_group("chat", SCOPES["chat"])
    assert not has_group("chat", ("user:read:chat",))


@pytest.mark.parametrize(
    ("held", "given", "kept"),
    [
        ((), (), Keep.NEW),
        ((), ("a",), Keep.NEW),
        (("a",), ("a",), Keep.NEW),
        (("a",), ("a", "b"), Keep.NEW),
        (("a",), (), Keep.HELD),
        (("a", "b"), ("b",), Keep.HELD),
        (("a",), ("b",), Keep.NEITHER),
    ],
)
def test_of_two_grants_the_one_that_covers_more_is_kept(
    held: tuple[str, ...], given: tuple[str, ...], kept: Keep
) -> None:
    assert which_to_keep(held, given) is kept


def test_a_state_that_was_begun_before_an_upgrade_is_good() -> None:
    payload = json.dumps(list(STATE)[:4], separators=(",", ":")).encode()
    parts = (payload, hmac.digest(KEY, payload, hashlib.sha256))
    text = ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)

    assert read_state(KEY, text, "cookie", 0) == STATE


def test_nothing_is_asked_for_that_lets_us_act_but_sending_chat() -> None:
    acting = [scope for group in SCOPES.values() for scope in group if "manage" in scope or "write" in scope]

    assert acting == ["user:write:chat"]
    assert "channel:moderate" not in {scope for group in SCOPES.values() for scope in group}


def test_what_a_streamer_may_share_by_scopes_that_read_is_asked_for() -> None:
    asked = {*SCOPES["streamer"], *SCOPES["moderation"]}
    closed = {kind.family for kind in CATALOGUE.values() if kind.scopes and asked.isdisjoint(kind.scopes)}

    # Bans and held messages need scopes that act; whispers are nobody's but the person's.
    assert closed == {"automod", "bans", "whispers"}


def test_a_streamer_who_opts_in_also_lets_chat_be_read_without_a_socket_of_theirs() -> None:
    assert {"channel:bot", "user:bot", "user:read:chat"} <= set(SCOPES["streamer"])
