"""Accounts in a real Postgres: what is kept, what is refused, what a thief of the database learns."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from gstreamer.core.errors import ConfigurationError
from gstreamer.core.sessions import Lifetime, hash_value
from gstreamer.store.accounts import Accounts, ListedSession, NewSession, Person
from gstreamer.store.engine import Database
from gstreamer.store.favourites import Favourites, TooManyFavouritesError, UnknownFavouriteError
from gstreamer.store.grants import Grants, Tokens
from gstreamer.store.secrets import Keyring

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ANA = Person("1", "ana", "Ana", "https://x/a.png")
BEN = Person("2", "ben", "Ben", "https://x/b.png")
TOKENS = Tokens("access-1", "refresh-1", ("user:read:chat",))
KEY = "k1:" + base64.b64encode(b"1" * 32).decode()
NEW_KEY = "k2:" + base64.b64encode(b"2" * 32).decode()


class Store:
    """Everything on one database, with a limit of three favourites."""

    def __init__(self, database: Database, *keys: str) -> None:
        self.database = database
        self.accounts = Accounts(database)
        self.grants = Grants(database, Keyring(keys or (KEY,), os.urandom))
        self.favourites = Favourites(database, limit=3)


@pytest.fixture
async def database(accounts_dsn: str) -> AsyncIterator[Database]:
    database = Database(accounts_dsn)
    yield database
    await database.close()


@pytest.fixture
async def store(database: Database) -> Store:
    store = Store(database)
    await store.grants.put(ANA, TOKENS, LATER, NOW)
    await store.grants.put(BEN, TOKENS, LATER, NOW)
    return store


def streamer(number: int) -> Person:
    return Person(str(number), f"s{number}", f"S{number}", "")


async def favoured(store: Store, user: Person = ANA) -> list[str]:
    return [one.streamer.id for one in await store.favourites.of(user.id)]


async def test_nothing_of_a_failed_transaction_stays(store: Store) -> None:
    async def fail() -> None:
        async with store.database.transaction() as connection:
            await connection.execute(text("delete from users"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    assert await store.grants.tokens(ANA.id) == TOKENS


# Sessions


async def test_a_session_is_found_by_its_cookie_s_hash_alone(store: Store) -> None:
    await store.accounts.add_session(ANA.id, NewSession("s1", hash_value("cookie"), "Firefox"), NOW)

    found = await store.accounts.signed_in(hash_value("cookie"))

    assert found is not None
    assert (found.person, found.session_id, found.scopes, found.grant) == (ANA, "s1", TOKENS.scopes, "ok")
    assert (found.created_at, found.last_seen_at) == (NOW, NOW)
    assert await store.accounts.signed_in(hash_value("s1")) is None


async def test_no_cookie_value_is_in_the_database(store: Store) -> None:
    await store.accounts.add_session(ANA.id, NewSession("s1", hash_value("cookie"), ""), NOW)

    async with store.database.once() as connection:
        stored = (await connection.execute(text("select value_hash from sessions"))).scalar_one()

    assert b"cookie" not in stored


async def test_use_of_a_session_only_moves_forward(store: Store) -> None:
    await store.accounts.add_session(ANA.id, NewSession("s1", hash_value("c"), "Firefox"), NOW)

    await store.accounts.touch(("s1",), LATER)
    await store.accounts.touch(("s1",), NOW)

    assert await store.accounts.sessions(ANA.id) == (ListedSession("s1", NOW, LATER, "Firefox"),)


async def test_sessions_end_by_disuse_and_by_age(store: Store) -> None:
    for name, created in (("used", NOW), ("idle", NOW), ("old", NOW - timedelta(days=3))):
        await store.accounts.add_session(ANA.id, NewSession(name, hash_value(name), ""), created)
    await store.accounts.touch(("used", "old", "gone"), LATER)

    over = await store.accounts.over(LATER, Lifetime(idle_s=3_600, absolute_s=86_400))
    await store.accounts.remove_sessions(over)

    assert sorted(over) == ["idle", "old"]
    assert await store.accounts.session_ids(ANA.id) == ("used",)


async def test_removing_a_person_removes_what_is_theirs(store: Store) -> None:
    await store.accounts.add_session(ANA.id, NewSession("s1", hash_value("c"), ""), NOW)
    await store.accounts.set_preferences(ANA.id, {"a": 1}, NOW)
    await store.favourites.add(ANA.id, [streamer(7)], NOW)

    await store.accounts.remove(ANA.id)

    async with store.database.once() as connection:
        left = "select user_id from sessions union all select user_id from grants where user_id = '1'"
        more = "union all select user_id from favourites union all select user_id from preferences"
        assert (await connection.execute(text(f"{left} {more}"))).all() == []
    assert await store.grants.tokens(BEN.id) == TOKENS


async def test_a_sign_in_state_is_good_once_even_at_the_same_moment(store: Store) -> None:
    uses = await asyncio.gather(*(store.accounts.use_state("x", LATER, NOW) for _ in range(5)))

    assert sorted(uses) == [False, False, False, False, True]


async def test_used_states_are_forgotten_when_they_have_expired(store: Store) -> None:
    await store.accounts.use_state("x", NOW, NOW - timedelta(minutes=1))
    await store.accounts.use_state("y", LATER, NOW)

    async with store.database.once() as connection:
        assert (await connection.execute(text("select id from used_states"))).scalars().all() == ["y"]


async def test_preferences_are_replaced_whole(store: Store) -> None:
    assert await store.accounts.preferences(ANA.id) == {}

    await store.accounts.set_preferences(ANA.id, {"a": 1, "b": {"c": [None]}}, NOW)
    await store.accounts.set_preferences(ANA.id, {"b": "ü"}, NOW)

    assert await store.accounts.preferences(ANA.id) == {"b": "ü"}


# Grants


async def test_tokens_come_back_and_stand_nowhere_in_the_clear(store: Store) -> None:
    assert await store.grants.tokens(ANA.id) == TOKENS

    async with store.database.once() as connection:
        rows = (await connection.execute(text("select grants::text from grants"))).scalars().all()
        raw = (await connection.execute(text("select ciphertext from grants"))).scalars().all()
    assert not any("access-1" in row for row in rows)
    assert not any(b"access-1" in row or b"refresh-1" in row for row in raw)


async def test_a_ciphertext_copied_to_another_person_does_not_open(store: Store) -> None:
    async with store.database.once() as connection:
        await connection.execute(
            text(
                "update grants set (key_id, nonce, ciphertext) = "
                "(select key_id, nonce, ciphertext from grants where user_id = '1') where user_id = '2'"
            )
        )

    with pytest.raises(ConfigurationError, match="the row was altered"):
        await store.grants.tokens(BEN.id)
    assert await store.grants.tokens(ANA.id) == TOKENS


async def test_after_a_rotation_old_rows_are_read_and_new_ones_use_the_new_key(store: Store) -> None:
    rotated = Store(store.database, NEW_KEY, KEY)

    assert await rotated.grants.tokens(ANA.id) == TOKENS
    async with rotated.grants.locked(ANA.id) as grant:
        await grant.renew(Tokens("access-2", "refresh-2", ()), LATER, NOW)

    assert await Store(store.database, NEW_KEY).grants.tokens(ANA.id) == Tokens("access-2", "refresh-2", ())
    with pytest.raises(ConfigurationError, match=r"'k2', which store\.keys lacks"):
        await store.grants.tokens(ANA.id)


async def test_a_refresh_waits_for_the_one_under_way_and_sees_its_tokens(store: Store) -> None:
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with store.grants.locked(ANA.id) as grant:
            inside.set()
            await go_on.wait()
            await grant.renew(Tokens("access-2", "refresh-2", ()), LATER, NOW)

    async def second() -> Tokens | None:
        async with store.grants.locked(ANA.id) as grant:
            return grant.tokens()

    one = asyncio.create_task(first())
    await inside.wait()
    other = asyncio.create_task(second())
    await _until_somebody_waits_for_a_lock(store.database)
    go_on.set()
    await one

    assert await other == Tokens("access-2", "refresh-2", ())


async def _until_somebody_waits_for_a_lock(database: Database) -> None:
    waiting = text(
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    )
    async with asyncio.timeout(10):
        while True:
            async with database.once() as connection:
                if (await connection.execute(waiting)).scalar_one():
                    return


async def test_a_dead_grant_has_no_tokens_until_the_person_signs_in_again(store: Store) -> None:
    await store.accounts.add_session(ANA.id, NewSession("s1", hash_value("c"), ""), NOW)
    async with store.grants.locked(ANA.id) as grant:
        await grant.end(NOW)

    found = await store.accounts.signed_in(hash_value("c"))
    assert found is not None
    assert (found.grant, found.scopes) == ("revoked", ())
    assert await store.grants.tokens(ANA.id) is None

    await store.grants.put(ANA, TOKENS, LATER, NOW)
    assert await store.grants.tokens(ANA.id) == TOKENS


async def test_a_grant_that_is_due_is_claimed_by_one(store: Store) -> None:
    until = LATER + timedelta(minutes=5)

    claims = await asyncio.gather(*(store.grants.claim_due(LATER, until, 10) for _ in range(4)))

    assert sorted(one for claim in claims for one in claim) == ["1", "2"]
    assert await store.grants.claim_due(LATER, until, 10) == ()
    assert len(await store.grants.claim_due(until, until + timedelta(hours=1), 1)) == 1


async def test_dead_grants_are_not_checked(store: Store) -> None:
    async with store.grants.locked(ANA.id) as grant:
        await grant.end(NOW)

    assert await store.grants.claim_due(LATER, LATER, 10) == ("2",)


# Favourites


async def test_favourites_keep_the_order_in_which_they_were_added(store: Store) -> None:
    assert await store.favourites.add(ANA.id, [streamer(30), streamer(4)], NOW) == 2
    assert await store.favourites.add(ANA.id, [streamer(4), streamer(5)], LATER) == 1

    assert await favoured(store) == ["30", "4", "5"]
    assert await favoured(store, BEN) == []


async def test_a_favourite_too_many_is_refused_and_changes_nothing(store: Store) -> None:
    await store.favourites.add(ANA.id, [streamer(1), streamer(2)], NOW)

    with pytest.raises(TooManyFavouritesError, match="at most 3 favourites"):
        await store.favourites.add(ANA.id, [streamer(3), streamer(4)], NOW)

    assert await favoured(store) == ["1", "2"]


async def test_many_additions_at_once_respect_the_limit(store: Store) -> None:
    added = await asyncio.gather(
        *(store.favourites.add(ANA.id, [streamer(one)], NOW) for one in range(8)), return_exceptions=True
    )

    assert sorted(str(one) for one in added if one != 1) == ["at most 3 favourites; remove some first"] * 5
    assert len(await favoured(store)) == 3


async def test_an_order_puts_the_named_first(store: Store) -> None:
    await store.favourites.add(ANA.id, [streamer(1), streamer(2), streamer(3)], NOW)

    await store.favourites.order(ANA.id, ["3", "1"])

    assert await favoured(store) == ["3", "1", "2"]


async def test_an_order_with_a_stranger_changes_nothing(store: Store) -> None:
    await store.favourites.add(ANA.id, [streamer(1), streamer(2)], NOW)

    with pytest.raises(UnknownFavouriteError, match="9 is not a favourite"):
        await store.favourites.order(ANA.id, ["2", "9"])

    assert await favoured(store) == ["1", "2"]


async def test_an_order_of_nothing_is_fine(store: Store) -> None:
    await store.favourites.order(ANA.id, [])

    assert await favoured(store) == []


async def test_removing_a_favourite_twice_is_fine(store: Store) -> None:
    await store.favourites.add(ANA.id, [streamer(1)], NOW)

    assert await store.favourites.remove(ANA.id, "1")
    assert not await store.favourites.remove(ANA.id, "1")
    assert not await store.favourites.has(ANA.id, "1")


async def test_everybody_s_favourites_are_each_named_once(store: Store) -> None:
    await store.favourites.add(ANA.id, [streamer(1), streamer(2)], NOW)
    await store.favourites.add(BEN.id, [streamer(2), streamer(3)], NOW)

    assert await store.favourites.favoured() == {"1", "2", "3"}


async def test_a_streamer_s_new_name_shows_at_everybody_s_favourite(store: Store) -> None:
    await store.favourites.add(ANA.id, [streamer(7)], NOW)
    await store.favourites.add(BEN.id, [Person("7", "seven", "Seven", "https://x/7.png")], LATER)

    assert (await store.favourites.of(ANA.id))[0].streamer.display_name == "Seven"
