"""A prebuilt frame is what websockets' own encoder makes of the same message."""

from __future__ import annotations

import pytest
from websockets.frames import Frame, Opcode

from gstreamer.core.frames import text_frame


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 300_000])
def test_a_text_frame_is_as_rfc_6455_says(size: int) -> None:
    payload = b"x" * size

    assert text_frame(payload) == Frame(Opcode.TEXT, payload).serialize(mask=False)
