"""`gstreamer grants`: the keys that seal people's grants, made and changed."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable

from gstreamer.core.errors import ConfigurationError
from gstreamer.settings import Settings
from gstreamer.store.engine import Database, check_dsn
from gstreamer.store.rotation import Rotation
from gstreamer.store.secrets import KEY_BYTES, Keyring, keys_of


def new_key(key_id: str) -> str:
    """
    A new key, as STORE__KEYS takes it.

    Raises:
        ConfigurationError: It cannot have this name.
    """
    text = f"{key_id}:{base64.b64encode(os.urandom(KEY_BYTES)).decode()}"
    if "," in key_id:
        raise ConfigurationError("a key's id has no comma: choose another")
    Keyring((text,), os.urandom)
    return text


async def rotated(tree: Settings, tell: Callable[[str], None]) -> bool:
    """
    Bring every grant under the first key, and say how it goes; whether all are.

    Raises:
        ConfigurationError: No database or no key is set.
        UnavailableError: Postgres does not answer; what is done stays done.
    """
    if not tree.store.urls:
        raise ConfigurationError("gstreamer does not run here: start it, name its --data-dir, or set a Postgres")
    keyring = Keyring(keys_of(tree.store.keys), os.urandom)
    database = Database(check_dsn(tree.store.urls[0].get_secret_value()))
    try:
        rotation = Rotation(database, keyring)
        held = await rotation.by_key()
        total, done, refused = sum(held.values()), held.get(keyring.current, 0), 0
        async for turn in rotation.run():
            done, refused = done + turn.sealed, refused + turn.refused
            if turn.sealed:
                tell(f"{min(done, total)} of {total} grants are under key {keyring.current}")
        held = await rotation.by_key()
    finally:
        await database.close()
    left = {key: count for key, count in held.items() if key != keyring.current}
    if refused:
        tell(f"{refused} cannot be opened: {keyring.missing(left) or 'the keys are others than sealed them'}")
    elif left:
        tell(
            f"{sum(left.values())} came under {_listed(left)} meanwhile: restart what still writes with it, run again"
        )
    else:
        tell(f"all {sum(held.values())} grants are under key {keyring.current}: other keys may leave store.keys")
    return not left


def standing(keyring: Keyring, held: dict[str, int]) -> str:
    """
    How many grants each key seals, in words; empty if the first key seals all.

    Raises:
        ConfigurationError: Some are sealed by a key that is not there.
    """
    left = {key: count for key, count in held.items() if key != keyring.current}
    if absent := keyring.missing(left):
        raise ConfigurationError(absent)
    if not left:
        return ""
    return f"grants still under {_listed(left)}: {sum(left.values())}; run `gstreamer grants rotate`"


def _listed(keys: dict[str, int]) -> str:
    return f"key {', '.join(keys)}"
