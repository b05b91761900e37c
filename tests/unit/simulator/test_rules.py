"""What Twitch's double asks of a subscription: a known condition, somebody's grant, and what it costs."""

from __future__ import annotations

import pytest

from gstreamer.core.catalogue import CATALOGUE
from gstreamer.simulator.rules import Asker, channel_of, cost_of, is_authorised, is_for, kind_of, needs_grant_of

APP = Asker("", frozenset())
STREAMER, READER = "700001", "710001"
OF = {"broadcaster_user_id": STREAMER}
READ = {**OF, "user_id": READER}


def granted(**scopes: str) -> dict[str, frozenset[str]]:
    return {name.lstrip("_"): frozenset(text.split()) for name, text in scopes.items()}


def may(event_type: str, condition: dict[str, str], grants: dict[str, frozenset[str]], asker: Asker = APP) -> bool:
    return is_authorised(CATALOGUE[event_type], condition, asker, lambda user_id: grants.get(user_id, frozenset()))


@pytest.mark.parametrize(
    ("event_type", "version", "condition", "known"),
    [
        ("stream.online", "1", OF, True),
        ("stream.online", "2", OF, False),
        ("stream.online", "1", READ, False),
        ("channel.raid", "1", {"to_broadcaster_user_id": STREAMER}, True),
        ("channel.raid", "1", {"to_broadcaster_user_id": STREAMER, "from_broadcaster_user_id": ""}, True),
        ("channel.raid", "1", {"to_broadcaster_user_id": STREAMER, "from_broadcaster_user_id": READER}, False),
        ("channel.hype_train.begin", "1", OF, False),
        ("channel.hype_train.begin", "2", OF, True),
        ("conduit.shard.disabled", "1", {"client_id": "us"}, True),
        ("conduit.shard.disabled", "1", {"client_id": "us", "conduit_id": "one"}, True),
        ("stream.unknown", "1", OF, False),
    ],
)
def test_type_version_and_condition_have_to_fit(
    event_type: str, version: str, condition: dict[str, str], known: bool
) -> None:
    assert (kind_of(event_type, version, condition) is not None) == known


def test_what_needs_a_grant_needs_one_scope_of_its_subject() -> None:
    assert may("stream.online", OF, {})
    assert not may("channel.poll.begin", OF, {})
    assert not may("channel.poll.begin", OF, granted(_710001="channel:read:polls"))
    assert may("channel.poll.begin", OF, granted(_700001="channel:manage:polls"))


def test_a_person_asks_for_themselves_only() -> None:
    reader = Asker(READER, frozenset({"user:read:chat"}))

    assert may("channel.chat.message", READ, {}, reader)
    assert not may("channel.chat.message", {**OF, "user_id": STREAMER}, {}, reader)
    assert not may("channel.chat.message", READ, {}, Asker(READER, frozenset({"user:write:chat"})))


def test_the_application_enters_a_chat_by_the_reader_and_the_channel() -> None:
    reader = "user:read:chat user:bot"

    assert not may("channel.chat.message", READ, granted(_710001=reader))
    assert not may("channel.chat.message", READ, granted(_710001="user:read:chat", _700001="channel:bot"))
    assert may("channel.chat.message", READ, granted(_710001=reader, _700001="channel:bot"))
    assert may("channel.chat.message", {**OF, "user_id": STREAMER}, granted(_700001=reader))


def test_messages_that_are_held_back_are_told_to_their_author_without_the_channel() -> None:
    assert may("channel.chat.user_message_hold", READ, granted(_710001="user:read:chat user:bot"))


def test_nobody_moderates_for_somebody_else() -> None:
    grants = granted(_700001="moderator:read:followers", _710001="moderator:read:followers")

    assert may("channel.follow", {**OF, "moderator_user_id": STREAMER}, grants)
    assert not may("channel.follow", {**OF, "moderator_user_id": READER}, grants)


def test_a_grant_makes_free() -> None:
    def cost(event_type: str, grants: dict[str, frozenset[str]]) -> int:
        return cost_of(CATALOGUE[event_type], OF, lambda user_id: grants.get(user_id, frozenset()))

    assert cost("stream.online", {}) == 1
    assert cost("stream.online", granted(_700001="bits:read")) == 0
    assert cost("channel.cheer", {}) == 0


def test_who_reads_is_not_in_the_event() -> None:
    chat = {"type": "channel.chat.message", "condition": READ, "transport": {"method": "websocket"}}

    assert is_for(chat, "channel.chat.message", {**OF, "chatter_user_id": "5"})
    assert not is_for(chat, "channel.chat.message", {"broadcaster_user_id": "6"})
    assert not is_for(chat, "channel.chat.clear", OF)


def test_chat_by_webhook_lives_by_two_grants() -> None:
    chat = {"type": "channel.chat.message", "condition": READ, "transport": {"method": "webhook"}}
    by_socket = {**chat, "transport": {"method": "websocket"}}
    online = {"type": "stream.online", "condition": OF, "transport": {"method": "webhook"}}

    assert [needs_grant_of(chat, one) for one in (READER, STREAMER)] == [True, True]
    assert [needs_grant_of(by_socket, one) for one in (READER, STREAMER)] == [True, False]
    assert not needs_grant_of(online, STREAMER)


def test_a_raid_belongs_to_the_channel_it_goes_to() -> None:
    assert channel_of({"from_broadcaster_user_id": "1", "to_broadcaster_user_id": "2"}) == "2"
    assert channel_of({"client_id": "us"}) == ""
