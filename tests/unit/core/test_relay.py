"""A connection actor believes a relay of its own install, for a minute, and nobody else."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core.errors import InvalidSignatureError
from gstreamer.core.relay import MAX_AGE_MS, Relayed, read_relayed, sign_relayed

KEY = b"k" * 32


@given(st.text(), st.none() | st.text())
def test_what_a_relay_signs_is_read(address: str, origin: str | None) -> None:
    relayed = Relayed(address, origin)

    assert read_relayed(KEY, sign_relayed(KEY, relayed, 5), 5 + MAX_AGE_MS) == relayed


def test_an_old_header_is_refused() -> None:
    value = sign_relayed(KEY, Relayed("192.0.2.1", None), 0)

    with pytest.raises(InvalidSignatureError, match="relay header is too old"):
        read_relayed(KEY, value, MAX_AGE_MS + 1)


def test_another_key_or_an_altered_header_is_refused() -> None:
    value = sign_relayed(KEY, Relayed("192.0.2.1", None), 0)
    raw = base64.urlsafe_b64decode(value).replace(b"192.0.2.1", b"192.0.2.2")

    for forged in (
        sign_relayed(b"x" * 32, Relayed("192.0.2.1", None), 0),
        base64.urlsafe_b64encode(raw).decode(),
        "",
    ):
        with pytest.raises(InvalidSignatureError, match="relay header has a wrong signature"):
            read_relayed(KEY, forged, 0)


@pytest.mark.parametrize("value", ["!", "a", "ü", "a b"])
def test_text_that_is_no_base64_is_refused(value: str) -> None:
    with pytest.raises(InvalidSignatureError, match="relay header is not base64url"):
        read_relayed(KEY, value, 0)
