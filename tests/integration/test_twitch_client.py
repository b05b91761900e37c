"""The client speaks with Twitch's double as it would with Twitch: typed answers, typed refusals, patient."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from gstreamer.core.errors import (
    AlreadySubscribedError,
    GrantEndedError,
    MissingScopeError,
    RefusedError,
    TooManyAlikeError,
    UnavailableError,
)
from gstreamer.simulator.server import Options
from gstreamer.twitch.client import Twitch, Webhook
from gstreamer.twitch.http import Application, Patience, Time
from gstreamer.twitch.models import Token
from tests.twitch import QUIET, SECRET, Place, Uncounted, callback, double

REDIRECT = "http://localhost:8000/api/auth/callback"
TESTER = "1000001"


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with double() as running:
        yield running


async def sign_in(place: Place, scopes: tuple[str, ...] = (), login: str = "viewer_0007") -> Token:
    page = place.twitch.oauth.authorize_url(REDIRECT, scopes, "a state")
    address = page.replace("/authorize?", "/authorize/as?") + f"&login={login}"
    async with place.session.get(address, allow_redirects=False) as answer:
        assert answer.status == 302
        query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert query["state"] == ["a state"]
    return await place.twitch.oauth.exchange_code(query["code"][0], REDIRECT)


async def test_the_page_says_that_it_is_a_simulation_and_its_links_carry_code_and_state(place: Place) -> None:
    async with place.session.get(place.twitch.oauth.authorize_url(REDIRECT, ["user:read:follows"], "s")) as answer:
        page = await answer.text()

    assert "This is a simulation of Twitch" in page
    link = re.search(r'class="viewer" data-login="noranightowl" href="([^"]+)"', page)
    assert link is not None
    query = parse_qs(urlsplit(unescape(link[1])).query)
    assert query["state"] == ["s"]
    token = await place.twitch.oauth.exchange_code(query["code"][0], REDIRECT)
    assert token.scope == ("user:read:follows",)


async def test_a_script_can_deny(place: Place) -> None:
    async with place.session.get(place.twitch.oauth.authorize_url(REDIRECT, (), "s")) as answer:
        link = re.search(r'class="deny" href="([^"]+)"', await answer.text())

    assert link is not None
    query = parse_qs(urlsplit(unescape(link[1])).query)
    assert (query["error"], query["state"]) == (["access_denied"], ["s"])


async def test_who_signed_in_is_known_by_the_token(place: Place) -> None:
    token = await sign_in(place)

    known = await place.twitch.oauth.validate(token.access_token)
    assert (known.user_id, known.login) == ("2000007", "viewer_0007")
    assert (await place.twitch.me(token.access_token)).display_name == "viewer_0007"


async def test_a_code_works_once(place: Place) -> None:
    page = place.twitch.oauth.authorize_url(REDIRECT, (), "s").replace("/authorize?", "/authorize/as?")
    async with place.session.get(f"{page}&login=viewer_0001", allow_redirects=False) as answer:
        code = parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]
    await place.twitch.oauth.exchange_code(code, REDIRECT)

    with pytest.raises(RefusedError, match="Invalid authorization code"):
        await place.twitch.oauth.exchange_code(code, REDIRECT)


async def test_a_refresh_gives_a_new_token(place: Place) -> None:
    token = await sign_in(place, ("user:read:chat",))

    fresh = await place.twitch.oauth.refresh(token.refresh_token)

    assert fresh.access_token != token.access_token
    assert fresh.refresh_token
    assert (await place.twitch.oauth.validate(fresh.access_token)).scopes == ("user:read:chat",)


async def test_on_order_a_refresh_replaces_the_refresh_token_too(place: Place) -> None:
    token = await sign_in(place)
    await place.order("rotation", refresh_tokens=True)

    fresh = await place.twitch.oauth.refresh(token.refresh_token)

    assert fresh.refresh_token != token.refresh_token
    with pytest.raises(GrantEndedError):
        await place.twitch.oauth.refresh(token.refresh_token)
    assert (await place.twitch.oauth.refresh(fresh.refresh_token)).access_token


async def test_everything_that_was_issued_is_listed_for_good(place: Place) -> None:
    token = await sign_in(place)
    fresh = await place.twitch.oauth.refresh(token.refresh_token)
    app = await place.twitch.oauth.app_token()
    await place.twitch.oauth.revoke(token.access_token)

    issued = [(one["kind"], one["by"], one["secret"]) for one in await place.issued()]

    assert issued[0][:2] == ("code", "authorize")
    assert issued[1:] == [
        ("refresh", "authorization_code", token.refresh_token),
        ("access", "authorization_code", token.access_token),
        ("access", "refresh_token", fresh.access_token),
        ("app", "client_credentials", app),
    ]


async def test_a_grant_taken_back_is_told(place: Place) -> None:
    token = await sign_in(place)

    await place.order("disconnect", user_id="2000007")

    with pytest.raises(GrantEndedError):
        await place.twitch.oauth.validate(token.access_token)
    with pytest.raises(GrantEndedError):
        await place.twitch.oauth.refresh(token.refresh_token)
    with pytest.raises(GrantEndedError):
        await place.twitch.me(token.access_token)


async def test_revoking_twice_is_fine(place: Place) -> None:
    token = await sign_in(place)
    await place.twitch.oauth.revoke(token.access_token)

    await place.twitch.oauth.revoke(token.access_token)

    with pytest.raises(GrantEndedError):
        await place.twitch.oauth.validate(token.access_token)


async def test_a_wrong_secret_is_refused_and_not_in_the_error(place: Place) -> None:
    wrong = Twitch(Application("test-client", "hunter2", f"{place.url}/oauth2", f"{place.url}/helix"), Uncounted())

    with pytest.raises(RefusedError) as caught:
        await wrong.users(["1"])

    await wrong.close()
    assert str(caught.value) == "refused with 403: invalid client secret"


async def test_follows_need_their_scope(place: Place) -> None:
    plain, allowed = await sign_in(place), await sign_in(place, ("user:read:follows",))

    with pytest.raises(MissingScopeError):
        await place.twitch.followed_channels("2000007", plain.access_token)
    followed = await place.twitch.followed_channels("2000007", allowed.access_token)
    assert len(followed) == 8


async def test_users_are_found_by_hundreds_and_unknown_ones_are_left_out(place: Place) -> None:
    ids = [str(1_000_000 + number) for number in range(250)]

    found = await place.twitch.users([*ids, "999", "not an id"], ["PixelPetrov", "no such"])

    assert {user.id for user in found} == {*ids, "700002"}
    assert all(user.profile_image_url.startswith("data:image/svg+xml;base64,") for user in found)


async def test_search_finds_by_the_beginning(place: Place) -> None:
    found = await place.twitch.search_channels("pix")

    assert [one.broadcaster_login for one in found] == ["pixelpetrov"]
    assert await place.twitch.search_channels("  ") == ()


async def test_live_streams_and_channels_agree(place: Place) -> None:
    live = (await place.state())["live"]

    streams = await place.twitch.streams(str(700_001 + number) for number in range(30))
    channels = {channel.broadcaster_id: channel for channel in await place.twitch.channels(live)}

    assert sorted(stream.user_id for stream in streams) == sorted(live)
    assert all(channels[stream.user_id].title == stream.title and stream.viewer_count > 0 for stream in streams)


async def test_a_refused_app_token_is_renewed_once(place: Place) -> None:
    old = await place.twitch.oauth.app_token()
    await place.twitch.oauth.revoke(old)

    assert await place.twitch.users(["700001"])
    assert await place.twitch.oauth.app_token() != old


async def test_many_callers_share_one_app_token(place: Place) -> None:
    tokens = await asyncio.gather(*(place.twitch.oauth.app_token() for _ in range(50)))

    assert len(set(tokens)) == 1


async def test_an_equal_subscription_is_told_by_its_id(place: Place) -> None:
    async with callback() as to:
        made = await place.subscribe(to, "stream.online", TESTER)

        with pytest.raises(AlreadySubscribedError) as caught:
            await place.subscribe(to, "stream.online", TESTER)

    assert caught.value.subscription_id == made


async def test_the_fourth_alike_is_refused_at_once(place: Place) -> None:
    async with callback() as to:
        for number in range(3):
            webhook = Webhook(f"{to.url}?{number}", SECRET)
            await place.twitch.subscribe("stream.online", "1", {"broadcaster_user_id": TESTER}, webhook)

        webhook = Webhook(f"{to.url}?4", SECRET)
        with pytest.raises(TooManyAlikeError):
            await place.twitch.subscribe("stream.online", "1", {"broadcaster_user_id": TESTER}, webhook)


async def test_all_pages_of_subscriptions_are_listed(place: Place) -> None:
    async with callback() as to:
        for number in range(130):
            await place.twitch.subscribe(
                "stream.online", "1", {"broadcaster_user_id": str(1_000_000 + number)}, Webhook(to.url, SECRET)
            )

        listing = await place.twitch.subscriptions()

    assert (len(listing.subscriptions), listing.total_cost, listing.max_total_cost) == (130, 130, 10_000)


async def test_unsubscribing_twice_is_fine(place: Place) -> None:
    async with callback() as to:
        made = await place.subscribe(to, "stream.online", TESTER)
    await place.twitch.unsubscribe(made)

    await place.twitch.unsubscribe(made)

    assert await place.twitch.subscription(made) is None


@pytest.mark.parametrize(
    ("event_type", "version", "condition"),
    [
        ("stream.online", "2", {"broadcaster_user_id": TESTER}),
        ("channel.raid", "1", {"to_broadcaster_user_id": TESTER, "from_broadcaster_user_id": TESTER}),
        ("stream.online", "1", {"broadcaster_user_id": "999"}),
        ("stream.online", "1", {}),
    ],
)
async def test_what_twitch_would_refuse_is_refused(
    place: Place, event_type: str, version: str, condition: dict[str, str]
) -> None:
    with pytest.raises(RefusedError, match="refused with 400"):
        await place.twitch.subscribe(event_type, version, condition, Webhook("http://localhost:1/eventsub", SECRET))


async def test_an_outage_is_unavailable_and_leaves_no_trace(place: Place) -> None:
    await place.order("faults", outage_s=60)

    with pytest.raises(UnavailableError, match="twitch answers 503"):
        await place.twitch.users(["700001"])

    await place.order("faults")
    assert await place.twitch.users(["700001"])


async def test_a_short_rate_limit_is_waited_for() -> None:
    waits: list[float] = []

    async with double() as place:
        await place.twitch.oauth.app_token()

        async def sleep(delay_s: float) -> None:
            waits.append(delay_s)
            await place.order("faults")

        application = Application("test-client", "test-secret", f"{place.url}/oauth2", f"{place.url}/helix")
        patient = Twitch(application, Uncounted(), Patience(rate_wait_s=90), Time(sleep=sleep, roll=lambda: 0.0))
        await place.order("faults", throttle_s=60)

        assert await patient.users(["700001"])
        await patient.close()

    assert len(waits) == 1
    assert 50 < waits[0] < 62


async def test_a_long_rate_limit_fails_at_once(place: Place) -> None:
    await place.order("faults", throttle_s=60)

    with pytest.raises(UnavailableError, match="rate limit is used up"):
        await place.twitch.users(["700001"])


async def test_the_double_limits_the_rate_itself() -> None:
    async with double(QUIET._replace(points=3), Patience(rate_wait_s=0)) as place:
        for _ in range(3):
            await place.twitch.users(["700001"])

        with pytest.raises(UnavailableError, match="rate limit is used up"):
            await place.twitch.users(["700001"])


async def test_nobody_there_is_unavailable() -> None:
    lost = Twitch(
        Application("a", "b", "http://127.0.0.1:9/oauth2", "http://127.0.0.1:9/helix"),
        Uncounted(),
        Patience(base_s=0.001),
    )

    with pytest.raises(UnavailableError, match=r"does not answer at http://127\.0\.0\.1:9/oauth2/token"):
        await lost.users(["1"])

    await lost.close()


async def test_the_cost_budget_is_kept() -> None:
    async with double(Options(every_s=0, max_total_cost=2)) as place, callback() as to:
        for number in range(2):
            await place.subscribe(to, "stream.online", str(1_000_000 + number))

        with pytest.raises(RefusedError, match="maximum total cost"):
            await place.subscribe(to, "stream.online", "1000002")
