"""A grant is used while it lives; when it is dead, its person is signed out everywhere."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from gstreamer.core.errors import GrantEndedError
from gstreamer.deployments.api import upkeep
from tests.api import Install
from tests.asgi import Browser


async def me(browser: Browser) -> dict[str, str]:
    return dict((await browser.get("/api/me")).json())


async def revoke_access_token(api: Install, user_id: str) -> None:
    """End the access token alone, as its age does."""
    tokens = await api.parts.grants.tokens(user_id)
    assert tokens is not None
    await api.place.twitch.oauth.revoke(tokens.access)


async def test_an_access_token_that_has_ended_is_refreshed_unseen(api: Install) -> None:
    browser = await api.signed_in(query="scope=follows")
    user_id = (await me(browser))["id"]
    before = await api.parts.grants.tokens(user_id)
    await revoke_access_token(api, user_id)

    answer = await browser.send("POST", "/api/favourites/import")

    after = await api.parts.grants.tokens(user_id)
    assert answer.status == 200
    assert before is not None and after is not None
    assert after.access != before.access and after.scopes == before.scopes


async def test_many_requests_at_once_refresh_once(api: Install) -> None:
    browser = await api.signed_in(query="scope=follows")
    user_id = (await me(browser))["id"]
    await revoke_access_token(api, user_id)
    refused = await api.parts.grants.tokens(user_id)
    assert refused is not None

    fresh = await asyncio.gather(*(api.parts.keeper.refreshed(user_id, refused.access) for _ in range(4)))

    assert len({tokens.access for tokens in fresh}) == 1


async def test_a_grant_that_was_taken_back_signs_its_person_out_everywhere(api: Install) -> None:
    here, there = await api.signed_in(query="scope=follows"), await api.signed_in(query="scope=follows")
    other = await api.signed_in("viewer_0002")
    listed = (await here.get("/api/auth/sessions")).json()["sessions"]
    await api.place.order("disconnect", user_id=(await me(here))["id"])

    answer = await here.send("POST", "/api/favourites/import")

    assert (answer.status, "sign-in at twitch has ended" in answer.json()["detail"]) == (401, True)
    assert sorted(api.log.ended) == sorted((one["id"], "grant_revoked") for one in listed)
    assert [(await browser.get("/api/me")).status for browser in (here, there, other)] == [401, 401, 200]


async def test_a_dead_grant_whose_end_the_sockets_were_not_told_is_ended_later(api: Install) -> None:
    browser = await api.signed_in(query="scope=follows")
    await api.place.order("disconnect", user_id=(await me(browser))["id"])
    api.log.away = True
    assert (await browser.send("POST", "/api/favourites/import")).status == 503
    api.log.away = False

    await upkeep.sweep(api.parts)

    assert [reason for _, reason in api.log.ended] == ["grant_revoked"]
    assert (await browser.get("/api/me")).status == 401


async def test_nothing_is_open_to_a_person_whose_grant_is_dead(api: Install) -> None:
    browser = await api.signed_in()
    user_id = (await me(browser))["id"]
    async with api.parts.grants.locked(user_id) as grant:
        await grant.end(api.clock())

    assert (await browser.get("/api/favourites")).status == 401
    assert [reason for _, reason in api.log.ended] == ["grant_revoked"]


async def test_who_signs_in_again_after_a_dead_grant_gets_a_new_session(api: Install) -> None:
    browser = await api.signed_in()
    value, user_id = browser.cookies["gstreamer"], (await me(browser))["id"]
    async with api.parts.grants.locked(user_id) as grant:
        await grant.end(api.clock())

    await api.sign_in(browser)

    assert browser.cookies["gstreamer"] != value
    assert (await me(browser))["grant"] == "ok"


async def test_each_grant_is_validated_within_the_hour(api: Install) -> None:
    browser = await api.signed_in()
    user_id = (await me(browser))["id"]
    await upkeep.check_grants(api.parts)
    await api.place.order("disconnect", user_id=user_id)
    await upkeep.check_grants(api.parts)
    early = list(api.log.ended)
    api.clock.pass_s(3_600)

    await upkeep.check_grants(api.parts)

    assert (early, [reason for _, reason in api.log.ended]) == ([], ["grant_revoked"])


async def test_a_grant_that_is_good_is_left_alone_for_another_hour(api: Install) -> None:
    browser = await api.signed_in()
    api.clock.pass_s(3_600)

    assert await api.parts.keeper.check_due() == 1

    assert await api.parts.keeper.check_due() == 0
    assert (await browser.get("/api/me")).status == 200
    api.clock.pass_s(3_600)
    assert await api.parts.keeper.check_due() == 1


async def test_twitchs_word_of_an_end_ends_the_person_everywhere(api: Install) -> None:
    here, there = await api.signed_in(), await api.signed_in()
    other = await api.signed_in("viewer_0002")
    user_id = (await me(here))["id"]

    for _ in range(2):
        await api.parts.keeper.ended(user_id, api.clock())

    assert [reason for _, reason in api.log.ended] == ["grant_revoked"] * 2
    assert await api.parts.grants.tokens(user_id) is None
    assert [(await browser.get("/api/me")).status for browser in (here, there, other)] == [401, 401, 200]


async def test_an_old_word_of_an_end_does_not_end_who_has_come_back(api: Install) -> None:
    told_at = api.clock()
    api.clock.pass_s(1)
    browser = await api.signed_in()

    await api.parts.keeper.ended((await me(browser))["id"], told_at)

    assert (api.log.ended, (await browser.get("/api/me")).status) == ([], 200)


async def test_an_old_word_of_an_end_is_true_if_twitch_says_so(api: Install) -> None:
    told_at = api.clock()
    api.clock.pass_s(1)
    browser = await api.signed_in()
    user_id = (await me(browser))["id"]
    await api.place.order("disconnect", user_id=user_id)

    await api.parts.keeper.ended(user_id, told_at)

    assert [reason for _, reason in api.log.ended] == ["grant_revoked"]


async def test_a_word_about_a_stranger_changes_nothing(api: Install) -> None:
    await api.parts.keeper.ended("7", api.clock())
    await api.parts.keeper.doubted("7")

    assert (api.log.ended, await api.parts.keeper.check_due()) == ([], 0)


async def test_a_grant_in_doubt_is_checked_at_once(api: Install) -> None:
    browser = await api.signed_in()
    user_id = (await me(browser))["id"]
    await api.place.order("disconnect", user_id=user_id)
    assert await api.parts.keeper.check_due() == 0

    await api.parts.keeper.doubted(user_id)

    assert await api.parts.keeper.check_due() == 1
    assert [reason for _, reason in api.log.ended] == ["grant_revoked"]


async def lose_key_of(api: Install, user_id: str) -> None:
    """Have the person's grant under a key that the keyring lacks."""
    async with api.database.transaction() as connection:
        await connection.execute(text("update grants set key_id = 'lost' where user_id = :id"), {"id": user_id})


async def test_who_signs_in_again_needs_no_lost_key(api: Install) -> None:
    first = await api.signed_in(query="scope=follows")
    await lose_key_of(api, (await me(first))["id"])

    second = await api.signed_in(query="scope=follows")

    assert (await second.send("POST", "/api/favourites/import")).status == 200


async def test_deleting_oneself_needs_no_lost_key(api: Install) -> None:
    browser = await api.signed_in()
    await lose_key_of(api, (await me(browser))["id"])

    assert (await browser.send("DELETE", "/api/me")).status == 204
    assert (await browser.get("/api/me")).status == 401


async def test_twitchs_word_of_an_end_needs_no_lost_key(api: Install) -> None:
    browser = await api.signed_in()
    user_id = (await me(browser))["id"]
    await lose_key_of(api, user_id)

    await api.parts.keeper.ended(user_id, api.clock())

    assert [reason for _, reason in api.log.ended] == ["grant_revoked"]
    assert (await browser.get("/api/me")).status == 401


async def test_one_grant_that_cannot_be_checked_does_not_keep_the_others(api: Install) -> None:
    browsers = [await api.signed_in(f"viewer_000{number}") for number in range(1, 4)]
    ids = [(await me(browser))["id"] for browser in browsers]
    await lose_key_of(api, ids[0])
    for user_id in ids[1:]:
        await api.place.order("disconnect", user_id=user_id)
    api.clock.pass_s(3_600)

    assert await api.parts.keeper.check_due() == 3

    assert [reason for _, reason in api.log.ended] == ["grant_revoked"] * 2
    assert await api.parts.keeper.check_due() == 0
    api.clock.pass_s(300)
    assert await api.parts.keeper.check_due() == 1


async def test_what_was_overdue_at_a_start_is_checked_at_once(api: Install) -> None:
    browser = await api.signed_in()
    await api.place.order("disconnect", user_id=(await me(browser))["id"])
    api.clock.pass_s(3_600)

    async def for_ever(seconds: float) -> None:
        await asyncio.Event().wait()

    running = asyncio.create_task(upkeep.run(api.parts, for_ever))
    async with asyncio.timeout(20):
        while not api.log.ended:
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert [reason for _, reason in api.log.ended] == ["grant_revoked"]


async def test_sessions_that_are_over_are_ended_for_their_sockets_too(api: Install) -> None:
    browser = await api.signed_in()
    session = (await browser.get("/api/auth/sessions")).json()["sessions"][0]["id"]
    api.clock.pass_s(43_200)

    await upkeep.sweep(api.parts)

    assert api.log.ended == [(session, "ended")]
    assert await api.parts.accounts.over(api.clock(), api.parts.config.lifetime) == ()


async def test_who_only_watches_is_not_signed_out(api: Install) -> None:
    browser = await api.signed_in()
    session = (await browser.get("/api/auth/sessions")).json()["sessions"][0]["id"]
    api.sockets.open = frozenset({session, "gone"})
    for _ in range(3):
        api.clock.pass_s(40_000)
        await upkeep.count_use(api.parts)
        await upkeep.sweep(api.parts)

    assert (api.log.ended, (await browser.get("/api/me")).status) == ([], 200)


async def test_deleting_oneself_leaves_nothing_and_takes_the_grant_back(api: Install) -> None:
    browser, other = await api.signed_in(), await api.signed_in()
    user_id = (await me(browser))["id"]
    tokens = await api.parts.grants.tokens(user_id)
    await browser.send("PUT", "/api/favourites/1000001")

    answer = await browser.send("DELETE", "/api/me")

    assert answer.status == 204
    assert len(api.log.ended) == 2
    assert [(await one.get("/api/me")).status for one in (browser, other)] == [401, 401]
    assert await api.parts.favourites.favoured() == frozenset()
    assert tokens is not None
    headers = {"Authorization": f"OAuth {tokens.access}"}
    async with api.place.session.get(f"{api.place.url}/oauth2/validate", headers=headers) as validated:
        assert validated.status == 401


async def test_a_grant_is_taken_back_though_its_access_token_has_ended(api: Install) -> None:
    browser = await api.signed_in()
    user_id = (await me(browser))["id"]
    await revoke_access_token(api, user_id)
    before = await api.parts.grants.tokens(user_id)

    answer = await browser.send("DELETE", "/api/me")

    assert answer.status == 204
    assert before is not None
    with pytest.raises(GrantEndedError):
        await api.place.twitch.oauth.refresh(before.refresh)


async def test_deleting_oneself_works_after_the_grant_was_taken_back_at_twitch(api: Install) -> None:
    browser = await api.signed_in()
    await api.place.order("disconnect", user_id=(await me(browser))["id"])

    assert (await browser.send("DELETE", "/api/me")).status == 204
    assert (await browser.get("/api/me")).status == 401


async def test_while_twitch_is_away_nobody_is_deleted_halfway(api: Install) -> None:
    browser = await api.signed_in()
    await api.place.order("faults", outage_s=60)

    answer = await browser.send("DELETE", "/api/me")

    assert (answer.status, answer.header("retry-after")) == (503, "2")
    assert (await browser.get("/api/me")).status == 200
