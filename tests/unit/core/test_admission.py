"""A ticket opens one socket, and nobody gets more sockets than the limits say."""

from __future__ import annotations

import pytest

from gstreamer.core import admission
from gstreamer.core.admission import Admission, Limits, address_key, origin_allowed
from gstreamer.core.auth import Ticket
from gstreamer.core.disconnect import Disconnect
from gstreamer.core.errors import InvalidTicketError

STARTED = 1_000_000
NAME = "connection:a:0"


def make(sockets: int = 10, per_user: int = 3, per_address: int = 2) -> Admission:
    return Admission(NAME, STARTED, Limits(sockets, per_user, per_address))


def first(nonce: str = "n", connection: str = NAME, issued_ms: int = STARTED, user: str = "u") -> Ticket:
    return Ticket("first", user, "s", connection, issued_ms, issued_ms + 30_000, nonce)


def resume(nonce: str = "n", user: str = "u", issued_ms: int = 0) -> Ticket:
    return Ticket("resume", user, "s", "", issued_ms, issued_ms + 86_400_000, nonce)


def refusal(gate: Admission, ticket: Ticket, now_ms: int = STARTED) -> tuple[int, str]:
    with pytest.raises(InvalidTicketError) as error:
        gate.admit(ticket, now_ms)
    return error.value.code, str(error.value)


def test_a_first_ticket_used_twice_is_bad() -> None:
    gate = make()
    gate.admit(first(), STARTED)

    assert refusal(gate, first()) == (Disconnect.BAD_TICKET, "ticket was used before")


def test_a_resume_ticket_used_twice_asks_for_a_new_one() -> None:
    gate = make()
    gate.admit(resume(), STARTED)

    assert refusal(gate, resume()) == (Disconnect.TICKET_EXPIRED, "ticket was used before")


def test_a_first_ticket_for_another_actor_asks_for_a_new_one() -> None:
    assert refusal(make(), first(connection="connection:b:0"))[0] == Disconnect.TICKET_EXPIRED


def test_a_first_ticket_from_before_the_start_asks_for_a_new_one() -> None:
    assert refusal(make(), first(issued_ms=STARTED - 1)) == (
        Disconnect.TICKET_EXPIRED,
        "ticket is for another socket url",
    )


def test_a_resume_ticket_from_before_the_start_is_good() -> None:
    make().admit(resume(issued_ms=STARTED - 3_600_000), STARTED)


def test_used_tickets_are_forgotten_once_they_have_expired() -> None:
    gate = make(per_user=1000)
    gate.admit(first("old"), STARTED)

    gate.admit(first("new", issued_ms=STARTED + 40_000), STARTED + 40_000)

    # The old one would be refused as expired before it comes here.
    gate.admit(first("old"), STARTED + 40_000)


def test_no_more_used_tickets_are_remembered_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "MAX_REMEMBERED", 3)
    gate = make(per_user=1000)
    for number in range(4):
        gate.admit(resume(f"n{number}"), STARTED)

    assert refusal(gate, resume("n3"))[0] == Disconnect.TICKET_EXPIRED
    gate.admit(resume("n0"), STARTED)


def test_a_user_has_so_many_sockets_and_no_more() -> None:
    gate = make()
    for number in range(3):
        gate.enter("")
        gate.admit(first(f"n{number}"), STARTED)

    assert refusal(gate, first("n3"))[0] == Disconnect.TOO_MANY_CONNECTIONS
    gate.admit(first("n4", user="other"), STARTED)

    gate.leave("", "u")
    gate.admit(first("n3"), STARTED)  # a refused ticket is not used up


def test_an_address_has_so_many_sockets_and_no_more() -> None:
    gate = make()

    assert [gate.enter("192.0.2.1") for _ in range(3)] == [None, None, Disconnect.TOO_MANY_CONNECTIONS]
    assert gate.enter("192.0.2.2") is None
    gate.leave("192.0.2.1", None)
    gate.leave("192.0.2.1", None)
    assert gate.enter("192.0.2.1") is None


def test_loopback_and_unknown_addresses_are_not_counted() -> None:
    gate = make()

    assert [gate.enter(address) for address in ("127.0.0.1", "127.0.0.1", "127.0.0.1", "", "", "")] == [None] * 6


def test_a_full_actor_says_so() -> None:
    gate = make(sockets=2)

    assert [gate.enter("") for _ in range(3)] == [None, None, Disconnect.SERVER_FULL]
    gate.leave("", None)
    gate.leave("", None)
    assert gate.enter("") is None
    assert gate.sockets == 2


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::ffff:127.0.0.1", ""),
        ("::1", ""),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("not an address", ""),
    ],
)
def test_what_an_address_is_counted_by(address: str, key: str) -> None:
    assert address_key(address) == key


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (None, True),
        ("https://gs.example", True),
        ("https://GS.example/", True),
        ("https://evil.example", False),
        ("null", False),
        ("", False),
    ],
)
def test_a_present_origin_must_be_ours(origin: str | None, allowed: bool) -> None:
    assert origin_allowed(origin, frozenset({"https://gs.example"})) is allowed
