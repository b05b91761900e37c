"""Ray actors by name: each peer of core.ports as calls to the actor of that name, Ray's errors translated.

A peer that is dead, restarting or slow raises ``UnavailableError``; what our own methods raise comes through as
itself. Every call but ``attend`` has a deadline. A handle is looked up once and forgotten when its actor is gone,
so an actor that was made anew under its name is found by the next call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import ray
from ray.exceptions import ActorUnavailableError, RayError, RayTaskError

from gstreamer.actors.streamer_handle import StreamerHandle
from gstreamer.core.access import AppToken, Lease, Spent
from gstreamer.core.errors import UnavailableError
from gstreamer.core.events import Batch, Joined
from gstreamer.core.fold import StreamerState
from gstreamer.core.ids import CHAT, PLACEMENT, SUBSCRIPTIONS, TWITCH, Position
from gstreamer.core.placement import State
from gstreamer.core.ports import ConnectionView, Decided, Drained, Draining, HostStatus, Owner, Snapshot

NAMESPACE = "gstreamer"

CALL_S = 5.0
"""Deadline of a call that the peer answers at once."""
DELIVER_S = 10.0
LONG_POLL_S = 10.0
"""Placement answers a long poll after 5 s at the latest."""
WANT_S = 15.0
"""A new streamer is looked up at Twitch, and its topic is made."""
STOP_S = 10.0
ADMIT_S = 1.0
"""A process that gets no points so soon goes on by itself."""
TOKEN_S = 20.0
"""A new token takes a call to Twitch, with its tries."""

Find = Callable[[str], Any]
_T = TypeVar("_T")


def find_actor(name: str) -> Any:
    """
    Ray's handle of the actor of that name.

    Raises:
        ValueError: If there is none.
    """
    return ray.get_actor(name, namespace=NAMESPACE)


class Actor:
    """Calls to whatever actor has this name at the moment."""

    def __init__(self, name: str, find: Find) -> None:
        self.name = name
        self._find = find
        self._handle: Any = None

    def __repr__(self) -> str:
        return f"handle({self.name})"

    async def call(self, request: Callable[[Any], Awaitable[_T]], timeout_s: float | None = CALL_S) -> _T:
        """
        What the actor answers to ``request``, which makes the remote call on the handle that it is given.

        Raises:
            UnavailableError: If it does not exist, has died, is restarting or does not answer in time.
        """
        try:
            async with asyncio.timeout(timeout_s):
                if self._handle is None:
                    self._handle = await self._lookup()
                return await request(self._handle)
        except RayTaskError as error:
            raise _cause(self.name, error) from None
        except ActorUnavailableError:
            raise UnavailableError(f"{self.name} does not answer; it may be restarting") from None
        except RayError as error:
            self._handle = None
            raise UnavailableError(f"{self.name} is gone: {type(error).__name__}") from None
        except TimeoutError:
            raise UnavailableError(f"{self.name} did not answer within {timeout_s} s") from None

    async def _lookup(self) -> Any:
        try:
            # In a thread: it asks the GCS, and would hold the loop for as long as that is away.
            return await asyncio.to_thread(self._find, self.name)
        except ValueError:
            raise UnavailableError(f"there is no actor {self.name}") from None


def _cause(name: str, error: RayTaskError) -> Exception:
    cause = error.cause
    if isinstance(cause, Exception) and not isinstance(cause, RayError):
        return cause
    return UnavailableError(f"{name} failed: {cause}")


class HostHandle(Actor):
    """A streamer host (``core.ports.HostPeer``)."""

    async def attend(self, caller: str, incarnation: str) -> None:
        """Return never; raise when the host dies."""
        await self.call(lambda actor: actor.attend.remote(caller, incarnation), None)

    async def join(self, connection: str, incarnation: str, streamer_id: str, after: Position | None) -> Joined:
        """From now on have the streamer's batches sent there; what lies after ``after``."""
        return await self.call(lambda actor: actor.join.remote(connection, incarnation, streamer_id, after))

    async def leave(self, connection: str, incarnation: str, streamer_id: str) -> None:
        """Have the streamer's batches sent there no more."""
        await self.call(lambda actor: actor.leave.remote(connection, incarnation, streamer_id))

    async def since(self, streamer_id: str, after: Position) -> Joined:
        """What the history ring holds after ``after``."""
        return await self.call(lambda actor: actor.since.remote(streamer_id, after))

    async def state(self, streamer_ids: tuple[str, ...]) -> dict[str, StreamerState]:
        """What the logs tell of these streamers."""
        return await self.call(lambda actor: actor.state.remote(streamer_ids))

    async def assign(self, owners: tuple[Owner, ...]) -> None:
        """Have these streamers run with these generations."""
        await self.call(lambda actor: actor.assign.remote(owners))

    async def release(self, owners: tuple[Owner, ...]) -> None:
        """Have these streamers stopped."""
        await self.call(lambda actor: actor.release.remote(owners))

    async def trace(self, message_id: str) -> dict[str, int]:
        """When an event of the last ten minutes passed its stages there, Unix milliseconds."""
        return await self.call(lambda actor: actor.trace.remote(message_id))

    async def observe(self) -> HostStatus:
        """What it runs."""
        return await self.call(lambda actor: actor.observe.remote())

    async def stop(self) -> None:
        """Have everything given up in good order."""
        await self.call(lambda actor: actor.stop.remote(), STOP_S)


class ConnectionHandle(Actor):
    """A connection actor (``core.ports.ConnectionPeer``)."""

    async def attend(self, caller: str, incarnation: str) -> None:
        """Return never; raise when the actor dies."""
        await self.call(lambda actor: actor.attend.remote(caller, incarnation), None)

    async def deliver(self, host: str, incarnation: str, batches: tuple[Batch, ...]) -> tuple[str, ...]:
        """Hand over batches; the streamers that it does not want."""
        return await self.call(lambda actor: actor.deliver.remote(host, incarnation, batches), DELIVER_S)

    async def moved(self, owners: tuple[Owner, ...]) -> None:
        """Tell it new owners."""
        await self.call(lambda actor: actor.moved.remote(owners))

    async def trace(self, message_id: str) -> dict[str, int]:
        """When an event of the last ten minutes passed its stages there, Unix milliseconds."""
        return await self.call(lambda actor: actor.trace.remote(message_id))

    async def observe(self) -> ConnectionView:
        """How it stands."""
        return await self.call(lambda actor: actor.observe.remote())

    async def sessions(self) -> frozenset[str]:
        """The sessions that have a socket there."""
        return await self.call(lambda actor: actor.sessions.remote())

    async def drain(self, draining: Draining) -> None:
        """Have its sockets sent elsewhere, or stop that."""
        await self.call(lambda actor: actor.drain.remote(draining))

    async def stop(self) -> None:
        """Have every socket closed."""
        await self.call(lambda actor: actor.stop.remote(), STOP_S)


class PlacementHandle(Actor):
    """The placement actor (``core.ports.PlacementPeer``)."""

    async def snapshot(self, after_version: int) -> Snapshot:
        """The newest snapshot: at once if it is newer than that, else within 5 s."""
        return await self.call(lambda actor: actor.snapshot.remote(after_version), LONG_POLL_S)

    async def locate(self, streamer_id: str) -> Owner:
        """The owner of a streamer, assigned if it has none."""
        return await self.call(lambda actor: actor.locate.remote(streamer_id), LONG_POLL_S)

    async def keep(self, streamer_ids: frozenset[str]) -> None:
        """Say which streamers shall live."""
        await self.call(lambda actor: actor.keep.remote(streamer_ids))

    async def observe(self) -> dict[str, Any]:
        """How it stands, in numbers."""
        return await self.call(lambda actor: actor.observe.remote())

    async def explain(self) -> dict[str, Any]:
        """What it knows and has decided, for operators."""
        return await self.call(lambda actor: actor.explain.remote())

    async def knows(self) -> State:
        """What it decides from."""
        return await self.call(lambda actor: actor.knows.remote())

    async def why(self) -> tuple[Decided, ...]:
        """Its last decisions with their reasons."""
        return await self.call(lambda actor: actor.why.remote())

    async def drain(self, target: str, wanted: bool) -> None:
        """Have a node or a connection actor left by its viewers, or stop that."""
        await self.call(lambda actor: actor.drain.remote(target, wanted))

    async def drained(self, target: str) -> Drained:
        """How far it has been left."""
        return await self.call(lambda actor: actor.drained.remote(target))

    async def stop(self) -> None:
        """Have every actor of the ws side ended in good order."""
        await self.call(lambda actor: actor.stop.remote(), STOP_S)


class SubscriptionsHandle(Actor):
    """The subscriptions actor (``core.ports.SubscriptionsPeer``)."""

    async def want(self, streamer_id: str) -> bool:
        """See that the streamer has a topic and is subscribed at Twitch."""
        return await self.call(lambda actor: actor.want.remote(streamer_id), WANT_S)

    async def watching(self, connection: str, incarnation: str, viewers: Mapping[str, int]) -> None:
        """Say which streamers are watched there, by how many."""
        await self.call(lambda actor: actor.watching.remote(connection, incarnation, viewers))

    async def favourites_changed(self) -> None:
        """Have favourites read anew."""
        await self.call(lambda actor: actor.favourites_changed.remote())

    async def polled(self) -> frozenset[str]:
        """The streamers that are asked about, since no events come for them."""
        return await self.call(lambda actor: actor.polled.remote())

    async def granted(self, user_id: str) -> None:
        """Have what this person has granted read anew."""
        await self.call(lambda actor: actor.granted.remote(user_id))

    async def observe(self) -> dict[str, Any]:
        """How it stands: what is kept, subscribed and spent, and how each of its steps fares."""
        return await self.call(lambda actor: actor.observe.remote())


class AccessHandle(Actor):
    """The actor ``twitch`` (``core.ports.AccessPeer``)."""

    async def app_token(self, refused: str) -> AppToken:
        """Our own token, not the one of that fingerprint."""
        return await self.call(lambda actor: actor.app_token.remote(refused), TOKEN_S)

    async def admit(self, caller: str, wanted: int, spent: Spent) -> Lease:
        """Points of our bucket."""
        return await self.call(lambda actor: actor.admit.remote(caller, wanted, spent), ADMIT_S)

    async def told(self, caller: str, spent: Spent) -> None:
        """Tell what was spent."""
        await self.call(lambda actor: actor.told.remote(caller, spent), ADMIT_S)

    async def observe(self) -> dict[str, Any]:
        """How the bucket is believed to be."""
        return await self.call(lambda actor: actor.observe.remote())


class ChatHandle(Actor):
    """The chat reader (``core.ports.ChatPeer``)."""

    async def attend(self, caller: str, incarnation: str) -> None:
        """Return never; raise when it dies."""
        await self.call(lambda actor: actor.attend.remote(caller, incarnation), None)

    async def watching(self, connection: str, incarnation: str, chats: dict[str, tuple[str, ...]]) -> None:
        """Say which chats are watched there, and by whom."""
        await self.call(lambda actor: actor.watching.remote(connection, incarnation, chats))

    async def reading(self) -> frozenset[str]:
        """The streamers whose chats are read now."""
        return await self.call(lambda actor: actor.reading.remote())

    async def observe(self) -> dict[str, Any]:
        """How it stands, in numbers."""
        return await self.call(lambda actor: actor.observe.remote())


class Handles:
    """
    Every actor by name; one object a process, so that each handle is looked up once.

    Args:
        find: How an actor is found by its name.
    """

    def __init__(self, find: Find = find_actor) -> None:
        self._find = find
        self._hosts: dict[str, HostHandle] = {}
        self._connections: dict[str, ConnectionHandle] = {}
        self._placement = PlacementHandle(PLACEMENT, find)
        self._subscriptions = SubscriptionsHandle(SUBSCRIPTIONS, find)
        self._twitch = AccessHandle(TWITCH, find)
        self._chat = ChatHandle(CHAT, find)

    def host(self, name: str) -> HostHandle:
        """The streamer host of that name."""
        if name not in self._hosts:
            self._hosts[name] = HostHandle(name, self._find)
        return self._hosts[name]

    def connection(self, name: str) -> ConnectionHandle:
        """The connection actor of that name."""
        if name not in self._connections:
            self._connections[name] = ConnectionHandle(name, self._find)
        return self._connections[name]

    def streamer(self, streamer_id: str) -> StreamerHandle:
        """The streamer of that Twitch id; the object remembers the owner, so keep it for further calls."""
        return StreamerHandle(streamer_id, self)

    def placement(self) -> PlacementHandle:
        """The placement actor."""
        return self._placement

    def subscriptions(self) -> SubscriptionsHandle:
        """The subscriptions actor."""
        return self._subscriptions

    def chat(self) -> ChatHandle:
        """The chat reader."""
        return self._chat

    def twitch(self) -> AccessHandle:
        """The actor that has our access to Twitch."""
        return self._twitch
