"""One signs in in the browser that began it, and out everywhere; nobody else gets in, and no token gets out."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.api import Install, cookie_line, install
from tests.asgi import Answer
from tests.twitch import Place


def state_of(answer: Answer) -> str:
    return parse_qs(urlsplit(answer.header("location") or "").query)["state"][0]


async def test_signing_in_leads_to_the_page_that_was_wanted(api: Install) -> None:
    browser = api.browser()

    answer = await api.sign_in(browser, query="next=%2Fs%2Falpha%3Ffeed%3Dall")

    assert (answer.status, answer.header("location")) == (303, "/s/alpha?feed=all")
    me = (await browser.get("/api/me")).json()
    assert (me["login"], me["grant"], me["scopes"], me["operator"]) == ("viewer_0001", "ok", [], False)
    assert set(me) == {"id", "login", "display_name", "avatar_url", "scopes", "grant", "operator"}


async def test_twitch_is_asked_for_a_code_with_our_callback(api: Install) -> None:
    answer = await api.browser().get("/api/auth/login")

    query = parse_qs(urlsplit(answer.header("location") or "").query)
    assert query["response_type"] == ["code"]
    assert query["redirect_uri"] == ["http://localhost:8000/api/auth/callback"]
    assert (answer.header("location") or "").startswith(f"{api.place.url}/oauth2/authorize?")


async def test_on_localhost_cookies_are_closed_to_scripts_and_other_sites(api: Install) -> None:
    browser = api.browser()
    began = await browser.get("/api/auth/login")
    ended = await browser.get(await api.agreed(began.header("location") or "", "viewer_0001"))

    begun = cookie_line(began, "gstreamer-sign-in")
    kept = cookie_line(ended, "gstreamer")
    assert "HttpOnly" in begun and "SameSite=lax" in begun and "Max-Age=600" in begun and "Path=/" in begun
    assert "HttpOnly" in kept and "SameSite=lax" in kept and "Max-Age=2592000" in kept and "Path=/" in kept
    assert "Secure" not in kept and "Domain" not in kept
    assert "Max-Age=0" in cookie_line(ended, "gstreamer-sign-in")


async def test_on_https_cookies_are_secure_and_bound_to_the_host(
    accounts_dsn: str, place: Place, tmp_path: Path
) -> None:
    async with install(accounts_dsn, place, tmp_path, public_url="https://localhost") as api:
        answer = await api.sign_in(api.browser())

        kept = cookie_line(answer, "__Host-gstreamer")
        assert "Secure" in kept and "HttpOnly" in kept and "SameSite=lax" in kept and "Path=/" in kept
        assert answer.header("strict-transport-security") == "max-age=31536000"


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "/api/auth/login"])
async def test_signing_in_leads_nowhere_else(api: Install, wanted: str) -> None:
    answer = await api.sign_in(api.browser(), query=f"next={wanted}")

    assert answer.header("location") == "/"


async def test_a_state_is_good_once(api: Install) -> None:
    browser = api.browser()
    began = await browser.get("/api/auth/login")
    held = dict(browser.cookies)
    first = await browser.get(await api.agreed(began.header("location") or "", "viewer_0001"))
    browser.cookies = held

    second = await browser.get(await api.agreed(began.header("location") or "", "viewer_0002"))

    assert (first.status, second.status) == (303, 400)
    assert "was completed before" in second.text
    assert "gstreamer" not in browser.cookies


async def test_a_sign_in_that_another_browser_began_is_refused(api: Install) -> None:
    theirs = await api.browser().get("/api/auth/login")
    victim = api.browser()
    await victim.get("/api/auth/login")

    answer = await victim.get(await api.agreed(theirs.header("location") or "", "viewer_0001"))

    assert answer.status == 400
    assert "begun in another browser" in answer.text
    assert "gstreamer" not in victim.cookies


async def test_a_sign_in_that_took_too_long_is_refused(api: Install) -> None:
    browser = api.browser()
    began = await browser.get("/api/auth/login")
    api.clock.pass_s(600)

    answer = await browser.get(await api.agreed(began.header("location") or "", "viewer_0001"))

    assert (answer.status, "took too long" in answer.text) == (400, True)


@pytest.mark.parametrize("query", ["", "state=x", "state=x.y&code=z", "code=z", "state=%00", "error=%3Cscript%3E"])
async def test_a_forged_callback_gets_a_page_that_says_so(api: Install, query: str) -> None:
    answer = await api.browser().get(f"/api/auth/callback?{query}")

    assert (answer.status, answer.header("content-type")) == (400, "text/html; charset=utf-8")
    assert "not one of ours" in answer.text and "<script" not in answer.text
    assert "default-src 'none'" in (answer.header("content-security-policy") or "")


async def test_who_gives_no_access_is_told_so(api: Install) -> None:
    browser = api.browser()
    state = state_of(await browser.get("/api/auth/login"))

    answer = await browser.get(f"/api/auth/callback?error=access_denied&error_description=x&state={state}")

    assert answer.status == 403
    assert "Signing in was cancelled" in answer.text
    assert "gstreamer" not in browser.cookies


async def test_a_code_that_twitch_does_not_know_signs_nobody_in(api: Install) -> None:
    browser = api.browser()
    state = state_of(await browser.get("/api/auth/login"))

    answer = await browser.get(f"/api/auth/callback?code=made-up&state={state}")

    assert (answer.status, "did not confirm" in answer.text) == (400, True)


async def test_while_twitch_is_away_one_is_told_so(api: Install) -> None:
    browser = api.browser()
    began = await browser.get("/api/auth/login")
    back = await api.agreed(began.header("location") or "", "viewer_0001")
    await api.place.order("faults", outage_s=60)

    answer = await browser.get(back)

    assert (answer.status, "not possible now" in answer.text) == (503, True)


async def test_another_name_of_this_machine_is_led_to_the_public_one(api: Install) -> None:
    browser = api.browser()
    browser.host = "127.0.0.1:8000"

    answer = await browser.get("/api/auth/login?next=/x&scope=chat")

    assert answer.header("location") == "http://localhost:8000/api/auth/login?next=/x&scope=chat"


async def test_scopes_are_asked_for_together_with_those_granted_before(api: Install) -> None:
    browser = await api.signed_in(query="scope=follows")

    answer = await browser.get("/api/auth/login?scope=chat")

    asked = parse_qs(urlsplit(answer.header("location") or "").query)["scope"][0]
    assert asked == "user:read:chat user:read:follows user:write:chat"


async def test_granting_more_keeps_the_session_under_a_new_cookie(api: Install) -> None:
    browser = await api.signed_in()
    before = dict(browser.cookies)
    session = (await browser.get("/api/auth/sessions")).json()["sessions"][0]["id"]

    await api.sign_in(browser, query="scope=follows")

    assert (await browser.get("/api/me")).json()["scopes"] == ["user:read:follows"]
    assert [one["id"] for one in (await browser.get("/api/auth/sessions")).json()["sessions"]] == [session]
    assert api.log.ended == []
    copied = api.browser()
    copied.cookies = before
    assert (await copied.get("/api/me")).status == 401


async def test_granting_more_begins_the_session_s_days_anew(api: Install) -> None:
    browser = await api.signed_in()
    for _ in range(71):
        api.clock.pass_s(36_000)
        await browser.get("/api/me")
    await api.sign_in(browser, query="scope=follows")

    api.clock.pass_s(36_000)

    assert (await browser.get("/api/me")).status == 200


async def test_signing_in_on_another_device_keeps_what_was_granted(api: Install) -> None:
    first = await api.signed_in(query="scope=chat")
    granted = await api.parts.grants.tokens((await first.get("/api/me")).json()["id"])

    second = await api.signed_in()

    assert granted is not None
    assert (await second.get("/api/me")).json()["scopes"] == ["user:read:chat", "user:write:chat"]
    assert await api.parts.grants.tokens((await first.get("/api/me")).json()["id"]) == granted


async def test_on_another_device_more_is_asked_for_together_with_what_was_granted(api: Install) -> None:
    await api.signed_in(query="scope=chat")
    second = api.browser()
    again = await api.sign_in(second, query="scope=follows&next=/x")
    asked = again.header("location") or ""
    assert (again.status, parse_qs(urlsplit(asked).query)["scope"]) == (
        302, ["user:read:chat user:read:follows user:write:chat"],
    )  # fmt: skip

    answer = await second.get(await api.agreed(asked, "viewer_0001"))

    assert (answer.status, answer.header("location")) == (303, "/x")
    assert (await second.get("/api/me")).json()["scopes"] == [
        "user:read:chat",
        "user:read:follows",
        "user:write:chat",
    ]


async def test_who_still_grants_less_is_sent_to_twitch_only_once(api: Install) -> None:
    await api.signed_in(query="scope=chat")
    second = api.browser()
    asked = (await api.sign_in(second, query="scope=follows")).header("location") or ""
    less = asked.replace("user%3Aread%3Achat+", "").replace("+user%3Awrite%3Achat", "")

    answer = await second.get(await api.agreed(less, "viewer_0001"))

    assert answer.status == 303
    assert (await second.get("/api/me")).json()["scopes"] == ["user:read:follows"]


async def test_of_a_grant_that_has_died_nothing_is_kept(api: Install) -> None:
    first = await api.signed_in(query="scope=chat")
    await api.place.order("disconnect", user_id=(await first.get("/api/me")).json()["id"])

    second = await api.signed_in()

    assert (await second.get("/api/me")).json()["scopes"] == []
    assert (await first.get("/api/me")).status == 401


async def test_signing_in_as_somebody_else_ends_the_session_before(api: Install) -> None:
    browser = await api.signed_in("viewer_0001")
    before = (await browser.get("/api/auth/sessions")).json()["sessions"][0]["id"]

    await api.sign_in(browser, "viewer_0002")

    assert (await browser.get("/api/me")).json()["login"] == "viewer_0002"
    assert api.log.ended == [(before, "ended")]


async def test_an_unknown_scope_group_is_named(api: Install) -> None:
    answer = await api.browser().get("/api/auth/login?scope=chat,root")

    assert answer.status == 422
    assert "no scope group 'root'" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/me"), ("DELETE", "/api/me"), ("GET", "/api/me/preferences"), ("PUT", "/api/me/preferences"),
        ("GET", "/api/auth/sessions"), ("DELETE", "/api/auth/sessions"), ("DELETE", "/api/auth/sessions/x"),
        ("GET", "/api/streamers?query=a"), ("GET", "/api/streamers/1"), ("GET", "/api/favourites"),
        ("PUT", "/api/favourites"), ("PUT", "/api/favourites/1"), ("DELETE", "/api/favourites/1"),
        ("POST", "/api/favourites/import"), ("POST", "/api/ws-ticket"),
    ],
)  # fmt: skip
async def test_what_is_personal_needs_a_session(api: Install, method: str, path: str) -> None:
    browser = api.browser()
    browser.cookies = {"gstreamer": "made-up"}

    answer = await browser.send(method, path, {"order": []} if method == "PUT" else None)

    assert (answer.status, answer.header("content-type")) == (401, "application/problem+json")
    assert answer.json()["detail"] == "you are not signed in; sign in at /api/auth/login"


@pytest.mark.parametrize("value", ["", "x" * 10_000, "caf\xe9"])
async def test_an_odd_cookie_is_nobody_s(api: Install, value: str) -> None:
    browser = api.browser()

    assert (await browser.get("/api/me", cookie=f"gstreamer={value}")).status == 401


async def test_signing_out_is_known_to_the_sockets_before_it_is_answered(api: Install) -> None:
    browser = await api.signed_in()
    session = (await browser.get("/api/auth/sessions")).json()["sessions"][0]["id"]

    answer = await browser.send("POST", "/api/auth/logout")

    assert (answer.status, api.log.ended) == (204, [(session, "ended")])
    assert "gstreamer" not in browser.cookies
    assert (await browser.send("POST", "/api/auth/logout")).status == 204


async def test_a_sign_out_that_the_sockets_cannot_be_told_is_refused_and_can_be_repeated(api: Install) -> None:
    browser = await api.signed_in()
    api.log.away = True

    refused = await browser.send("POST", "/api/auth/logout")
    api.log.away = False

    assert (refused.status, refused.header("retry-after")) == (503, "2")
    assert (await browser.get("/api/me")).status == 200
    assert (await browser.send("POST", "/api/auth/logout")).status == 204


async def test_a_copied_cookie_is_worth_nothing_after_signing_out(api: Install) -> None:
    browser = await api.signed_in()
    copied = dict(browser.cookies)
    await browser.send("POST", "/api/auth/logout")
    browser.cookies = copied

    assert (await browser.get("/api/me")).status == 401


async def test_sessions_are_listed_and_one_is_ended_elsewhere(api: Install) -> None:
    here, there = await api.signed_in(), await api.signed_in()
    there.agent = "Chromium"
    listed = (await here.get("/api/auth/sessions")).json()["sessions"]
    other = next(one for one in listed if not one["current"])

    answer = await here.send("DELETE", f"/api/auth/sessions/{other['id']}")

    assert {one["current"] for one in listed} == {True, False}
    assert listed[0]["user_agent"] == "Firefox" and listed[0]["created_at"] == "2026-11-24T20:00:00.000Z"
    assert (answer.status, api.log.ended) == (204, [(other["id"], "ended")])
    assert (await there.get("/api/me")).status == 401
    assert (await here.get("/api/me")).status == 200


async def test_everywhere_else_is_signed_out_at_once(api: Install) -> None:
    here, one, two = await api.signed_in(), await api.signed_in(), await api.signed_in()
    stranger = await api.signed_in("viewer_0002")

    assert (await here.send("DELETE", "/api/auth/sessions")).status == 204

    assert [(await browser.get("/api/me")).status for browser in (here, one, two, stranger)] == [200, 401, 401, 200]


async def test_nobody_ends_another_person_s_session(api: Install) -> None:
    mine, theirs = await api.signed_in("viewer_0001"), await api.signed_in("viewer_0002")
    session = (await theirs.get("/api/auth/sessions")).json()["sessions"][0]["id"]

    assert (await mine.send("DELETE", f"/api/auth/sessions/{session}")).status == 404
    assert (await theirs.get("/api/me")).status == 200


async def test_a_session_ends_when_it_is_not_used(api: Install) -> None:
    browser = await api.signed_in()
    for _ in range(3):
        api.clock.pass_s(43_000)
        assert (await browser.get("/api/me")).status == 200

    api.clock.pass_s(43_200)

    assert (await browser.get("/api/me")).status == 401


async def test_a_session_ends_when_it_is_old_however_much_it_is_used(api: Install) -> None:
    browser = await api.signed_in()
    for _ in range(71):
        api.clock.pass_s(36_000)
        assert (await browser.get("/api/me")).status == 200

    api.clock.pass_s(36_000)

    assert (await browser.get("/api/me")).status == 401


async def test_no_token_of_twitch_is_in_anything_that_is_answered_or_logged(
    api: Install, capfd: pytest.CaptureFixture[str]
) -> None:
    browser = api.browser()
    answers = [await api.sign_in(browser, query="scope=follows")]
    answers += [
        await browser.get(path) for path in ("/api/me", "/api/auth/sessions", "/api/favourites", "/api/health")
    ]
    user_id = answers[1].json()["id"]
    tokens = await api.parts.grants.tokens(user_id)
    assert tokens is not None

    logged = "".join(capfd.readouterr())
    assert "signed in" in logged
    for told in (logged, *(answer.text + repr(answer.headers) for answer in answers)):
        assert tokens.access not in told and tokens.refresh not in told
