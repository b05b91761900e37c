"""One table tells of every event type what it is to viewers, who may see it, and what it takes to get it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core.catalogue import (
    CATALOGUE,
    CHAT_GRANT,
    GRANTED_FAMILIES,
    OPEN_FAMILIES,
    Kind,
    Source,
    class_of,
    granted_families,
    sources,
)
from gstreamer.core.events import EventClass
from gstreamer.core.signin import SCOPES

ALL_SCOPES = sorted({scope for kind in CATALOGUE.values() for scope in kind.scopes} | CHAT_GRANT)


@pytest.mark.parametrize(
    ("event_type", "event_class"),
    [
        ("stream.online", EventClass.CRITICAL),
        ("channel.raid", EventClass.CRITICAL),
        ("channel.brand_new.thing", EventClass.CRITICAL),
        ("", EventClass.CRITICAL),
        ("gs.viewers", EventClass.STATE),
        ("channel.poll.progress", EventClass.STATE),
        ("channel.poll.end", EventClass.CRITICAL),
        ("channel.chat.message", EventClass.CHAT),
        ("channel.chat.message_delete", EventClass.CRITICAL),
    ],
)
def test_the_class_of_a_type(event_type: str, event_class: EventClass) -> None:
    assert class_of(event_type) is event_class


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=lambda kind: kind.type)
def test_only_a_state_has_a_key_and_only_what_all_may_see_is_cut(kind: Kind) -> None:
    assert not kind.key or kind.event_class is EventClass.STATE
    assert not kind.restricted or kind.audience < kind.restricted_to
    assert kind.measure in {"", "bits", "tier"}
    assert kind.versions


def test_open_families_need_nobodys_authorisation() -> None:
    for family in OPEN_FAMILIES:
        assert all(CATALOGUE[source.type].scopes == () for source in sources(family))


def test_a_raid_is_subscribed_from_either_side() -> None:
    assert sources("raid") == (Source("channel.raid", "1", ("to_broadcaster_user_id",)),)
    assert sources("raid_out") == (Source("channel.raid", "1", ("from_broadcaster_user_id",)),)


def test_chat_is_read_as_the_streamer() -> None:
    assert Source("channel.chat.message", "1", ("broadcaster_user_id", "user_id")) in sources("chat")


def test_a_family_that_is_none_is_an_error() -> None:
    for family in ("party", "viewers"):
        with pytest.raises(KeyError):
            sources(family)


def test_the_newest_version_is_subscribed() -> None:
    assert {source.version for source in sources("hype_train")} == {"2"}
    assert sources("update") == (Source("channel.update", "2", ("broadcaster_user_id",)),)


@given(st.sets(st.sampled_from(ALL_SCOPES)))
def test_a_grant_opens_what_each_of_its_subscriptions_allows(scopes: set[str]) -> None:
    opened = granted_families(frozenset(scopes))

    for family in GRANTED_FAMILIES:
        allowed = all(scopes & set(CATALOGUE[source.type].scopes) for source in sources(family))
        assert (family in opened) == (allowed and (family != "chat" or scopes >= CHAT_GRANT))


def test_a_streamer_who_opts_in_opens_every_granted_family() -> None:
    granted = frozenset({*SCOPES["streamer"], *CHAT_GRANT})

    assert granted_families(granted) == GRANTED_FAMILIES


def test_a_viewers_own_grant_opens_no_chat_for_all() -> None:
    assert granted_families(frozenset(SCOPES["chat"])) == ()


@pytest.mark.parametrize(
    ("event_type", "cost", "transports", "reader_scopes"),
    [
        ("stream.online", 1, ("webhook", "conduit", "websocket"), ()),
        ("channel.chat.message", 0, ("webhook", "conduit", "websocket"), ("user:read:chat",)),
        ("channel.follow", 0, ("webhook", "conduit", "websocket"), ("moderator:read:followers",)),
        ("channel.cheer", 0, ("webhook", "conduit", "websocket"), ()),
        ("user.authorization.revoke", 1, ("webhook",), ()),
        ("gs.viewers", 0, (), ()),
    ],
)
def test_what_it_takes_to_get_a_type(
    event_type: str, cost: int, transports: tuple[str, ...], reader_scopes: tuple[str, ...]
) -> None:
    kind = CATALOGUE[event_type]

    assert (kind.cost, kind.transports, kind.reader_scopes) == (cost, transports, reader_scopes)
