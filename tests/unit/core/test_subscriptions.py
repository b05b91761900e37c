"""What is subscribed for a streamer, and what a subscription that exists would fulfil."""

from __future__ import annotations

import pytest

from gstreamer.core.catalogue import OPEN_FAMILIES
from gstreamer.core.subscriptions import (
    Budget,
    Existing,
    Wanted,
    conduit_place,
    needs_grant,
    wanted_of,
    wanted_of_application,
)


def existing(event_type: str, status: str = "enabled", **condition: str) -> Existing:
    return Existing("1", status, event_type, "1", tuple(sorted(condition.items())), "https://a.example/eventsub", 1)


def test_the_condition_names_the_raided_one() -> None:
    (raid,) = wanted_of("12", ["raid"])

    assert raid == Wanted("channel.raid", "1", (("to_broadcaster_user_id", "12"),))
    assert raid.streamer_id == "12"


def test_what_exists_is_known_by_type_and_condition() -> None:
    (raid_out,) = wanted_of("12", ["raid_out"])

    assert existing("channel.raid", from_broadcaster_user_id="12").wanted == raid_out


def test_a_type_that_is_none_of_ours_fulfils_nothing() -> None:
    assert existing("drop.entitlement.grant", organization_id="12").wanted is None


@pytest.mark.parametrize(
    ("status", "active", "enabled"),
    [
        ("enabled", True, True),
        ("webhook_callback_verification_pending", True, False),
        ("authorization_revoked", False, False),
    ],
)
def test_the_status_says_whether_it_delivers(status: str, active: bool, enabled: bool) -> None:
    one = existing("stream.online", status, broadcaster_user_id="12")

    assert (one.active, one.enabled) == (active, enabled)


def test_what_is_about_our_application_is_about_no_streamer() -> None:
    keys = wanted_of_application("our-client", shards=True)

    assert [key.type for key in keys] == [
        "user.authorization.revoke",
        "user.authorization.grant",
        "conduit.shard.disabled",
    ]
    assert {key.condition for key in keys} == {(("client_id", "our-client"),)}
    assert {key.streamer_id for key in keys} == {""}
    assert wanted_of_application("our-client", shards=False) == keys[:2]


def test_a_grant_opens_families_beside_those_that_everybody_may_have() -> None:
    keys = wanted_of("12", ["online"], frozenset({"bits:read", "moderator:read:followers"}))

    both = (("broadcaster_user_id", "12"), ("moderator_user_id", "12"))
    assert keys == (
        Wanted("stream.online", "1", both[:1]),
        Wanted("channel.cheer", "1", both[:1]),
        Wanted("channel.follow", "2", both),
    )
    assert [needs_grant(key) for key in keys] == [False, True, True]


def test_chat_is_read_as_the_streamer_who_let_our_application_in() -> None:
    keys = wanted_of("12", [], frozenset({"channel:bot", "user:bot", "user:read:chat"}))

    assert "channel.chat.message" in {key.type for key in keys}
    assert {key.condition for key in keys} == {(("broadcaster_user_id", "12"), ("user_id", "12"))}
    assert wanted_of("12", [], frozenset({"user:read:chat"})) == ()


def test_what_everybody_may_have_needs_no_grant() -> None:
    assert not any(map(needs_grant, wanted_of("12", OPEN_FAMILIES)))
    assert not needs_grant(Wanted("drop.entitlement.grant", "1", ()))


@pytest.mark.parametrize(("cost", "room"), [(0, True), (1, True), (2, False)])
def test_room_is_counted_to_the_point(cost: int, room: bool) -> None:
    assert Budget(9, 10).has_room(cost) is room


def test_what_costs_nothing_has_room_in_a_budget_that_is_overdrawn() -> None:
    assert Budget(11, 10).has_room(0)


def test_a_budget_that_is_not_known_has_room() -> None:
    assert Budget(9_999, 0).has_room(9_999)


def test_a_budget_never_falls_below_nothing() -> None:
    assert Budget(1, 10).spend(-5) == Budget(0, 10)


def test_a_conduit_as_a_place_is_no_callback() -> None:
    assert conduit_place("c1") == "conduit:c1"
