"""Health says how each part is, in words, and since when."""

from __future__ import annotations

import pytest

from gstreamer.core.health import (
    Finding,
    Part,
    clock_finding,
    noted,
    overall,
    placement_findings,
    subscriptions_finding,
    twitch_finding,
    webhooks_finding,
)
from gstreamer.core.ports import ConnectionView, HostView, Snapshot


def connection(sockets: int = 0, *, accepting: bool = True) -> ConnectionView:
    return ConnectionView("connection:n:0", "n", "10.0.0.1", 8001, "i", sockets, 10, accepting)


def snapshot(*connections: ConnectionView) -> Snapshot:
    return Snapshot(
        12, 0, connections, (HostView("streamers:n:0", "n", "i", 3), HostView("streamers:n:1", "n", "i", 4))
    )


def test_a_part_keeps_its_time_while_its_state_lasts() -> None:
    first = noted(None, Finding("ok", "a"), 1)
    later = noted(first, Finding("ok", "b"), 2)
    broken = noted(later, Finding("down", "c"), 3)

    assert (later, broken) == (Part("ok", 1, "b"), Part("down", 3, "c"))


def test_the_whole_is_as_its_worst_part() -> None:
    ok, degraded, down = Part("ok", 0, ""), Part("degraded", 0, ""), Part("down", 0, "")

    assert overall({}) == "ok"
    assert overall({"a": ok, "b": degraded}) == "degraded"
    assert overall({"a": down, "b": degraded}) == "down"


def test_without_a_snapshot_the_ws_side_is_down() -> None:
    found = placement_findings(None, None)

    assert {finding.state for finding in found.values()} == {"down"}
    assert found["placement"].reason == "placement has not answered yet"


def test_a_fresh_snapshot_is_told_with_its_version_and_age() -> None:
    found = placement_findings(snapshot(connection(4)), 2.4)

    assert found["placement"] == Finding("ok", "snapshot 12, heard 2 s ago")
    assert found["connections"] == Finding("ok", "1 of 1 take sockets; 4 open")
    assert found["streamers"] == Finding("ok", "hosts: 2; streamers that run: 7")


def test_an_old_snapshot_means_that_placement_is_away() -> None:
    found = placement_findings(snapshot(connection()), 15.0)

    assert found["placement"] == Finding("down", "it does not answer; snapshot 12, heard 15 s ago is still in use")


def test_connections_that_take_nobody_are_down() -> None:
    found = placement_findings(snapshot(connection(2, accepting=False)), 0)

    assert found["connections"] == Finding("down", "no connection actor takes sockets; 2 open")


def test_full_connections_are_degraded() -> None:
    found = placement_findings(snapshot(connection(10), connection(0, accepting=False)), 0)

    assert found["connections"] == Finding("degraded", "all are full: 1 of 2 take sockets; 10 open")


def observed(**more: object) -> dict[str, object]:
    steps = {"reconcile": {"state": "ok", "since": 0.0, "reason": ""}}
    return {"kept": 3, "cost": 9, "max_cost": 10, "without": [], "parts": steps, "transport": "webhook", **more}


def test_subscriptions_tell_their_streamers_and_their_budget() -> None:
    assert subscriptions_finding(observed()) == Finding("ok", "3 streamers kept; by webhook; cost 9 of 10")


def test_a_step_that_does_not_go_well_is_told_with_its_reason() -> None:
    steps = {"mail": {"state": "degraded", "reason": "kafka is away"}, "viewers": {"state": "ok", "reason": ""}}

    found = subscriptions_finding(observed(parts=steps))

    assert found == Finding("degraded", "3 streamers kept; by webhook; cost 9 of 10; mail: kafka is away")


def test_streamers_without_a_subscription_are_told_by_name() -> None:
    one = subscriptions_finding(observed(without=["1"]))
    many = subscriptions_finding(observed(without=[str(n) for n in range(8)]), {"1": "Ann"})

    why = "polled, for the cost budget has no room"
    assert one == Finding("degraded", f"3 streamers kept; by webhook; cost 9 of 10; 1 streamer is {why}: 1")
    assert (
        many.reason
        == f"3 streamers kept; by webhook; cost 9 of 10; 8 streamers are {why}: 0, Ann, 2, 3, 4 and 3 more"
    )


@pytest.mark.parametrize(
    ("more", "state", "words"),
    [
        ({"hidden_cost": 2}, "ok", "2 of it for what Twitch counts and does not list"),
        ({"moving": 4}, "ok", "4 still come by the transport before"),
        (
            {"subscriptions": {"enabled": 8, "user_removed": 1, "conduit_deleted": 2}},
            "ok",
            "dead: 2 conduit_deleted, 1 user_removed",
        ),
        ({"needs_person": ["1"]}, "ok", "1 streamers have to sign in again for their own events"),
        ({"shards": {"enabled": 1, "unassigned": 1}}, "degraded", "not every shard of the conduit delivers"),
    ],
)
def test_whatever_an_operator_would_ask_of_the_subscriptions_is_told(
    more: dict[str, object], state: str, words: str
) -> None:
    found = subscriptions_finding(observed(**more))

    assert found.state == state
    assert found.reason.endswith(f"cost 9 of 10; {words}")


def test_the_shards_of_a_conduit_are_counted() -> None:
    found = subscriptions_finding(observed(transport="conduit", shards={"enabled": 2}))

    assert found == Finding("ok", "3 streamers kept; by conduit (2 enabled); cost 9 of 10")


@pytest.mark.parametrize(
    ("offset_s", "state", "reason"),
    [
        (0.0, "ok", "0.0 s ahead of the database's clock"),
        (-4.9, "ok", "4.9 s behind the database's clock"),
        (5.0, "degraded", "5.0 s ahead of the database's clock"),
        (-300.0, "down", "300.0 s behind the database's clock: set this machine's clock"),
    ],
)
def test_a_clock_is_judged_by_the_database_s(offset_s: float, state: str, reason: str) -> None:
    assert clock_finding(offset_s) == (state, reason)


def test_the_webhooks_are_as_bad_as_what_they_need() -> None:
    serving = Finding("ok", "it runs")

    assert webhooks_finding(serving, {"clock": ("ok", "right"), "kafka": ("ok", "it answers")}) == serving
    assert webhooks_finding(
        serving, {"clock": ("down", "400 s behind Twitch"), "kafka": ("degraded", "slow")}
    ) == Finding("down", "clock: 400 s behind Twitch; kafka: slow")


def test_what_serve_finds_wrong_with_the_webhooks_comes_first() -> None:
    gone = Finding("down", "it is not deployed")

    assert webhooks_finding(gone, {"clock": ("down", "400 s behind Twitch")}) == gone


def test_twitch_is_down_while_a_service_of_it_is_taken_for_down() -> None:
    found = twitch_finding({"https://api.twitch.tv/helix": 12.4}, alone=True)

    assert found == Finding(
        "down",
        "it does not answer at https://api.twitch.tv/helix for 12 s: calls fail at once, and one tries now and then",
    )


def test_twitch_is_degraded_while_nobody_counts_our_limit_for_all() -> None:
    assert twitch_finding({}, alone=True).state == "degraded"
    assert twitch_finding({}, alone=False) == Finding("ok", "it answers")
