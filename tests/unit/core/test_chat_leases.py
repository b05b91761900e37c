"""Each chat has one reader, who watches it, may read it, and keeps it for as long as that holds."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core.chat_leases import CHATS_OF_A_SEAT, SEATS, WATCH_S, Demand, Seat, leases

STREAMERS = [f"s{number}" for number in range(8)]
USERS = [f"u{number}" for number in range(5)]
DEMANDS = st.dictionaries(st.sampled_from(STREAMERS), st.sets(st.sampled_from(USERS)).map(sorted))
HELD = st.dictionaries(st.sampled_from(STREAMERS), st.builds(Seat, st.sampled_from(USERS), st.integers(0, SEATS - 1)))
BLOCKED = st.sets(st.tuples(st.sampled_from(STREAMERS), st.sampled_from(USERS)))


@given(DEMANDS, HELD, BLOCKED)
def test_whoever_reads_watches_and_may_and_keeps_reading(
    demand: dict[str, list[str]], held: dict[str, Seat], blocked: set[tuple[str, str]]
) -> None:
    found = leases(demand, held, blocked)

    for streamer_id, seat in found.items():
        assert seat.user_id in demand[streamer_id]
        assert (streamer_id, seat.user_id) not in blocked
    for streamer_id, users in demand.items():
        able = [user for user in users if (streamer_id, user) not in blocked]
        assert (streamer_id in found) == bool(able)
        if streamer_id in held and held[streamer_id].user_id in able:
            assert found[streamer_id] == held[streamer_id]
    assert leases(demand, found, blocked) == found


def test_an_account_reads_no_more_than_its_seats_hold() -> None:
    most = CHATS_OF_A_SEAT * SEATS
    demand = {f"s{number}": ["u1"] for number in range(most + 5)}

    found = leases(demand, {})

    assert len(found) == most
    assert Counter(found.values()) == {Seat("u1", number): CHATS_OF_A_SEAT for number in range(SEATS)}


def test_a_seat_that_held_too_many_keeps_what_it_may() -> None:
    demand = {f"s{number}": ["u1"] for number in range(CHATS_OF_A_SEAT + 1)}

    found = leases(demand, dict.fromkeys(demand, Seat("u1", 0)))

    assert Counter(found.values()) == {Seat("u1", 0): CHATS_OF_A_SEAT, Seat("u1", 1): 1}


def test_readers_share_the_work() -> None:
    found = leases({f"s{number}": ["u1", "u2"] for number in range(10)}, {})

    assert Counter(seat.user_id for seat in found.values()) == {"u1": 5, "u2": 5}


def test_a_reader_who_leaves_hands_over() -> None:
    assert leases({"s1": ["u2"]}, {"s1": Seat("u1", 0)}) == {"s1": Seat("u2", 0)}


def test_what_connection_actors_say_stands_until_they_say_otherwise_or_are_gone() -> None:
    demand = Demand()

    assert demand.watch("c1", "a", {"s1": ["u1", "u2"]}, 0)
    assert demand.watch("c2", "a", {"s1": ["u2", "u3"], "s2": []}, 50)
    assert not demand.watch("c1", "a", {"s1": ["u1", "u2"]}, 60)
    assert demand.by_streamer(60) == {"s1": ["u1", "u2", "u3"], "s2": []}
    assert demand.by_streamer(50 + WATCH_S) == {"s1": ["u1", "u2"]}
    assert demand.watch("c1", "a", {}, 70)
    assert not demand.watch("c1", "a", {}, 70)
    assert demand.by_streamer(70) == {}
