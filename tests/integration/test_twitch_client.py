"""The client speaks with Twitch's double as it would with Twitch: typed answers, typed refusals, patient."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from gstreamer.actors.access import TwitchAccess
from gstreamer.core.access import AppToken, Lease, Spent
from gstreamer.core.errors import (
    AlreadySubscribedError,
    GrantEndedError,
    MissingScopeError,
    RateLimitedError,
    RefusedError,
    TooManyAlikeError,
    UnavailableError,
)
from gstreamer.simulator.server import Options
from gstreamer.twitch.chat import Chat
from gstreamer.twitch.client import Twitch, Webhook
from gstreamer.twitch.http import Application, Patience, Time
from gstreamer.twitch.models import Token
from tests.twitch import QUIET, SECRET, Callback, Place, Uncounted, callback, client_of, double

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
    app = await place.twitch.app_token()
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


@pytest.mark.parametrize("ours", [("another-client", "test-secret"), ("test-client", "hunter2")])
async def test_a_mistake_in_our_settings_ends_nobodys_grant(place: Place, ours: tuple[str, str]) -> None:
    token = await sign_in(place)
    mistaken = Twitch(Application(*ours, f"{place.url}/oauth2", f"{place.url}/helix"), Uncounted())

    with pytest.raises(RefusedError, match="invalid client") as caught:
        await mistaken.oauth.refresh(token.refresh_token)

    await mistaken.close()
    assert not isinstance(caught.value, GrantEndedError)
    assert (await place.twitch.oauth.refresh(token.refresh_token)).access_token


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
    old = await place.twitch.app_token()
    await place.twitch.oauth.revoke(old)

    assert await place.twitch.users(["700001"])
    assert await place.twitch.app_token() != old


async def test_many_callers_share_one_app_token(place: Place) -> None:
    tokens = await asyncio.gather(*(place.twitch.app_token() for _ in range(50)))

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


class Ahead:
    """A clock that goes only by what was waited for."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self._started_s = time.time()

    def now_s(self) -> float:
        return self._started_s + sum(self.waits)

    async def sleep(self, delay_s: float) -> None:
        self.waits.append(delay_s)

    def time(self) -> Time:
        return Time(self.now_s, self.sleep, lambda: 0.0, self.now_s)


async def test_a_short_rate_limit_is_waited_for_until_its_reset(place: Place) -> None:
    ahead = Ahead()

    async def sleep(delay_s: float) -> None:
        ahead.waits.append(delay_s)
        await place.order("faults")

    patient = client_of(place.url, Patience(rate_wait_s=90), clock=ahead.time()._replace(sleep=sleep))
    await patient.app_token()
    await place.order("faults", throttle_s=60)

    assert await patient.users(["700001"])
    await patient.close()

    assert 50 < sum(ahead.waits) < 63


async def test_a_long_rate_limit_fails_at_once(place: Place) -> None:
    await place.order("faults", throttle_s=60)

    with pytest.raises(UnavailableError, match="rate limit is used up"):
        await place.twitch.users(["700001"])


async def test_a_bucket_that_is_used_up_is_left_alone() -> None:
    async with double(QUIET._replace(points=3), Patience(rate_wait_s=0)) as place:
        for _ in range(3):
            await place.twitch.users(["700001"])

        for _ in range(5):
            with pytest.raises(RateLimitedError, match="twitch's rate limit is used up for"):
                await place.twitch.users(["700001"])

        assert await place.calls() == {("app", "/helix/users"): (3, 0)}


async def test_a_refusal_that_says_what_exists_already_is_no_rate_limit(place: Place) -> None:
    async with callback() as to:
        for number in range(3):
            webhook = Webhook(f"{to.url}?{number}", SECRET)
            await place.twitch.subscribe("stream.online", "1", {"broadcaster_user_id": TESTER}, webhook)
        await place.order("rates", app=60)

        for number in range(4):
            webhook = Webhook(f"{to.url}?more{number}", SECRET)
            with pytest.raises(TooManyAlikeError):
                await place.twitch.subscribe("stream.online", "1", {"broadcaster_user_id": TESTER}, webhook)

        assert await place.calls() == {("app", "/helix/eventsub/subscriptions"): (4, 0)}


async def test_a_refusal_with_an_empty_bucket_is_not_repeated_if_it_speaks_of_what_exists(place: Place) -> None:
    for _ in range(5):
        await place.twitch.own_call("POST", "eventsub/conduits", body={"shard_count": 1}, idempotent=False)
    # The sixth takes the last point: by its headers alone it would be a used-up rate limit.
    await place.order("rates", app=1)
    client = client_of(place.url)

    with pytest.raises(TooManyAlikeError, match="conduit limit exceeded"):
        await client.own_call("POST", "eventsub/conduits", body={"shard_count": 1}, idempotent=False)
    await client.close()

    assert await place.calls() == {("app", "/helix/eventsub/conduits"): (1, 0)}


async def test_many_lookups_of_one_moment_are_few_calls(place: Place) -> None:
    testers = [str(1_000_000 + number) for number in range(200)]
    await place.order("rates", app=60)

    users = await asyncio.gather(*(place.twitch.users([one, "999"], [f"tester_{one[-3:]}"]) for one in testers))
    await asyncio.gather(*(place.twitch.streams(["700001", one]) for one in testers))
    channels = await asyncio.gather(*(place.twitch.channels(["700001", one]) for one in testers))

    assert [[user.id for user in found] for found in users] == [[one] for one in testers]
    assert [{channel.broadcaster_id for channel in found} for found in channels] == [{"700001", t} for t in testers]
    calls = await place.calls()
    assert calls[("app", "/helix/users")] == (5, 0)
    assert calls[("app", "/helix/streams")] == (3, 0)
    assert calls[("app", "/helix/channels")] == (3, 0)


async def test_while_twitch_is_down_calls_fail_at_once_and_it_is_found_again(place: Place) -> None:
    ahead = Ahead()
    client = client_of(place.url, Patience(tries=2, base_s=0.0), clock=ahead.time())
    await client.app_token()
    await place.order("faults", outage_s=600)

    for _ in range(50):
        with pytest.raises(UnavailableError):
            await client.users(["700001"])

    assert (await place.calls())[("outage", "/helix/users")] == (5, 0)
    assert list(client.standing().down) == [f"{place.url}/helix"]
    with pytest.raises(UnavailableError, match=r"twitch has not answered at .*/helix for \d+ s: calls fail at once"):
        await client.users(["700001"])

    await place.order("faults")
    ahead.waits.append(10.0)
    assert await client.users(["700001"])
    assert client.standing().down == {}
    await client.close()


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
        await place.order("rates", app=1)

        with pytest.raises(RefusedError, match="maximum total cost"):
            await client_once(place, to)

        assert await place.calls() == {("app", "/helix/eventsub/subscriptions"): (1, 0)}


async def client_once(place: Place, to: Callback) -> None:
    """A subscription made by a client that knows nothing of the bucket."""
    client = client_of(place.url)
    try:
        condition = {"broadcaster_user_id": "1000002"}
        await client.subscribe("stream.online", "1", condition, Webhook(to.url, SECRET))
    finally:
        await client.close()


async def test_a_look_finds_each_service_that_is_back(place: Place) -> None:
    ahead = Ahead()
    client = client_of(place.url, Patience(tries=1), clock=ahead.time())
    await client.app_token()
    await place.order("faults", outage_s=600)
    for _ in range(5):
        with pytest.raises(UnavailableError):
            await client.oauth.validate("a token")
        with pytest.raises(UnavailableError):
            await client.users(["700001"])
    assert sorted(client.standing().down) == [f"{place.url}/helix", f"{place.url}/oauth2"]

    await place.order("faults")
    ahead.waits.append(10.0)
    await client.look()
    await client.close()

    assert client.standing().down == {}


async def test_a_refused_token_does_not_hide_that_twitch_answers(place: Place) -> None:
    await place.twitch.oauth.revoke(await place.twitch.app_token())

    await place.twitch.look()


# Several processes, one bucket


class Elsewhere(TwitchAccess):
    """The actor `twitch` as processes see it: it may be away, and comes back knowing nothing."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.away = False
        self.restart()

    def restart(self) -> None:
        super().__init__(self._place.twitch.oauth.app_token, Uncounted())

    async def app_token(self, refused: str) -> AppToken:
        self._answer()
        return await super().app_token(refused)

    async def admit(self, caller: str, wanted: int, spent: Spent) -> Lease:
        self._answer()
        return await super().admit(caller, wanted, spent)

    async def told(self, caller: str, spent: Spent) -> None:
        self._answer()
        await super().told(caller, spent)

    def _answer(self) -> None:
        if self.away:
            raise UnavailableError("twitch is gone")


async def test_two_processes_share_one_bucket_and_are_never_refused(place: Place) -> None:
    await place.order("rates", app=120)
    access = Elsewhere(place)
    clients = [client_of(place.url, Patience(rate_wait_s=2.0), access=access) for _ in range(2)]

    answers = await asyncio.gather(
        *(clients[number % 2].search_channels(f"p{number}") for number in range(300)), return_exceptions=True
    )
    for client in clients:
        await client.close()

    assert all(isinstance(answer, tuple | RateLimitedError) for answer in answers)
    calls, refused = (await place.calls())[("app", "/helix/search/channels")]
    assert refused == 0
    assert 60 <= calls == sum(isinstance(answer, tuple) for answer in answers)


async def test_while_the_actor_is_away_and_when_it_is_back_nothing_fails(place: Place) -> None:
    access = Elsewhere(place)
    clients = [client_of(place.url, access=access) for _ in range(2)]
    going = True

    async def keep_asking(client: Twitch, number: int) -> int:
        done = 0
        while going:
            assert await client.search_channels(f"p{number}x{done}") is not None
            done += 1
            await asyncio.sleep(0.01)
        return done

    asking = [asyncio.create_task(keep_asking(clients[number % 2], number)) for number in range(4)]
    for away in (False, True, False):
        access.away = away
        if not away:
            access.restart()
        seen = (await place.calls()).get(("app", "/helix/search/channels"), (0, 0))[0]
        while (await place.calls()).get(("app", "/helix/search/channels"), (0, 0))[0] < seen + 40:
            assert not any(task.done() for task in asking), [task.exception() for task in asking if task.done()]
            await asyncio.sleep(0.01)
    going = False
    await asyncio.gather(*asking)
    for client in clients:
        await client.close()

    assert (await place.calls())[("app", "/helix/search/channels")][1] == 0


async def test_a_person_has_a_bucket_of_their_own(place: Place) -> None:
    token = await sign_in(place, ("user:read:follows",))
    client = client_of(place.url, Patience(rate_wait_s=0))
    await place.order("rates", user=2)

    for _ in range(2):
        await client.followed_channels("2000007", token.access_token)
    with pytest.raises(RateLimitedError):
        await client.followed_channels("2000007", token.access_token)
    assert await client.users(["700001"])
    await client.close()

    assert (await place.calls())[("2000007", "/helix/channels/followed")] == (2, 0)


# Chats


async def test_a_message_that_is_sent_is_heard_by_whoever_reads_the_chat(place: Place) -> None:
    token = await sign_in(place, ("user:read:chat", "user:write:chat"))
    headers = {"Authorization": f"Bearer {token.access_token}", "Client-Id": "test-client"}
    async with place.session.ws_connect(f"{place.url}/ws") as socket:
        welcome = await socket.receive_json(timeout=10)
        transport = {"method": "websocket", "session_id": welcome["payload"]["session"]["id"]}
        condition = {"broadcaster_user_id": TESTER, "user_id": "2000007"}
        body = {"type": "channel.chat.message", "version": "1", "condition": condition, "transport": transport}
        url = f"{place.url}/helix/eventsub/subscriptions"
        async with place.session.post(url, json=body, headers=headers) as answer:
            assert answer.status == 202, await answer.text()

        sent = await Chat(place.twitch).send("2000007", TESTER, "hello Kappa", None, token.access_token)

        event = (await socket.receive_json(timeout=10))["payload"]["event"]
    assert sent.is_sent
    assert event["message_id"] == sent.message_id
    assert event["message"]["text"] == "hello Kappa"
    assert [one["type"] for one in event["message"]["fragments"]] == ["text", "emote"]


async def test_a_message_needs_its_scope_and_its_writers_token(place: Place) -> None:
    plain, writing = await sign_in(place), await sign_in(place, ("user:write:chat",))
    chat = Chat(place.twitch)

    with pytest.raises(MissingScopeError, match="Missing scope: user:write:chat"):
        await chat.send("2000007", TESTER, "hello", None, plain.access_token)
    with pytest.raises(GrantEndedError):
        await chat.send("2000008", TESTER, "hello", None, writing.access_token)


async def test_a_messages_bucket_feeds_no_other(place: Place) -> None:
    token = await sign_in(place, ("user:write:chat",))
    await place.order("rates", app=800, chat=1)

    await Chat(place.twitch).send("2000007", TESTER, "hello", None, token.access_token)
    with pytest.raises(RateLimitedError):
        await Chat(place.twitch).send("2000007", TESTER, "hello", None, token.access_token)

    assert await place.twitch.users(["700001"])


async def test_the_sets_of_a_chat_are_read(place: Place) -> None:
    chat = Chat(place.twitch)

    assert "{{id}}" in (await chat.emotes("")).template
    assert {one.name for one in (await chat.emotes("")).emotes} >= {"Kappa", "LUL"}
    assert len((await chat.emotes(TESTER)).emotes) == 1
    assert [version.id for one in await chat.badges(TESTER) for version in one.versions] == ["0"]
