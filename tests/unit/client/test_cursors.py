"""Whatever is told twice is given once, what is skipped is told, and a kept position goes on where it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstreamer.client import Missed, Received, Refused, Told
from gstreamer.client.cursors import Cursors, is_after

CONTRACT = Path(__file__).parents[2] / "contract"
ONE, TWO = "1001", "1002"


def golden(name: str) -> dict[str, Any]:
    message: dict[str, Any] = json.loads((CONTRACT / f"{name}.json").read_text(encoding="utf-8"))
    return message


def events(*offsets: int, to: int | None = None, epoch: str = "e") -> dict[str, Any]:
    held = [{"id": f"{epoch}{offset}", "position": f"{epoch}:{offset}"} for offset in offsets]
    position = {} if to is None else {"position": f"{epoch}:{to}"}
    return {"type": "events", "streamer_id": ONE, "events": held, **position}


def subscribed(offset: int, gap: tuple[int, int] | None = None, epoch: str = "e") -> dict[str, Any]:
    recovery = "complete" if gap is None else {"gap": {"from": f"e:{gap[0]}", "to": f"{epoch}:{gap[1]}"}}
    return {"type": "subscribed", "streamer_id": ONE, "position": f"{epoch}:{offset}", "recovery": recovery}


def offsets(items: list[Any]) -> list[int]:
    return [int(item.event["position"].rpartition(":")[2]) for item in items if isinstance(item, Received)]


def test_what_is_known_is_not_given_again() -> None:
    cursors = Cursors({ONE: "e:3"})

    assert offsets(cursors.take(events(2, 3, 4))) == [4]
    assert offsets(cursors.take(events(5, 7, to=9))) == [5, 7]
    assert cursors.take(events(8)) == []
    assert cursors.positions == {ONE: "e:9"}


def test_a_gap_and_thinned_events_are_told_and_the_position_moves_over_them() -> None:
    cursors = Cursors({ONE: "e:3"})

    gap = cursors.take(subscribed(7, (4, 7)))
    lagged = cursors.take(
        {"type": "lagged", "streamer_id": ONE, "class": "chat", "from": "e:8", "to": "e:11", "count": 2}
    )

    assert gap == [Missed(ONE, "e:4", "e:7", None, None)]
    assert lagged == [Missed(ONE, "e:8", "e:11", "chat", 2)]
    assert offsets(cursors.take(events(11, 12))) == [12]


def test_what_the_other_socket_of_a_move_has_told_is_not_told_again() -> None:
    cursors = Cursors({ONE: "e:3"})
    cursors.take(events(4, 5, 6))

    assert cursors.take(subscribed(3)) == []
    assert cursors.take(subscribed(5, (4, 5))) == []
    assert cursors.take({"type": "lagged", "streamer_id": ONE, "class": "chat", "from": "e:4", "to": "e:5"}) == []
    assert offsets(cursors.take(events(4, 5, 6, 7))) == [7]


def test_a_new_log_goes_on_from_its_gap() -> None:
    cursors = Cursors({ONE: "e:30"})

    assert cursors.take(subscribed(1, (31, 1), epoch="f")) == [Missed(ONE, "e:31", "f:1", None, None)]
    assert offsets(cursors.take(events(2, 3, epoch="f"))) == [2, 3]
    assert cursors.positions == {ONE: "f:3"}


def test_a_subscription_says_where_it_goes_on_and_what_is_wanted() -> None:
    cursors = Cursors()

    assert cursors.subscribe(ONE, None, None) == {"type": "subscribe", "streamer_id": ONE}
    cursors.take(subscribed(5))
    assert cursors.subscribe(ONE, None, ["channel.*"]) == {
        "type": "subscribe",
        "streamer_id": ONE,
        "position": "e:5",
        "types": ["channel.*"],
    }
    cursors.subscribe(TWO, "e:1", None)
    assert cursors.hello("T") == {
        "type": "hello",
        "ticket": "T",
        "resume": {ONE: {"position": "e:5", "types": ["channel.*"]}, TWO: "e:1"},
    }
    assert cursors.again(ONE) == cursors.subscribe(ONE, None, ["channel.*"])
    assert cursors.again("9") is None
    assert cursors.unsubscribe(ONE) == {"type": "unsubscribe", "streamer_id": ONE}
    assert cursors.positions == {TWO: "e:1"}


@pytest.mark.parametrize("message", [events(1), subscribed(1), {**golden("server.lagged"), "streamer_id": ONE}])
def test_what_is_wanted_no_more_is_not_given(message: dict[str, Any]) -> None:
    assert Cursors().take(message) == []


def test_states_refusals_and_what_is_unknown() -> None:
    cursors = Cursors()
    state, refusal = golden("server.state-streamer"), golden("server.error-streamer")

    assert cursors.take(state) == [Told(state["streamer_id"], state["state"], state["since"], state["reason"])]
    assert cursors.take(refusal) == [Refused(refusal["streamer_id"], refusal["code"], refusal["message"])]
    assert cursors.take({"type": "something new"}) == []


@pytest.mark.parametrize("name", sorted(path.stem for path in CONTRACT.glob("server.*.json")))
def test_every_message_of_the_contract_is_read(name: str) -> None:
    message = golden(name)
    cursors = Cursors({message["streamer_id"]: None} if "streamer_id" in message else {})

    items = cursors.take(message)

    assert len(items) >= len(message.get("events", ()))


@given(
    st.lists(st.integers(0, 60), unique=True).map(sorted),
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=20),
)
def test_each_event_is_given_once_and_in_order(log: list[int], resumes: list[tuple[int, int]]) -> None:
    """Sockets that begin anywhere before the position and tell so much of the log, again and again."""
    cursors = Cursors({ONE: "e:-1"})
    given_: list[int] = []
    for back, length in [*resumes, (60, 61)]:
        at = int((cursors.positions[ONE] or "").rpartition(":")[2])
        start = max(-1, at - back)
        told = [offset for offset in log if offset > start][:length]
        given_ += offsets(cursors.take(subscribed(start)))
        given_ += offsets(cursors.take(events(*told)))

    assert given_ == log


def test_positions_of_two_logs_have_no_order_but_the_new_one_comes_later() -> None:
    assert is_after("e:0", None)
    assert is_after("f:0", "e:9")
    assert not is_after("e:9", "e:9")
