"""The framing of RFC 6455, as the sockets of the product do it: a valid message is echoed, a breach has its code."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from gstreamer.actors.socket import Rules
from tests.echo import RULES, Echo, echoing
from tests.socket_rig import until

TEXT, BINARY, CONT, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10
MASK = b"\x12\x34\x56\x78"


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    reserved: int = 0,
    masked: bool = True,
    size: int | None = None,
) -> bytes:
    """A client's frame, as wrong as wanted."""
    length = len(payload) if size is None else size
    head = bytes([fin << 7 | reserved << 4 | opcode])
    bit = 0x80 if masked else 0
    if length < 126:
        head += bytes([bit | length])
    elif length < 65_536:
        head += bytes([bit | 126]) + struct.pack("!H", length)
    else:
        head += bytes([bit | 127]) + struct.pack("!Q", length)
    if not masked:
        return head + payload
    return head + MASK + bytes(byte ^ MASK[at % 4] for at, byte in enumerate(payload))


class Peer:
    """A raw client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, echo: Echo) -> None:
        self.reader, self.writer, self.echo = reader, writer, echo

    def send(self, *frames: bytes) -> None:
        self.writer.write(b"".join(frames))

    async def next(self) -> tuple[int, bytes]:
        async with asyncio.timeout(5):
            first, second = await self.reader.readexactly(2)
            assert first & 0x70 == 0
            assert second & 0x80 == 0
            assert first & 0x80
            length = second & 0x7F
            if length == 126:
                (length,) = struct.unpack("!H", await self.reader.readexactly(2))
            elif length == 127:
                (length,) = struct.unpack("!Q", await self.reader.readexactly(8))
            return first & 0x0F, await self.reader.readexactly(length)

    async def end(self) -> int:
        """The code of the close frame that comes next, after which the peer ends its side."""
        opcode, payload = await self.next()
        assert opcode == CLOSE
        async with asyncio.timeout(5):
            assert await self.reader.read() == b""
        return struct.unpack("!H", payload[:2])[0] if payload else 1005


@asynccontextmanager
async def connected(rules: Rules = RULES) -> AsyncIterator[Peer]:
    async with echoing(rules) as (port, taken):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            b"GET / HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101")
        assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head
        try:
            yield Peer(reader, writer, taken[0])
        finally:
            writer.close()


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 1_000_000])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
async def test_messages_of_every_size_come_back(opcode: int, size: int) -> None:
    async with connected() as peer:
        peer.send(frame(opcode, b"*" * size))

        assert await peer.next() == (opcode, b"*" * size)


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
async def test_fragments_make_one_message(opcode: int) -> None:
    async with connected() as peer:
        peer.send(frame(opcode, b"one ", fin=False), frame(CONT, b"", fin=False), frame(CONT, b"two"))

        assert await peer.next() == (opcode, b"one two")


async def test_bytes_may_come_one_by_one() -> None:
    async with connected() as peer:
        for byte in frame(TEXT, "ünï".encode()):
            peer.send(bytes([byte]))
            await peer.writer.drain()

        assert await peer.next() == (TEXT, "ünï".encode())


async def test_control_frames_between_fragments_are_answered_first() -> None:
    async with connected() as peer:
        peer.send(frame(TEXT, b"a", fin=False), frame(PING, b"?"), frame(PONG, b"unasked"), frame(CONT, b"b"))

        assert await peer.next() == (PONG, b"?")
        assert await peer.next() == (TEXT, b"ab")


@pytest.mark.parametrize("size", [0, 1, 125])
async def test_a_ping_is_answered_with_its_payload(size: int) -> None:
    async with connected() as peer:
        peer.send(frame(PING, b"p" * size))

        assert await peer.next() == (PONG, b"p" * size)


@pytest.mark.parametrize(
    ("what", "code"),
    [
        (frame(TEXT, b"x", reserved=1), 1002),
        (frame(TEXT, b"x", reserved=2), 1002),
        (frame(PING, b"x", reserved=4), 1002),
        (frame(3, b"x"), 1002),
        (frame(7, b"x"), 1002),
        (frame(11, b"x"), 1002),
        (frame(TEXT, b"x", masked=False), 1002),
        (frame(CONT, b"x"), 1002),
        (frame(CONT, b"x", fin=False), 1002),
        (frame(TEXT, b"x", fin=False) + frame(TEXT, b"y"), 1002),
        (frame(PING, b"x", fin=False), 1002),
        (frame(PING, b"x" * 126), 1002),
        (frame(CLOSE, b"x"), 1002),
        (frame(CLOSE, struct.pack("!H", 999)), 1002),
        (frame(CLOSE, struct.pack("!H", 1005)), 1002),
        (frame(CLOSE, struct.pack("!H", 1006)), 1002),
        (frame(CLOSE, struct.pack("!H", 1000) + b"\xff"), 1007),
        (frame(TEXT, b"\xff"), 1007),
        (frame(TEXT, b"\xce\xba\xed\xa0\x80"), 1007),
        (frame(TEXT, b"\xf4\x90\x80\x80"), 1007),
        (frame(TEXT, b"\xe2\x82", fin=False) + frame(CONT, b"x"), 1007),
        (frame(TEXT, b"\xe2\x82"), 1007),
        (frame(TEXT, b"good", fin=False) + frame(CONT, b"\xff", fin=False), 1007),
    ],
)
async def test_a_breach_of_the_framing_has_its_code(what: bytes, code: int) -> None:
    async with connected() as peer:
        peer.send(what)

        assert await peer.end() == code
        await until(lambda: peer.echo.ends == [code])


async def test_a_character_may_be_split_between_fragments() -> None:
    async with connected() as peer:
        peer.send(frame(TEXT, b"\xe2\x82", fin=False), frame(CONT, b"\xac"))

        assert await peer.next() == (TEXT, "€".encode())


async def test_binary_fragments_need_not_be_text() -> None:
    async with connected() as peer:
        peer.send(frame(BINARY, b"\xff", fin=False), frame(CONT, b"\xfe"))

        assert await peer.next() == (BINARY, b"\xff\xfe")


@pytest.mark.parametrize("payload", [b"", *(struct.pack("!H", code) for code in (1000, 1001, 1011, 3000, 4999))])
async def test_a_close_frame_is_answered_with_its_code(payload: bytes) -> None:
    async with connected() as peer:
        peer.send(frame(CLOSE, payload))

        assert await peer.end() == (struct.unpack("!H", payload)[0] if payload else 1005)


async def test_a_close_between_fragments_is_a_close() -> None:
    async with connected() as peer:
        peer.send(frame(TEXT, b"x", fin=False), frame(CLOSE, struct.pack("!H", 1000)), frame(CONT, b"y"))

        assert await peer.end() == 1000
        assert peer.echo.ends == [1000]


async def test_nothing_behind_a_close_frame_is_heard() -> None:
    async with connected() as peer:
        peer.send(frame(CLOSE, struct.pack("!H", 1000)), frame(TEXT, b"late"), frame(PING))

        assert await peer.end() == 1000


async def test_a_lost_connection_ends_once_with_1006() -> None:
    async with connected() as peer:
        peer.send(frame(TEXT, b"x"))
        await peer.next()
        peer.writer.transport.abort()

        await until(lambda: peer.echo.ends == [1006])


async def test_a_peer_that_ends_without_a_close_frame_ends_with_1006() -> None:
    async with connected() as peer:
        peer.writer.write_eof()

        assert await asyncio.wait_for(peer.reader.read(), 5) == b""
        assert peer.echo.ends == [1006]


async def test_our_close_waits_for_the_answer_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gstreamer.actors.socket.CUT_AFTER_S", 0.05)
    async with connected() as peer:
        peer.echo.socket.close(4000, "shutdown")
        peer.echo.socket.close(4001, "again")

        assert await peer.end() == 4000
        assert peer.echo.ends == [4000]


LIMITED = Rules(max_message_bytes=1_000, too_large=(4503, "large"), messages_a_minute=5, too_many=(4504, "many"))


@pytest.mark.parametrize(
    ("what", "code"),
    [
        (lambda: frame(TEXT, b"x" * 1_001), 4503),
        (lambda: frame(TEXT, size=2**62), 4503),
        (lambda: frame(TEXT, b"x" * 600, fin=False) + frame(CONT, b"x" * 600), 4503),
        (lambda: frame(TEXT, b"x") * 6, 4504),
        (lambda: frame(TEXT, b"x", fin=False) + frame(CONT, b"", fin=False) * 60, 4504),
    ],
)
async def test_a_peer_that_goes_over_a_limit_gets_its_code(what: Callable[[], bytes], code: int) -> None:
    async with connected(LIMITED) as peer:
        peer.send(what())

        async with asyncio.timeout(5):
            while (message := await peer.next())[0] != CLOSE:
                assert message == (TEXT, b"x")
        assert struct.unpack("!H", message[1][:2])[0] == code


async def test_a_close_code_arrives_although_the_peer_is_still_sending() -> None:
    async with connected(LIMITED) as peer:
        peer.send(frame(TEXT, b"x" * 5_000_000))

        assert await peer.end() == 4503


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: here\r\n\r\n", b"426"),
        (b"POST / HTTP/1.1\r\nHost: here\r\n\r\n", b"405"),
        (b"GET / HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", b"431"),
    ],
)
async def test_what_is_no_handshake_is_answered_in_http(request_text: bytes, status: bytes) -> None:
    async with echoing() as (port, taken):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request_text)

        assert (await reader.readline()).split()[1] == status
        writer.close()
        await until(lambda: taken[0].ends == [1006])
