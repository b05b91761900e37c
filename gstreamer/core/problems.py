"""Refusals over HTTP, as problem details (RFC 9457): ``{type, title, status, detail}``.

Rule: ``detail`` says what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from gstreamer.core.errors import RejectedError

CONTENT_TYPE = "application/problem+json"
BLANK = "about:blank"
"""The type of a problem that its status says all about."""

MISSING_SCOPE = "urn:gstreamer:problem:missing-scope"
"""The grant lacks a scope; member ``scope`` is the group to ask for at ``/api/auth/login?scope=``."""

OUTCOME_UNKNOWN = "urn:gstreamer:problem:outcome-unknown"
"""Whether a message was sent cannot be known; member ``code`` is ``outcome_unknown``."""

MESSAGE_DROPPED = "urn:gstreamer:problem:message-dropped"
"""Twitch took a message and shows it to nobody; member ``code`` is its word for why."""

NO_ROOM = "urn:gstreamer:problem:no-room"
"""No connection actor takes a socket at the moment."""


class ProblemError(RejectedError):
    """
    A request that is refused.

    Args:
        status: The HTTP status.
        detail: What is wrong and what to do, a sentence for a person.
        kind: A type that a program can tell apart.
        members: Further members of the document.
        headers: Headers of the answer.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        kind: str = BLANK,
        members: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, detail, kind, members, headers)
        self.status = status
        self.detail = detail
        self.kind = kind
        self.members = dict(members or {})
        self.headers = dict(headers or {})

    def __str__(self) -> str:
        return f"{self.status}: {self.detail}"


def document(error: ProblemError) -> dict[str, Any]:
    """The problem document of a refusal; its four members win over further ones of the same name."""
    return {
        **error.members,
        "type": error.kind,
        "title": title(error.status),
        "status": error.status,
        "detail": error.detail,
    }


def title(status: int) -> str:
    """The words of an HTTP status, or what its class means if it is none that is known."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Request refused" if status < 500 else "Server error"
