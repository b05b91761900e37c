"""What people have granted is told of as many as watch chats, in one question."""

from __future__ import annotations

from tests.api import Install


async def test_more_people_than_a_statement_has_parameters_can_be_asked_about(api: Install) -> None:
    browser = await api.signed_in(query="scope=chat")
    user_id = str((await browser.get("/api/me")).json()["id"])
    people = {user_id, *(str(number) for number in range(9_000_000, 9_070_000))}

    assert await api.parts.chats._scopes.granted(people) == {
        user_id: frozenset({"user:read:chat", "user:write:chat"})
    }


async def test_nobody_is_not_asked_about(api: Install) -> None:
    assert await api.parts.chats._scopes.granted(()) == {}
