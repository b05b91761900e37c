"""A ticket opens what it was signed for, until its time is over; nobody else can make one."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core.auth import MAX_TICKET_CHARS, Ticket, derive_key, read_ticket, sign_ticket
from gstreamer.core.disconnect import Disconnect
from gstreamer.core.errors import InvalidTicketError

KEY = derive_key("a session secret of at least 32 characters")
TICKET = Ticket("first", "42", "session-1", "connection:a:0", 1_000, 31_000, "nonce")


def refusal(text: object, now_ms: int = 2_000) -> tuple[int, str]:
    with pytest.raises(InvalidTicketError) as caught:
        read_ticket(KEY, text, now_ms)
    return caught.value.code, str(caught.value)


def test_a_ticket_is_read_as_it_was_signed() -> None:
    assert read_ticket(KEY, sign_ticket(KEY, TICKET), 2_000) == TICKET


@given(
    st.sampled_from(["first", "resume"]),
    st.text(max_size=20),
    st.text(max_size=20),
    st.text(max_size=20),
    st.integers(0, 2**53),
    st.text(max_size=20),
)
def test_any_ticket_survives_its_text(
    kind: str, user: str, session: str, connection: str, expires_ms: int, nonce: str
) -> None:
    ticket = Ticket(kind, user, session, connection, 0, expires_ms + 1, nonce)  # type: ignore[arg-type]

    assert read_ticket(KEY, sign_ticket(KEY, ticket), expires_ms) == ticket


def test_a_ticket_ends_at_its_time() -> None:
    text = sign_ticket(KEY, TICKET)

    assert read_ticket(KEY, text, TICKET.expires_ms - 1) == TICKET
    assert refusal(text, TICKET.expires_ms) == (Disconnect.TICKET_EXPIRED, "ticket has expired")


@pytest.mark.parametrize("text", [None, 5, b"bytes", "x" * (MAX_TICKET_CHARS + 1), "caf\xe9.abc"])
def test_what_is_no_text_of_the_right_size_is_refused(text: object) -> None:
    assert refusal(text) == (Disconnect.BAD_TICKET, "ticket is not a text of the right size")


@pytest.mark.parametrize("text", ["!!!.abcd", "abcd.!!!", "a.a"])
def test_what_is_not_base64url_is_refused(text: str) -> None:
    assert refusal(text) == (Disconnect.BAD_TICKET, "ticket is not base64url")


@pytest.mark.parametrize("text", ["", ".", "abcd", "abcd.abcd", "abcd.", ".abcd"])
def test_what_we_did_not_sign_is_refused(text: str) -> None:
    assert refusal(text) == (Disconnect.BAD_TICKET, "ticket has a wrong signature")


def test_an_altered_ticket_is_refused() -> None:
    payload, _, mac = sign_ticket(KEY, TICKET).partition(".")
    altered = base64.urlsafe_b64decode(payload + "==").replace(b"42", b"43")

    assert refusal(base64.urlsafe_b64encode(altered).rstrip(b"=").decode() + "." + mac)[0] == Disconnect.BAD_TICKET


def test_a_ticket_of_another_secret_is_refused() -> None:
    assert refusal(sign_ticket(derive_key("another secret"), TICKET))[0] == Disconnect.BAD_TICKET


def test_no_two_purposes_share_a_key() -> None:
    assert derive_key("secret") != derive_key("secret", b"another purpose")
    assert derive_key("secret") == derive_key("secret")
    assert len(KEY) == 32
