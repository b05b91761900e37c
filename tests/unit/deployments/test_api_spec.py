"""The OpenAPI document says what the api does, and the one in docs/ is it."""

from __future__ import annotations

from pathlib import Path

from gstreamer.deployments.api.spec import PUBLIC, openapi, text

DOCS = Path(__file__).parents[3] / "docs" / "openapi.json"


def test_the_document_in_docs_is_current() -> None:
    assert DOCS.read_text(encoding="utf-8") == text(), "run `python -m gstreamer.deployments.api > docs/openapi.json`"


def test_each_operation_says_how_it_refuses_and_whether_it_needs_a_session() -> None:
    for path, operations in openapi()["paths"].items():
        for operation in operations.values():
            assert "application/problem+json" in operation["responses"]["default"]["content"], path
            assert ("security" in operation) is (path not in PUBLIC), path
            assert operation["description"], path


def test_the_routes_are_those_of_the_contract() -> None:
    found = {f"{method.upper()} {path}" for path, one in openapi()["paths"].items() for method in one}

    assert found == {
        "GET /healthz",
        "GET /api/health",
        "GET /api/auth/login",
        "GET /api/auth/callback",
        "POST /api/auth/logout",
        "GET /api/auth/sessions",
        "DELETE /api/auth/sessions",
        "DELETE /api/auth/sessions/{session_id}",
        "GET /api/me",
        "DELETE /api/me",
        "GET /api/me/preferences",
        "PUT /api/me/preferences",
        "GET /api/streamers",
        "GET /api/streamers/{streamer_id}",
        "POST /api/streamers/{streamer_id}/chat",
        "GET /api/streamers/{streamer_id}/events",
        "GET /api/streamers/{streamer_id}/stats",
        "GET /api/streamers/{streamer_id}/emotes",
        "GET /api/streamers/{streamer_id}/badges",
        "GET /api/favourites",
        "PUT /api/favourites",
        "PUT /api/favourites/{streamer_id}",
        "DELETE /api/favourites/{streamer_id}",
        "POST /api/favourites/import",
        "POST /api/ws-ticket",
    }
