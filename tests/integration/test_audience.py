"""A connection actor names those who watch a chat and may read it, at each change, and nobody else."""

from __future__ import annotations

from tests.socket_rig import Viewer, rig, until

STREAMER, OTHER = "1001", "1002"


async def test_who_watches_a_chat_and_may_read_it_is_named_until_they_leave() -> None:
    async with rig(STREAMER, OTHER) as here:

        async def may() -> tuple[str, str]:
            return here.url, here.ticket("7", reads_chat=True)

        async with here.viewer() as without, Viewer(may) as reader:
            await without.subscribe(STREAMER)
            await reader.subscribe(STREAMER)
            await reader.subscribe(OTHER, types=["stream.*"])
            await until(lambda: here.chat.watched[-1:] == [{STREAMER: ("7",)}])

            await reader.subscribe(STREAMER, types=["-channel.chat.*"])
            await until(lambda: here.chat.watched[-1] == {})
            await reader.subscribe(OTHER)
            await until(lambda: here.chat.watched[-1] == {OTHER: ("7",)})

        await until(lambda: here.chat.watched[-1] == {})


async def test_a_chat_reader_that_is_away_is_told_later() -> None:
    async with rig(STREAMER) as here:
        here.chat.down = True

        async def may() -> tuple[str, str]:
            return here.url, here.ticket("7", reads_chat=True)

        async with Viewer(may) as reader:
            await reader.subscribe(STREAMER)
            here.chat.down = False

            await until(lambda: here.chat.watched[-1:] == [{STREAMER: ("7",)}])


async def test_a_chat_reader_that_is_new_is_told_at_once() -> None:
    async with rig(STREAMER) as here:

        async def may() -> tuple[str, str]:
            return here.url, here.ticket("7", reads_chat=True)

        async with Viewer(may) as reader:
            await reader.subscribe(STREAMER)
            await until(lambda: here.chat.watched[-1:] == [{STREAMER: ("7",)}])
            here.chat.watched.clear()

            here.chat.died.set()

            await until(lambda: here.chat.watched[-1:] == [{STREAMER: ("7",)}])
