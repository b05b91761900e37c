"""What the simulation has ever issued: for tests that count refreshes, and that look for secrets in wrong places."""

from __future__ import annotations

from typing import NamedTuple

from gstreamer.simulator.state import State


class Entry(NamedTuple):
    """
    A code or token that was issued.

    Attributes:
        secret: The text itself.
        kind: ``code``, ``app``, ``access`` or ``refresh``.
        user_id: Whose; empty for our application's own.
        by: What it was given for: ``authorize``, ``client_credentials``, ``authorization_code``, ``refresh_token``.
    """

    secret: str
    kind: str
    user_id: str
    by: str


class Issued:
    """
    The list of it, kept as the double's state is.

    Attributes:
        rotates: Whether a refresh also replaces the refresh token, and ends the old one.

    Args:
        state: Where it is kept.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self.rotates = False

    def add(self, entry: Entry) -> None:
        """Remember that this was issued."""
        self._state.note_issued(entry)

    def entries(self) -> list[Entry]:
        """Everything that was issued, the first first."""
        return [Entry(*row) for row in self._state.issued()]
