"""A secret opens only in the row that it was sealed for, with the key that sealed it."""

from __future__ import annotations

import base64

import pytest

from gstreamer.core.errors import ConfigurationError
from gstreamer.store.secrets import Keyring, Sealed

OLD = "old:" + base64.b64encode(b"o" * 32).decode()
NEW = "new:" + base64.b64encode(b"n" * 32).decode()
ROW = ("grants", "1", "twitch")


def keyring(*keys: str) -> Keyring:
    return Keyring(keys, lambda size: b"\x07" * size)


def test_a_secret_comes_back_in_its_row() -> None:
    sealed = keyring(OLD).seal(ROW, b"secret")

    assert keyring(OLD).open(ROW, sealed) == b"secret"
    assert b"secret" not in sealed.ciphertext


@pytest.mark.parametrize("row", [("grants", "2", "twitch"), ("grants", "1", "other"), ("other", "1", "twitch")])
def test_a_secret_does_not_open_in_another_row(row: tuple[str, ...]) -> None:
    sealed = keyring(OLD).seal(ROW, b"secret")

    with pytest.raises(ConfigurationError, match="does not decrypt with key 'old'"):
        keyring(OLD).open(row, sealed)


def test_a_secret_does_not_open_under_another_key_s_name() -> None:
    same = base64.b64encode(b"o" * 32).decode()
    sealed = keyring(OLD).seal(ROW, b"secret")

    with pytest.raises(ConfigurationError, match="does not decrypt with key 'b'"):
        keyring(f"b:{same}").open(ROW, sealed._replace(key_id="b"))


def test_a_key_that_others_have_begun_to_write_with_is_read_again() -> None:
    asked: list[str] = []

    def reread() -> tuple[str, ...]:
        asked.append("keys")
        return (NEW, OLD)

    running = Keyring((OLD,), lambda size: b"\x07" * size, reread)

    assert running.open(ROW, keyring(NEW).seal(ROW, b"secret")) == b"secret"
    assert running.open(ROW, keyring(OLD).seal(ROW, b"other")) == b"other"
    assert (running.current, asked) == ("old", ["keys"])


def test_a_key_that_is_lost_is_named() -> None:
    sealed = keyring(OLD).seal(ROW, b"secret")
    with pytest.raises(ConfigurationError, match=r"with key 'old', which store\.keys lacks: add it back"):
        Keyring((NEW,), lambda size: b"\x07" * size, lambda: (NEW,)).open(ROW, sealed)

    assert keyring(NEW).missing(["old", "new"]) == "grants are under key old, which store.keys lacks: add it back"
    assert keyring(NEW, OLD).missing(["old", "new"]) == ""


def test_the_first_key_writes_and_all_read() -> None:
    rotated = keyring(NEW, OLD)

    assert rotated.seal(ROW, b"x").key_id == rotated.current == "new"
    assert rotated.open(ROW, keyring(OLD).seal(ROW, b"secret")) == b"secret"


def test_a_secret_of_a_missing_key_says_which() -> None:
    with pytest.raises(ConfigurationError, match=r"key 'gone', which store\.keys lacks: add it back"):
        keyring(OLD).open(ROW, Sealed("gone", b"", b""))


@pytest.mark.parametrize(
    "key", ["", "nocolon", ":" + OLD.partition(":")[2], "a:short", "a:!!", "a|b:" + OLD.partition(":")[2]]
)
def test_a_key_of_another_form_is_refused_by_its_number(key: str) -> None:
    with pytest.raises(ConfigurationError, match="key 2 is not <key id>:<32 bytes, base64>"):
        keyring(OLD, key)


def test_an_empty_keyring_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"store\.keys is empty"):
        keyring()


def test_a_keyring_shows_no_key() -> None:
    assert repr(keyring(NEW, OLD)) == "Keyring(new, old)"
