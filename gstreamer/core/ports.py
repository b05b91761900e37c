"""What the parts ask of each other: messages and protocols, so that each can be built with a fake of the rest.

Actors know each other by these, never by class. Every method of a ``...Peer`` is one Ray call in production
(``actors/handles.py``); there, a dead or restarting peer raises ``UnavailableError``. Calls may be repeated and
may come late, so each says what the state shall be, not what to change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple, Protocol

from gstreamer.core.errors import GStreamerError, UnavailableError
from gstreamer.core.events import Batch, Joined
from gstreamer.core.fold import StreamerState
from gstreamer.core.ids import Position
from gstreamer.core.records import Outgoing, Record

Draining = Literal["", "actor", "node"]
"""What is left by its viewers: nothing, one connection actor (which is made anew then), or its whole node."""


class NotOwnerError(UnavailableError):
    """This host does not own that streamer (any more, or yet): ask placement again."""


class Owner(NamedTuple):
    """Who runs a streamer: the host's actor name and the generation that placement gave it."""

    streamer_id: str
    host: str
    generation: int


class ConnectionView(NamedTuple):
    """
    A connection actor in placement's snapshot.

    Attributes:
        name: Actor name, ``connection:<node>:<n>``.
        node: Name of its node, for WS__PUBLIC_URL's ``{node}``.
        address: IP that replicas reach its listener at.
        port: Port of its listener.
        incarnation: New at each start of the process.
        sockets: Open sockets when it was last seen.
        capacity: Most sockets it takes.
        accepting: Whether it takes new sockets (listening, session log read, not draining).
        draining: Whether its sockets are sent elsewhere, and why.
    """

    name: str
    node: str
    address: str
    port: int
    incarnation: str
    sockets: int
    capacity: int
    accepting: bool
    draining: Draining = ""


class HostView(NamedTuple):
    """A streamer host in placement's snapshot: its name, node, incarnation and the streamers it owns."""

    name: str
    node: str
    incarnation: str
    streamers: int


class Decided(NamedTuple):
    """A decision of placement: when (Unix milliseconds), what, and why."""

    at_ms: int
    what: str
    why: str


class Drained(NamedTuple):
    """
    How far a node or connection actor has been left.

    Attributes:
        sockets: Sockets that are still there.
        streamers: Streamers that are still run there.
        done: Whether it has been left; a connection actor alone is made anew then.
    """

    sockets: int
    streamers: int
    done: bool


class HostStatus(NamedTuple):
    """
    What a streamer host says of itself; placement rebuilds its own state from it.

    Attributes:
        name: Actor name.
        node: Name of its node.
        incarnation: New at each start of the process.
        owners: The streamers it runs, with the generations it runs them by.
    """

    name: str
    node: str
    incarnation: str
    owners: tuple[Owner, ...]


class Snapshot(NamedTuple):
    """What placement publishes, so that a replica can decide by itself (``core.placement``)."""

    version: int
    at_ms: int
    connections: tuple[ConnectionView, ...]
    hosts: tuple[HostView, ...]


class HostPeer(Protocol):
    """A streamer host, as connection actors and placement see it."""

    async def attend(self, caller: str, incarnation: str) -> None:
        """
        Never return while the host lives: a failing call is how the caller learns of its death.

        A host's state about a connection actor is keyed by that actor's incarnation.
        """

    async def join(self, connection: str, incarnation: str, streamer_id: str, after: Position | None) -> Joined:
        """
        From now on send this streamer's batches to that connection actor; answer with what lies after ``after``.

        Joining again replaces the first join. ``None`` means from the head.

        Raises:
            NotOwnerError: The streamer is not (or not yet) run here.
        """

    async def leave(self, connection: str, incarnation: str, streamer_id: str) -> None:
        """Send this streamer's batches there no more."""

    async def since(self, streamer_id: str, after: Position) -> Joined:
        """
        What the history ring holds after ``after``, without joining; complete or from where nothing is missing.

        Raises:
            NotOwnerError: The streamer is not run here.
        """

    async def state(self, streamer_ids: tuple[str, ...]) -> dict[str, StreamerState]:
        """What the logs tell of these streamers, of those that are run here."""

    async def assign(self, owners: tuple[Owner, ...]) -> None:
        """Placement: run these streamers with these generations (a higher generation replaces a lower)."""

    async def release(self, owners: tuple[Owner, ...]) -> None:
        """Placement: stop these streamers, unless a higher generation has been assigned since."""

    async def observe(self) -> HostStatus:
        """What it runs at the moment; answers at once."""

    async def stop(self) -> None:
        """Placement: give up everything in good order; the process is ended after that."""


class ConnectionPeer(Protocol):
    """A connection actor, as hosts and placement see it."""

    async def attend(self, caller: str, incarnation: str) -> None:
        """Never return while the connection actor lives."""

    async def deliver(self, host: str, incarnation: str, batches: tuple[Batch, ...]) -> tuple[str, ...]:
        """
        Take batches, in order; at most one call of a host is in flight, <= 64 KiB or one event.

        Returns:
            Ids of streamers that it does not want from this host (any more): the host forgets the join.
        """

    async def moved(self, owners: tuple[Owner, ...]) -> None:
        """
        Placement: these streamers have these owners now; whoever serves one of them joins it there.

        Told at each decision and at placement's own restart, so an owner that is known already changes nothing.
        """

    async def observe(self) -> ConnectionView:
        """How it stands at the moment; answers at once."""

    async def sessions(self) -> frozenset[str]:
        """The api: the sessions that have a welcomed socket here, which is a use of them."""

    async def drain(self, draining: Draining) -> None:
        """Placement: send every socket elsewhere and take no new ones, or (empty) take sockets again."""

    async def stop(self) -> None:
        """Placement: close every socket with SHUTDOWN and the listener; the process is ended after that."""


class PlacementPeer(Protocol):
    """The placement actor, as everybody sees it."""

    async def snapshot(self, after_version: int) -> Snapshot:
        """The newest snapshot, as soon as its version is above ``after_version``, or after 5 s as it is."""

    async def locate(self, streamer_id: str) -> Owner:
        """
        The owner of a streamer, which is assigned to a host if it has none.

        Raises:
            UnavailableError: No host can be had at the moment.
        """

    async def drain(self, target: str, wanted: bool) -> None:
        """
        An operator: have a node or a connection actor left by its viewers (and streamers), or stop that.

        Raises:
            RejectedError: There is no such node or actor, or nobody else could take its viewers.
        """

    async def drained(self, target: str) -> Drained:
        """An operator: how far a node or connection actor has been left."""

    async def keep(self, streamer_ids: frozenset[str]) -> None:
        """Subscriptions: exactly these streamers shall live (wanted ones and those that linger)."""


class Peers(Protocol):
    """Finding actors by name (``actors.handles.Handles``)."""

    def host(self, name: str) -> HostPeer:
        """The streamer host of that name."""

    def connection(self, name: str) -> ConnectionPeer:
        """The connection actor of that name."""


class SubscriptionsPeer(Protocol):
    """The subscriptions actor, as connection actors and api replicas see it."""

    async def want(self, streamer_id: str) -> bool:
        """
        See that this streamer has a topic and gets subscribed at Twitch; return once the topic exists.

        Returns:
            False if Twitch knows no such user.

        Raises:
            UnavailableError: Kafka or Twitch do not answer, and the streamer has no topic yet.
        """

    async def watching(self, connection: str, incarnation: str, viewers: Mapping[str, int]) -> None:
        """Connection actors, at each change and every 30 s: exactly these streamers are watched there, by so many."""

    async def favourites_changed(self) -> None:
        """The api: read favourites anew soon (they are read every 30 s anyway)."""

    async def polled(self) -> frozenset[str]:
        """The streamers that Twitch's cost budget has no room for: no events come for them, they are asked about."""

    async def granted(self, user_id: str) -> None:
        """The api: this person has just signed in, perhaps with other scopes (they are read every 30 s anyway)."""


class ChatPeer(Protocol):
    """The chat reader, as connection actors and api replicas see it."""

    async def attend(self, caller: str, incarnation: str) -> None:
        """Never return while it lives: whoever calls tells it again what is watched as soon as this fails."""

    async def watching(self, connection: str, incarnation: str, chats: dict[str, tuple[str, ...]]) -> None:
        """Connection actors, at each change and every 30 s: exactly these chats are watched there, by these."""

    async def reading(self) -> frozenset[str]:
        """The streamers whose chats are read now."""


class Log(Protocol):
    """Writing to Kafka (``kafka.producer``)."""

    async def send(self, record: Outgoing, timeout_s: float = 2.0) -> int:
        """
        Write one record durably (acks=all, idempotent) and return its offset.

        Raises:
            UnavailableError: Kafka did not confirm it in time; it may or may not have been written.
        """


class LogReader(Protocol):
    """Reading Kafka by explicit places (``kafka.consumer``)."""

    async def assign(
        self,
        topic: str,
        partition: int,
        offset: int,
        sink: Callable[[list[Record]], None],
        failed: Callable[[GStreamerError], None] | None = None,
    ) -> None:
        """
        Give the records from ``offset`` on to ``sink``, in order, on the event loop's thread.

        Assigning a partition again replaces the first: its sink gets nothing more.

        Args:
            topic: The topic.
            partition: Its partition.
            offset: First offset that is wanted.
            sink: Takes records as they come, at once.
            failed: Told when no more can come: UnrecoverablePositionError if ``offset`` is no longer (or not
                yet) in the log, UnavailableError if the topic is gone or refused.

        Raises:
            UnavailableError: Kafka does not answer, or has no such topic.
        """

    async def unassign(self, topic: str, partition: int) -> None:
        """Read this partition no more; its sink gets nothing after this has returned."""

    async def close(self) -> None:
        """Stop reading everything."""


class LogAdmin(Protocol):
    """Asking Kafka about topics (``kafka.admin``); everything raises UnavailableError."""

    async def topic_id(self, topic: str) -> str | None:
        """Kafka's id of the topic, or None if there is none."""

    async def watermarks(self, topic: str, partition: int) -> tuple[int, int]:
        """The first offset that is held and the offset of the next record."""

    async def offset_at(self, topic: str, partition: int, time_ms: int) -> int:
        """The first offset whose record time is ``time_ms`` or later; the next record's if there is none."""


class Sessions(Protocol):
    """The ended browser sessions, as connection actors follow them (``kafka.sessions``)."""

    async def follow(self, on_ended: Callable[[str, str], None]) -> None:
        """
        Return once all that have ended are known, and tell each that ends from then on, with its reason.

        Raises:
            UnavailableError: They cannot be read at the moment.
        """

    async def lost(self) -> None:
        """Return when they can be followed no longer: ``follow`` again."""

    def ended(self, session_id: str) -> bool:
        """Whether a session is known to have ended."""


class Counting(Protocol):
    """Counting what happens (``metrics.Metrics``; names and labels from its table)."""

    def count(self, name: str, n: float = 1, *labels: str) -> None:
        """Add to a counter."""

    def gauge(self, name: str, value: float, *labels: str) -> None:
        """Set a gauge."""

    def observe(self, name: str, value: float, *labels: str) -> None:
        """Add a value to a histogram."""
