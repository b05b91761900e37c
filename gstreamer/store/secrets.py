"""Encryption of tokens: AES-256-GCM, bound to the row they stand in.

The associated data names table, user, provider and key, so a ciphertext that is copied to another row does not
decrypt there. The first key writes, all read: a rotation puts a new key in front.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from gstreamer.core.errors import ConfigurationError

NONCE_BYTES = 12
KEY_BYTES = 32


class Sealed(NamedTuple):
    """A secret as it is stored."""

    key_id: str
    nonce: bytes
    ciphertext: bytes


def keys_of(values: Iterable[SecretStr]) -> tuple[str, ...]:
    """The keys of a setting, bare."""
    return tuple(value.get_secret_value() for value in values)


class Keyring:
    """
    The keys for one table.

    Args:
        keys: ``<key id>:<32 bytes, base64>`` each, the one that writes first.
        random: Gives that many random bytes.
        reread: Gives the keys as they are set now: asked when a row names a key that is not known, so that a process
            which runs while keys are changed in their file reads what others have begun to write.

    Raises:
        ConfigurationError: There is no key, or one is not of that form; the text does not repeat it.
    """

    def __init__(
        self,
        keys: Iterable[str],
        random: Callable[[int], bytes],
        reread: Callable[[], Iterable[str]] | None = None,
    ) -> None:
        self._ciphers = _read_all(keys)
        if not self._ciphers:
            raise ConfigurationError("store.keys is empty: set GSTREAMER_STORE__KEYS to <key id>:<32 bytes, base64>")
        self._writes = next(iter(self._ciphers))
        self._random = random
        self._reread = reread

    def __repr__(self) -> str:
        return f"Keyring({', '.join(self._ciphers)})"

    @property
    def current(self) -> str:
        """The id of the key that writes."""
        return self._writes

    def missing(self, key_ids: Iterable[str]) -> str:
        """Which of these keys are not in the keyring, with what to do; empty if all are."""
        lost = [key_id for key_id in key_ids if key_id not in self._ciphers]
        return f"grants are under key {', '.join(lost)}, which store.keys lacks: add it back" if lost else ""

    def seal(self, row: tuple[str, ...], secret: bytes) -> Sealed:
        """Encrypt ``secret`` for the row that ``row`` names (table, then its key)."""
        nonce = self._random(NONCE_BYTES)
        ciphertext = self._ciphers[self._writes].encrypt(nonce, secret, _associated(row, self._writes))
        return Sealed(self._writes, nonce, ciphertext)

    def open(self, row: tuple[str, ...], sealed: Sealed) -> bytes:
        """
        The secret of the row that ``row`` names.

        Raises:
            ConfigurationError: Its key is not in the keyring, or it was not sealed for this row by that key.
        """
        if sealed.key_id not in self._ciphers and self._reread is not None:
            self._ciphers = {**_read_all(self._reread()), **self._ciphers}
        cipher = self._ciphers.get(sealed.key_id)
        if cipher is None:
            raise ConfigurationError(
                f"a grant is encrypted with key {sealed.key_id!r}, which store.keys lacks: add it back"
            )
        try:
            return cipher.decrypt(sealed.nonce, sealed.ciphertext, _associated(row, sealed.key_id))
        except InvalidTag:
            raise ConfigurationError(
                f"a grant does not decrypt with key {sealed.key_id!r}: the key is another one, or the row was altered"
            ) from None


def _associated(row: tuple[str, ...], key_id: str) -> bytes:
    return "|".join((*row, key_id)).encode()


def _read_all(keys: Iterable[str]) -> dict[str, AESGCM]:
    return dict(_read(number, text) for number, text in enumerate(keys, 1))


def _read(number: int, text: str) -> tuple[str, AESGCM]:
    key_id, colon, encoded = text.partition(":")
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not colon or not key_id or "|" in key_id or len(key) != KEY_BYTES:
        raise ConfigurationError(f"store.keys: key {number} is not <key id>:<32 bytes, base64>")
    return key_id, AESGCM(key)
