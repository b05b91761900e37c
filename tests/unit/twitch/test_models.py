"""Twitch may add fields and leave times empty; its secrets never show."""

from __future__ import annotations

import pytest

from gstreamer.core.errors import UnavailableError
from gstreamer.twitch.chat import DropReason, Emote, SentMessage
from gstreamer.twitch.client import Webhook
from gstreamer.twitch.http import Application
from gstreamer.twitch.models import (
    Answer,
    FollowedChannel,
    FoundChannel,
    Stream,
    Subscription,
    SubscriptionPage,
    Token,
    User,
    Validation,
    parse,
)

FOUND = {"id": "1", "broadcaster_login": "a", "display_name": "A"}


def test_an_empty_time_is_none() -> None:
    assert parse(FoundChannel, FOUND | {"started_at": ""}).started_at is None


def test_nine_digits_of_a_second_are_read() -> None:
    found = parse(FoundChannel, FOUND | {"started_at": "2026-01-02T03:04:05.123456789Z"})

    assert found.started_at is not None
    assert found.started_at.isoformat() == "2026-01-02T03:04:05.123456+00:00"


def test_unknown_fields_are_ignored() -> None:
    assert parse(FoundChannel, FOUND | {"added_tomorrow": {"x": 1}}).id == "1"


def test_a_number_as_id_becomes_text() -> None:
    assert parse(User, {"id": 7, "login": "x", "display_name": "X"}).id == "7"


@pytest.mark.parametrize(("scope", "read"), [(["a", "b"], ("a", "b")), ("a b", ("a", "b")), (None, ())])
def test_scopes_come_as_array_text_or_null(scope: object, read: tuple[str, ...]) -> None:
    assert parse(Token, {"access_token": "t", "scope": scope}).scope == read


def test_an_app_token_has_no_user() -> None:
    assert parse(Validation, {"client_id": "c", "login": None, "user_id": None, "scopes": None}).user_id == ""


def test_what_twitch_adds_to_its_words_stays_as_it_is() -> None:
    row = {"id": "1", "status": "paused_for_fun", "type": "t", "version": "9", "condition": {"a": "b"}}
    dropped = parse(
        SentMessage, {"is_sent": False, "drop_reason": {"code": "new_reason", "message": None, "more": 1}}
    )

    assert parse(Subscription, row).status == "paused_for_fun"
    assert dropped.drop_reason == DropReason(code="new_reason")
    assert parse(Emote, {"id": "1", "name": "Hi", "format": ["hologram"]}).format == ("hologram",)


@pytest.mark.parametrize("kind", [Stream, User, FollowedChannel])
def test_every_time_may_be_empty(kind: type[Answer]) -> None:
    ids = {"id": "1", "user_id": "1", "login": "a", "display_name": "A", "broadcaster_id": "1"}
    times = {"created_at": "", "started_at": "", "followed_at": ""}

    assert parse(kind, ids | times).model_dump() == parse(kind, ids).model_dump()


def test_a_wrong_answer_is_told_without_its_values() -> None:
    with pytest.raises(UnavailableError) as caught:
        parse(User, {"id": "1", "login": {"secret": "hunter2"}})

    assert str(caught.value) == "twitch's answer is not as documented: login, display_name"


def test_the_last_page_has_no_cursor() -> None:
    assert parse(SubscriptionPage, {"data": [], "pagination": {}}).cursor == ""


def test_a_subscription_over_another_transport_has_no_callback() -> None:
    row = {"id": "1", "status": "enabled", "type": "t", "version": "1", "transport": {"method": "websocket"}}

    assert parse(Subscription, row).callback == ""


@pytest.mark.parametrize(
    "secretive",
    [
        Application("id", "hunter2", "http://id", "http://api"),
        Webhook("http://callback", "hunter2"),
        Token(access_token="hunter2", refresh_token="hunter2"),
    ],
)
def test_secrets_are_not_in_repr(secretive: object) -> None:
    assert "hunter2" not in repr(secretive) + str(secretive)
