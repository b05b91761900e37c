"""Every request passes one door: changes from our own page only, bodies bounded, refusals that say what to do."""

from __future__ import annotations

import json

import pytest

from gstreamer.core.auth import derive_key, read_ticket
from gstreamer.core.health import Finding
from gstreamer.deployments.api.board import Probe
from gstreamer.deployments.api.spec import openapi
from tests.api import SECRET, SNAPSHOT, Install

ORIGIN = "http://localhost:8000"


async def say(findings: dict[str, Finding]) -> dict[str, Finding]:
    return findings


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "same-site", "origin": ORIGIN}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"origin": ORIGIN}, True),
        ({"origin": "http://localhost:9000"}, False),
        ({"origin": "null"}, False),
        ({}, False),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/api/auth/logout"), ("PUT", "/api/favourites/1000001"), ("DELETE", "/api/me")]
)
async def test_changes_are_taken_from_our_own_page(
    api: Install, method: str, path: str, headers: dict[str, str], allowed: bool
) -> None:
    browser = await api.signed_in()

    answer = await browser.request(method, path, headers=headers)

    assert answer.status == (204 if allowed else 403)
    assert allowed or f"pages of {ORIGIN} only" in answer.json()["detail"]


async def test_a_refused_change_changes_nothing(api: Install) -> None:
    browser = await api.signed_in()

    await browser.request("POST", "/api/auth/logout", headers={"origin": "https://evil.example"})

    assert (await browser.get("/api/me")).status == 200
    assert api.log.ended == []


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize(("method", "path"), [("PUT", "/api/me/preferences"), ("POST", "/api/ws-ticket")])
async def test_a_body_that_is_too_large_is_refused(api: Install, method: str, path: str, declared: bool) -> None:
    browser = await api.signed_in()
    body = json.dumps({"a": "x" * 70_000}).encode()
    headers = {"sec-fetch-site": "same-origin", "content-type": "application/json"}
    if declared:
        headers["content-length"] = str(len(body))

    answer = await browser.request(method, path, body, headers, chunks=20)

    assert (answer.status, answer.header("content-type")) == (413, "application/problem+json")


async def test_a_body_that_breaks_off_is_refused(api: Install) -> None:
    browser = await api.signed_in()

    async def app(scope: object, receive: object, send: object) -> None:
        async def cut() -> dict[str, object]:
            return {"type": "http.disconnect"}

        await api.app(scope, cut, send)

    browser.app = app
    answer = await browser.send("PUT", "/api/me/preferences", {})

    assert (answer.status, "did not come whole" in answer.json()["detail"]) == (400, True)


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b'{"a": NaN' + b"}" * 2, b"[" * 5_000])
async def test_a_body_that_is_not_json_is_refused(api: Install, body: bytes) -> None:
    browser = await api.signed_in()
    headers = {"sec-fetch-site": "same-origin", "content-type": "application/json"}

    answer = await browser.request("PUT", "/api/me/preferences", body, headers)

    assert answer.status in {400, 422}
    assert answer.header("content-type") == "application/problem+json"


@pytest.mark.parametrize("path", ["/api/me/", "/api/me//", "/api/auth/sessions/", "/healthz/"])
async def test_a_slash_behind_is_the_same_path(api: Install, path: str) -> None:
    browser = await api.signed_in()

    assert (await browser.get(path)).status == 200


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/api/streamers/1/nothing", "/api/ops/parts"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_what_is_not_there_is_a_problem(api: Install, method: str, path: str) -> None:
    answer = await api.browser().send(method, path)

    assert (answer.status, answer.header("content-type")) == (404, "application/problem+json")
    assert answer.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "there is nothing at this path; /api/docs lists what there is",
    }


async def test_a_method_that_a_path_does_not_take_is_a_problem(api: Install) -> None:
    answer = await api.browser().send("POST", "/api/me")

    assert (answer.status, answer.header("content-type")) == (405, "application/problem+json")


async def test_every_answer_carries_the_security_headers(api: Install) -> None:
    browser = await api.signed_in()

    for path in ("/api/me", "/api/nothing", "/", "/healthz", "/api/docs", "/api/auth/callback"):
        answer = await browser.get(path)
        assert answer.header("x-content-type-options") == "nosniff", path
        assert answer.header("x-frame-options") == "DENY", path
        assert "default-src 'none'" in (answer.header("content-security-policy") or ""), path
        assert answer.header("cache-control"), path
        assert answer.header("access-control-allow-origin") is None, path
        assert answer.header("strict-transport-security") is None, path


async def test_what_nobody_expected_is_a_problem_without_details(api: Install) -> None:
    browser = await api.signed_in()

    async def broken(user_id: str) -> dict[str, object]:
        raise ZeroDivisionError("a secret detail")

    object.__setattr__(api.parts.accounts, "preferences", broken)
    answer = await browser.get("/api/me/preferences")

    assert (answer.status, answer.header("content-type")) == (500, "application/problem+json")
    assert "secret detail" not in answer.text


async def test_while_postgres_is_away_requests_are_refused_for_now(api: Install) -> None:
    browser = await api.signed_in()
    await api.database.close()
    api.parts.accounts._database._dsn = "postgresql://u:p@127.0.0.1:1/x"

    answer = await browser.get("/api/me")

    assert (answer.status, answer.header("retry-after")) == (503, "2")
    assert answer.json()["detail"].endswith("try again in a moment")


async def test_a_ticket_names_its_actor_user_and_session_for_half_a_minute(api: Install) -> None:
    browser = await api.signed_in()
    me = (await browser.get("/api/me")).json()
    session = (await browser.get("/api/auth/sessions")).json()["sessions"][0]["id"]

    answer = await browser.send("POST", "/api/ws-ticket")

    assert set(answer.json()) == {"url", "ticket", "expires_at"}
    assert (answer.json()["url"], answer.json()["expires_at"]) == ("ws://localhost:8001/", "2026-11-24T20:00:30.000Z")
    ticket = read_ticket(derive_key(SECRET), answer.json()["ticket"], api.parts.now_ms())
    assert (ticket.kind, ticket.user_id, ticket.session_id) == ("first", me["id"], session)
    assert (ticket.connection, ticket.expires_ms - ticket.issued_ms) == ("connection:n:0", 30_000)


async def test_no_two_tickets_are_alike(api: Install) -> None:
    browser = await api.signed_in()

    tickets = {(await browser.send("POST", "/api/ws-ticket")).json()["ticket"] for _ in range(5)}

    assert len(tickets) == 5


async def test_a_ticket_carries_no_cookie_value(api: Install) -> None:
    browser = await api.signed_in()

    answer = await browser.send("POST", "/api/ws-ticket")

    assert browser.cookies["gstreamer"] not in answer.text


@pytest.mark.parametrize("full", [True, False])
async def test_without_room_there_is_no_ticket(api: Install, full: bool) -> None:
    browser = await api.signed_in()
    view = SNAPSHOT.connections[0]._replace(sockets=10)
    api.snapshots.snapshot = SNAPSHOT._replace(connections=(view,)) if full else None

    answer = await browser.send("POST", "/api/ws-ticket")

    assert (answer.status, answer.header("retry-after")) == (503, "2")
    assert answer.json()["type"] == "urn:gstreamer:problem:no-room"


async def test_health_says_how_each_part_is_and_since_when(api: Install) -> None:
    board = api.parts.board
    await board.ask(Probe(("kafka",), lambda: say({"kafka": Finding("ok", "it answers")})))
    api.clock.pass_s(60)
    await board.ask(Probe(("postgres",), lambda: say({"postgres": Finding("degraded", "slow")})))

    health = (await api.browser().get("/api/health")).json()

    assert (health["status"], health["simulator"]) == ("degraded", False)
    assert health["snapshot"] == {"version": 7, "age_s": 1.0}
    assert health["parts"]["kafka"] == {"state": "ok", "since": "2026-11-24T20:00:00.000Z", "reason": "it answers"}
    assert health["parts"]["postgres"]["since"] == "2026-11-24T20:01:00.000Z"
    assert health["parts"]["placement"]["reason"] == "snapshot 7, heard 1 s ago"


async def test_a_replica_without_postgres_takes_no_requests(api: Install) -> None:
    browser = api.browser()
    before = await browser.get("/healthz")
    await api.parts.board.ask(Probe(("postgres",), lambda: say({"postgres": Finding("down", "it does not answer")})))

    after = await browser.get("/healthz")

    assert (before.status, before.text, after.status) == (200, "ok\n", 503)


async def test_the_api_describes_itself(api: Install) -> None:
    browser = api.browser()

    document = await browser.get("/api/openapi.json")
    page = await browser.get("/api/docs")

    assert document.json() == openapi()
    assert (page.status, page.header("content-type")) == (200, "text/html; charset=utf-8")
    assert all(f" {path}</code>" in page.text for path in document.json()["paths"])
    assert "<script" not in page.text and "style=" not in page.text
