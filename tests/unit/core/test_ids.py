"""What comes from outside is checked once, in one place."""

from __future__ import annotations

import pytest

from gstreamer.core.errors import BadPositionError
from gstreamer.core.ids import Position, parse_position


def test_a_position_survives_its_text() -> None:
    position = Position("a1B2-_x.1", 42)

    assert parse_position(str(position)) == position


@pytest.mark.parametrize("text", [None, 5, "", "a", "a:", ":1", "a:-2", "a:01", "a:1 ", "a b:1", "x" * 64 + ":1"])
def test_what_is_no_position_is_refused(text: object) -> None:
    with pytest.raises(BadPositionError, match="a position is"):
        parse_position(text)
