"""A server that echoes every message, on the socket class of the product: for tests of the framing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from websockets.datastructures import Headers
from websockets.frames import Frame, Opcode

from gstreamer.actors.socket import Rules, Socket
from gstreamer.core.frames import text_frame

RULES = Rules(max_message_bytes=64 * 2**20)


class Echo:
    """Sends back what comes."""

    def __init__(self, socket: Socket) -> None:
        self.socket = socket
        self.ends: list[int] = []

    def on_open(self, headers: Headers) -> None:
        return

    def on_text(self, text: bytes) -> None:
        self.socket.write(text_frame(text))

    def on_binary(self, payload: bytes) -> None:
        self.socket.write(Frame(Opcode.BINARY, payload).serialize(mask=False))

    def on_pause(self) -> None:
        return

    def on_resume(self) -> None:
        return

    def on_end(self, code: int) -> None:
        self.ends.append(code)


@asynccontextmanager
async def echoing(rules: Rules = RULES) -> AsyncIterator[tuple[int, list[Echo]]]:
    """An echo server: its port and the sockets that it has taken."""
    taken: list[Echo] = []

    def receive(socket: Socket) -> Echo:
        taken.append(Echo(socket))
        return taken[-1]

    server = await asyncio.get_running_loop().create_server(lambda: Socket(receive, rules), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], taken
    finally:
        server.close()
        for echo in taken:
            echo.socket.abort()
