"""A process that uses a person's grant, to be killed: ``python -m tests.refresher DSN DOUBLE KEY USER MODE``.

In mode ``use`` it prints the access token that Twitch took, and waits; in mode ``hold`` it prints ``refreshing`` once
it holds the row's lock with Twitch's answer still to come, and waits.
"""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime

from gstreamer.grants.endings import Endings
from gstreamer.grants.keeper import Keeper
from gstreamer.store.accounts import Accounts
from gstreamer.store.engine import Database
from gstreamer.store.grants import Grants
from gstreamer.store.secrets import Keyring
from gstreamer.twitch.client import Twitch
from gstreamer.twitch.http import Application
from gstreamer.twitch.models import Token
from gstreamer.twitch.oauth import OAuth
from tests.api import FakeLog
from tests.twitch import Uncounted


class Slow:
    """Twitch's OAuth, whose refreshes get no answer."""

    def __init__(self, oauth: OAuth) -> None:
        self.validate = oauth.validate

    async def refresh(self, refresh_token: str) -> Token:
        await waiting("refreshing")
        raise AssertionError


async def waiting(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


async def main(dsn: str, double: str, key: str, user_id: str, mode: str) -> None:
    application = Application("test-client", "test-secret", f"{double}/oauth2", f"{double}/helix")
    twitch = Twitch(application, Uncounted())
    database = Database(dsn)
    grants = Grants(database, Keyring((key,), os.urandom))
    endings = Endings(FakeLog(), Accounts(database))
    sign_in = Slow(twitch.oauth) if mode == "hold" else twitch.oauth
    keeper = Keeper(grants, sign_in, endings, lambda: datetime.now(UTC))

    async def call(access: str) -> None:
        await sign_in.validate(access)
        await waiting(access)

    await keeper.use(user_id, call)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
