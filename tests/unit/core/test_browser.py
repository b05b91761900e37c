"""What a browser's request claims is believed only where it cannot do harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core.browser import client_address, is_cross_site, is_loopback, is_other_loopback, safe_next

OWN = "https://live.example.org"


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_reading_is_allowed_from_anywhere(method: str) -> None:
    assert not is_cross_site(method, "cross-site", "https://evil.example", OWN)


@pytest.mark.parametrize(
    ("fetch_site", "origin", "refused"),
    [
        ("same-origin", None, False),
        ("none", None, False),
        ("same-site", OWN, True),
        ("cross-site", OWN, True),
        ("", OWN, True),
        (None, OWN, False),
        (None, "HTTPS://LIVE.example.org", False),
        (None, "https://live.example.org:444", True),
        (None, "https://live.example.org.evil.example", True),
        (None, "null", True),
        (None, None, True),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_changing_is_for_our_own_page(method: str, fetch_site: str | None, origin: str | None, refused: bool) -> None:
    assert is_cross_site(method, fetch_site, origin, OWN) is refused


@pytest.mark.parametrize(
    ("forwarded", "trusted", "expected"),
    [
        ([], 0, "10.0.0.1"),
        (["1.2.3.4"], 0, "10.0.0.1"),
        ([], 1, "10.0.0.1"),
        (["1.2.3.4"], 1, "1.2.3.4"),
        (["6.6.6.6, 1.2.3.4"], 1, "1.2.3.4"),
        (["6.6.6.6", "1.2.3.4"], 1, "1.2.3.4"),
        (["6.6.6.6, 1.2.3.4, 10.0.0.9"], 2, "1.2.3.4"),
        (["1.2.3.4"], 2, "10.0.0.1"),
        (["not an address"], 1, "10.0.0.1"),
        (["2001:db8::1"], 1, "2001:db8::1"),
    ],
)
def test_the_client_address_is_what_our_proxies_saw(forwarded: list[str], trusted: int, expected: str) -> None:
    assert client_address("10.0.0.1", forwarded, trusted) == expected


@pytest.mark.parametrize("path", ["/", "/s/alpha,beta?chat=1&feed=all", "/search?q=a%20b#x"])
def test_a_path_of_the_page_is_gone_to(path: str) -> None:
    assert safe_next(path) == path


@pytest.mark.parametrize(
    "path",
    [
        None, "", "s/alpha", "//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example",
        "javascript:alert(1)", "/\t/evil.example", "/\n/evil.example", "/a\r\nSet-Cookie: x=1", "/é",
        "/api/auth/login", "/" + "a" * 2_000,
    ],
)  # fmt: skip
def test_anything_that_could_lead_elsewhere_becomes_the_start_page(path: str | None) -> None:
    assert safe_next(path) == "/"


@given(st.text(alphabet="/\\:.@ \t\nabé%?#", max_size=12))
def test_next_never_leaves_our_origin(text: str) -> None:
    found = safe_next(text)

    assert found.startswith("/") and not found.startswith(("//", "/\\"))
    assert "\\" not in found and found.isprintable()


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8000", "a.localhost", "127.0.0.1:1", "127.9.9.9", "[::1]:8000"]
)
def test_names_of_this_machine_are_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "example.org", "localhost.example.org", "[::2]", "10.0.0.1"])
def test_other_hosts_are_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_a_sign_in_begun_at_another_name_of_this_machine_is_noticed() -> None:
    assert is_other_loopback("127.0.0.1:8000", "http://localhost:8000")
    assert not is_other_loopback("localhost:9000", "http://localhost:8000")
    assert not is_other_loopback("evil.example", "http://localhost:8000")
    assert not is_other_loopback("localhost", "https://live.example.org")
