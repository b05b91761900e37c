"""Real sockets against a connection actor: who gets in, what they get, and how they go."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket as sockets
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from gstreamer.actors import desk, feeds
from gstreamer.core.admission import Limits
from gstreamer.core.events import EventClass
from gstreamer.core.ids import Position
from gstreamer.core.ports import Owner
from gstreamer.core.relay import HEADER, Relayed, sign_relayed
from tests.checker import check
from tests.socket_rig import NAME, ORIGIN, RELAY_KEY, Rig, rig, until, wall_ms

ONE, TWO = "1001", "1002"


async def opened(world: Rig, hello: Any = None, **options: Any) -> ClientConnection:
    """A raw socket, with this hello sent (by default a good one)."""
    options = {"subprotocols": ["gstreamer.v1"], "compression": None, "proxy": None, "ping_interval": None, **options}
    ws = await connect(world.url, **options)
    if hello is None:
        hello = {"type": "hello", "ticket": world.ticket()}
    if hello:
        with contextlib.suppress(ConnectionClosed):  # some are refused before they can speak
            await ws.send(hello if isinstance(hello, str | bytes) else json.dumps(hello))
    return ws


async def end_of(ws: ClientConnection) -> int:
    """The close code that a socket ends with."""
    async with asyncio.timeout(10):
        try:
            while True:
                await ws.recv()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006


async def received(ws: ClientConnection, kind: str) -> dict[str, Any]:
    """The next message of a type."""
    async with asyncio.timeout(10):
        while True:
            message = json.loads(await ws.recv())
            if message["type"] == kind:
                return message  # type: ignore[no-any-return]


async def test_a_viewer_is_welcomed_and_gets_events_in_order() -> None:
    async with rig(ONE, TWO) as world, world.viewer(origin=ORIGIN) as viewer:
        assert await viewer.subscribe(ONE) == {
            "type": "subscribed",
            "streamer_id": ONE,
            "position": "e1:-1",
            "recovery": "complete",
        }
        await viewer.subscribe(TWO)
        said = {ONE: await world.host.say(ONE, 5), TWO: await world.host.say(TWO, 3)}
        await viewer.until(lambda: len(viewer.events[ONE]) == 5 and len(viewer.events[TWO]) == 3)

        assert check(said, {"viewer": viewer.seen()}) == []
        assert viewer.positions == {ONE: "e1:4", TWO: "e1:2"}
        welcome = viewer.welcomes[0]
        assert (welcome["user_id"], welcome["ping_interval_s"]) == ("4242", 25)
        assert repr(world.connection) == f"{NAME} sockets=1"
        assert set(await world.connection.trace(said[ONE][0])) == {"received", "written"}
        await until(lambda: world.subscriptions.watched[-1:] == [{ONE: 1, TWO: 1}])


async def test_the_sessions_of_welcomed_sockets_are_told() -> None:
    async with rig(ONE) as world, world.viewer() as viewer:
        await viewer.until(lambda: bool(viewer.welcomes))
        silent = await opened(world, hello=False)

        assert await world.connection.sessions() == {"session-1"}
        await silent.close()


@pytest.mark.parametrize(
    ("hello", "code"),
    [
        ("not json", 4502),
        ("[]", 4502),
        (b"\x00\x01", 4502),
        ({"type": "subscribe", "streamer_id": ONE}, 4502),
        ({"type": "shout"}, 4502),
        ({"type": "pong"}, 4502),
        ({"type": "hello"}, 4500),
        ({"type": "hello", "ticket": 5}, 4500),
        ({"type": "hello", "ticket": "x" * 60_000}, 4500),
        ({"type": "hello", "ticket": "forged.ticket"}, 4500),
        ({"type": "hello", "ticket": "x" * 70_000}, 4503),
        ("x" * 1_000_000, 4503),
    ],
)
async def test_what_is_no_good_hello_closes_with_its_code(hello: Any, code: int) -> None:
    async with rig() as world:
        ws = await opened(world, hello)

        assert await end_of(ws) == code
        await until(lambda: repr(world.connection).endswith("sockets=0"))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"connection": "connection:there:0"}, 4006),
        ({"issued_ms": 0}, 4006),
        ({"expires_ms": 1}, 4006),
        ({"session_id": "over"}, 4501),
        ({"kind": "resume", "expires_ms": 1}, 4006),
    ],
)
async def test_a_ticket_that_does_not_open_closes_with_its_code(changes: dict[str, Any], code: int) -> None:
    async with rig() as world:
        world.sessions.over.add("over")
        ws = await opened(world, {"type": "hello", "ticket": world.ticket(**changes)})

        assert await end_of(ws) == code


async def test_a_ticket_opens_one_socket() -> None:
    async with rig() as world:
        first = {"type": "hello", "ticket": world.ticket()}
        ws = await opened(world, first)
        resume = {"type": "hello", "ticket": (await received(ws, "welcome"))["resume_ticket"]}

        assert await end_of(await opened(world, first)) == 4500
        again = await opened(world, resume)
        assert (await received(again, "welcome"))["resume_ticket"] != resume["ticket"]
        assert await end_of(await opened(world, resume)) == 4006
        await ws.close()
        await again.close()


async def test_a_second_hello_and_too_many_messages_end_a_socket() -> None:
    async with rig() as world:
        twice = await opened(world)
        await twice.send(json.dumps({"type": "hello", "ticket": world.ticket()}))
        chatty = await opened(world)
        for _ in range(121):
            await chatty.send('{"type":"pong"}')
        binary = await opened(world)
        await binary.send(b"bytes")
        pinging = await opened(world)
        for _ in range(1_300):
            await pinging.ping()

        assert await end_of(twice) == 4502
        assert await end_of(chatty) == 4504
        assert await end_of(binary) == 4502
        assert await end_of(pinging) == 4504


async def test_a_socket_may_send_120_messages_a_minute() -> None:
    async with rig() as world:
        ws = await opened(world)
        for _ in range(118):
            await ws.send('{"type":"pong"}')
        await ws.send('{"type":"shout"}')

        assert (await received(ws, "error"))["code"] == "unknown_type"
        await ws.close()


async def test_a_refused_request_leaves_the_socket_open() -> None:
    async with rig(ONE, subscriptions=2) as world, world.viewer() as viewer:
        world.subscriptions.known |= {"7", "8"}
        for message, code in (
            ({"type": "subscribe"}, "bad_request"),
            ({"type": "subscribe", "streamer_id": ONE, "position": 5}, "bad_position"),
            ({"type": "dance"}, "unknown_type"),
            ({"type": "subscribe", "streamer_id": "99"}, "unknown_streamer"),
        ):
            count = len(viewer.errors)
            await viewer.send(message)
            await viewer.until(lambda count=count: len(viewer.errors) > count)  # type: ignore[misc]
            assert viewer.errors[-1]["code"] == code
        world.subscriptions.down = True
        assert (await viewer.subscribe("7"))["code"] == "unavailable"
        world.subscriptions.down = False
        assert (await viewer.subscribe(ONE))["type"] == "subscribed"
        await viewer.subscribe("7", wait=False)
        await viewer.subscribe("8", wait=False)
        await viewer.until(lambda: viewer.errors[-1]["code"] == "too_many_subscriptions")

        assert viewer.errors[-1]["streamer_id"] == "8"
        assert viewer.closes == []


async def test_wishes_in_a_hello_are_judged_each_by_itself() -> None:
    async with rig(ONE) as world:
        resume = {ONE: None, "x": None, "99": None, TWO: 5}
        ws = await opened(world, {"type": "hello", "ticket": world.ticket(), "resume": resume})
        await received(ws, "welcome")
        answers = [json.loads(await ws.recv()) for _ in range(4)]

        assert {(one.get("streamer_id"), one.get("code", one["type"])) for one in answers} == {
            (ONE, "subscribed"),
            (None, "bad_request"),
            ("99", "unknown_streamer"),
            (TWO, "bad_position"),
        }
        await ws.close()


async def test_unsubscribing_ends_the_events_and_says_where() -> None:
    async with rig(ONE) as world, world.viewer() as viewer:
        await viewer.subscribe(ONE)
        await world.host.say(ONE, 2)
        await viewer.until(lambda: len(viewer.events[ONE]) == 2)

        assert await viewer.unsubscribe(ONE) == {"type": "unsubscribed", "streamer_id": ONE, "position": "e1:1"}
        assert (await viewer.unsubscribe(TWO))["position"] is None
        await world.host.say(ONE)
        assert (await viewer.subscribe(ONE, "e1:1"))["recovery"] == "complete"
        await viewer.until(lambda: len(viewer.events[ONE]) == 3)


async def test_an_unsubscribe_overtakes_a_wish_that_is_looked_up() -> None:
    async with rig(ONE) as world, world.viewer() as viewer:
        world.subscriptions.gate = asyncio.Event()
        await viewer.subscribe(ONE, wait=False)
        await until(lambda: bool(world.subscriptions.wanted))
        await viewer.unsubscribe(ONE)
        world.subscriptions.gate.set()
        await viewer.subscribe(ONE)

        assert len(viewer.subscribed[ONE]) == 1


async def test_many_who_want_one_streamer_ask_for_it_once() -> None:
    async with rig(ONE) as world:
        viewers = [world.viewer() for _ in range(20)]
        for viewer in viewers:
            await viewer.__aenter__()
        await asyncio.gather(*(viewer.subscribe(ONE) for viewer in viewers))

        assert world.subscriptions.wanted == [ONE]
        assert len(world.host.joins) == 1
        await asyncio.gather(*(viewer.close() for viewer in viewers))


async def test_a_filter_takes_its_types_and_its_cursor_moves_over_the_rest() -> None:
    async with rig(ONE) as world, world.viewer() as viewer:
        await viewer.subscribe(ONE, types=["channel.*"])
        await world.host.say(ONE)
        await world.host.say(ONE, event_type="channel.cheer")
        await world.host.say(ONE)
        await viewer.until(lambda: len(viewer.events[ONE]) == 1)
        assert viewer.positions[ONE] == "e1:1"

        world.connection._desk.fanout.move_cursors(ONE)

        await viewer.until(lambda: viewer.positions[ONE] == "e1:2")
        assert [event["type"] for event in viewer.events[ONE]] == ["channel.cheer"]


async def test_a_second_subscribe_goes_on_after_the_last_position_sent() -> None:
    async with rig(ONE) as world, world.viewer() as viewer:
        await viewer.subscribe(ONE, types=["channel.*"])
        await world.host.say(ONE, 3)
        await world.host.say(ONE, event_type="channel.cheer")
        await viewer.until(lambda: len(viewer.events[ONE]) == 1)

        assert (await viewer.subscribe(ONE))["position"] == "e1:3"


@pytest.mark.parametrize(("origin", "code"), [(None, 0), (ORIGIN, 0), ("http://evil.example", 4506), ("null", 4506)])
async def test_a_page_of_another_origin_is_refused(origin: str | None, code: int) -> None:
    async with rig() as world:
        ws = await opened(world, origin=origin)
        if code:
            assert await end_of(ws) == code
        else:
            assert (await received(ws, "welcome"))["user_id"] == "4242"
            await ws.close()


async def test_a_relay_speaks_for_its_client() -> None:
    async with rig(limits=Limits(100, 100, 1)) as world:

        def header(address: str, origin: str | None, key: bytes = RELAY_KEY) -> dict[str, Any]:
            return {"additional_headers": {HEADER: sign_relayed(key, Relayed(address, origin), wall_ms())}}

        first = await opened(world, **header("192.0.2.1", ORIGIN))
        await received(first, "welcome")

        assert await end_of(await opened(world, **header("192.0.2.1", None))) == 4505
        assert await end_of(await opened(world, **header("192.0.2.2", "http://evil.example"))) == 4506
        assert await end_of(await opened(world, **header("192.0.2.3", None, b"x" * 32))) == 4506
        await first.close()


async def test_another_subprotocol_is_refused_and_none_is_taken_as_this_one() -> None:
    async with rig() as world:
        assert await end_of(await opened(world, {}, subprotocols=["gstreamer.v9"])) == 4502
        ws = await opened(world, subprotocols=None)
        assert (await received(ws, "welcome"))["type"] == "welcome"
        both = await opened(world, subprotocols=["gstreamer.v9", "gstreamer.v1"])
        assert both.subprotocol == "gstreamer.v1"
        await ws.close()
        await both.close()


async def test_compression_is_not_agreed_on() -> None:
    async with rig() as world:
        ws = await opened(world, compression="deflate")

        assert ws.protocol.extensions == []
        await ws.close()


async def test_limits_on_users_and_on_sockets_close_with_their_codes() -> None:
    async with rig(limits=Limits(3, 2, 100)) as world:
        kept = [await opened(world) for _ in range(2)]
        for ws in kept:
            await received(ws, "welcome")

        assert await end_of(await opened(world)) == 4505
        await until(lambda: repr(world.connection).endswith("sockets=2"))
        other = await opened(world, {"type": "hello", "ticket": world.ticket(user="7")})
        await received(other, "welcome")
        assert await end_of(await opened(world, {})) == 4004
        for ws in [*kept, other]:
            await ws.close()
        await until(lambda: repr(world.connection).endswith("sockets=0"))


async def test_an_ended_session_closes_its_sockets_and_no_others() -> None:
    async with rig() as world:
        ended = await opened(world, {"type": "hello", "ticket": world.ticket(session="a")})
        revoked = await opened(world, {"type": "hello", "ticket": world.ticket(session="b")})
        kept = await opened(world, {"type": "hello", "ticket": world.ticket(session="c")})
        for ws in (ended, revoked, kept):
            await received(ws, "welcome")

        world.sessions.end("a")
        world.sessions.end("b", "grant_revoked")

        assert await end_of(ended) == 4501
        assert (await received(revoked, "state"))["state"] == "grant_revoked"
        assert await end_of(revoked) == 4501
        await kept.send('{"type":"unsubscribe","streamer_id":"1"}')
        assert (await received(kept, "unsubscribed"))["streamer_id"] == "1"
        await kept.close()


async def test_no_socket_is_accepted_before_ended_sessions_are_known() -> None:
    world = Rig((ONE,))
    world.sessions.readable.clear()
    await world.start()
    try:
        view = await world.connection.observe()
        assert (view.accepting, view.port) == (False, 0)

        world.sessions.readable.set()

        while not (await world.connection.observe()).accepting:
            await asyncio.sleep(0.005)
        world.sessions.breaks.set()
        await until(lambda: world.sessions.follows == 2)
    finally:
        await world.connection.stop()


async def test_a_port_that_is_taken_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gstreamer.actors.listener.RETRY_S", 0.01)
    blocker = sockets.create_server(("127.0.0.1", 0))
    world = Rig((ONE,))
    world.options = world.options._replace(port=blocker.getsockname()[1])
    starting = asyncio.create_task(world.start())
    try:
        await until(lambda: world.sessions.follows == 1)
        assert not (await world.connection.observe()).accepting
        blocker.close()

        await asyncio.wait_for(starting, 5)

        assert (await world.connection.observe()).port == world.options.port
    finally:
        blocker.close()
        await world.connection.stop()


async def test_whoever_does_not_say_hello_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk.protocol, "HELLO_TIMEOUT_S", 0.0)
    async with rig() as world:
        silent = await opened(world, {})
        reader, writer = await asyncio.open_connection(*world.url[5:-1].split(":"))

        assert await end_of(silent) == 4003
        assert await asyncio.wait_for(reader.read(), 5) == b""  # not even a handshake
        writer.close()


async def test_a_viewer_who_answers_pings_stays_and_one_who_does_not_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gstreamer.actors.connection.TICK_S", 0.02)
    async with rig(ping_interval_s=1) as world, world.viewer() as good:
        async with world.viewer(resume=False) as mute:
            mute.answer_pings = False

            await mute.until(lambda: bool(mute.closes))

            assert mute.closes == [(4002, "no pong")]
            assert mute.pings == 2
        await good.until(lambda: good.pings > 10)
        assert good.closes == []


async def test_a_half_open_socket_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gstreamer.actors.connection.TICK_S", 0.02)
    monkeypatch.setattr("gstreamer.actors.socket.CUT_AFTER_S", 0.05)
    async with rig(ping_interval_s=1) as world:
        ws = await opened(world)
        await received(ws, "welcome")
        ws.transport.pause_reading()  # its kernel takes bytes, its program is gone

        await until(lambda: repr(world.connection).endswith("sockets=0"))
        ws.transport.resume_reading()
        assert await end_of(ws) == 4002


async def test_stopping_closes_every_socket_with_4000_and_leaves_the_hosts() -> None:
    async with rig(ONE) as world, world.viewer(resume=False) as viewer:
        await viewer.subscribe(ONE)

        await world.connection.stop()

        await viewer.until(lambda: viewer.closes == [(4000, "shutdown")])
        assert world.host.left == [ONE]
        with pytest.raises(OSError, match="Connect"):
            await asyncio.open_connection(*world.url[5:-1].split(":"))


async def test_a_streamer_nobody_watches_is_left_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "LINGER_S", 0.05)
    async with rig(ONE) as world, world.viewer() as viewer:
        await viewer.subscribe(ONE)
        await viewer.unsubscribe(ONE)

        await until(lambda: world.host.left == [ONE])

        await until(lambda: world.subscriptions.watched[-1:] == [{}])
        assert world.connection._desk.hub.streamers() == ()
        world.host.joined[ONE] = world.logs[ONE].head
        await world.host.say(ONE)
        assert world.host.unwanted == []  # it was told by leave: saying so again could undo a new join
        await viewer.subscribe(ONE)
        said = await world.host.say(ONE)
        await viewer.until(lambda: [event["id"] for event in viewer.events[ONE]] == said)


async def test_a_host_nobody_joined_is_told_so() -> None:
    async with rig(ONE) as world:
        world.host.joined[ONE] = -1
        await world.host.say(ONE)

        assert world.host.unwanted == [ONE]


async def test_the_details_for_operators_name_the_streamers() -> None:
    async with rig(ONE) as world, world.viewer() as viewer:
        await viewer.subscribe(ONE)

        details = await world.connection.describe()

        assert details["streamers"] == {ONE: {"subscribers": 1, "ready": True, "degraded": False}}
        assert details["sockets"] == 1


async def test_a_new_owner_is_joined_when_placement_says_so() -> None:
    async with rig(ONE) as world, world.viewer() as viewer:
        await viewer.subscribe(ONE)
        old = world.host
        said = await old.say(ONE, 2)
        new = world.add_host("streamers:there:0", 5)

        await world.connection.moved((Owner(ONE, new.name, 5),))
        await until(lambda: ONE in new.joined)
        old.logs[ONE].write()
        said += [world.logs[ONE].events[-1].message_id]
        await new.deliver()
        await old.deliver()  # it was thought dead and is not: an old generation is not heard
        said += await new.say(ONE, 2)
        await viewer.until(lambda: len(viewer.events[ONE]) == 5)

        assert check({ONE: said}, {"viewer": viewer.seen()}) == []
        assert new.joins == [(ONE, Position("e1", 1))]
        assert old.unwanted == [ONE]
        await world.connection.moved((Owner(ONE, new.name, 5),))
        assert len(new.joins) == 1


async def test_chat_and_states_have_their_classes_in_the_events() -> None:
    async with rig(ONE) as world, world.viewer() as viewer:
        await viewer.subscribe(ONE)
        await world.host.say(ONE, event_type="channel.chat.message", event_class=EventClass.CHAT)
        await viewer.until(lambda: len(viewer.events[ONE]) == 1)

        assert viewer.events[ONE][0]["class"] == "chat"
