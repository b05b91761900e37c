"""The actors of the ws side, and how placement makes and ends them through Ray's scheduler."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import ray
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from gstreamer import settings
from gstreamer.actors.backlog import Logs
from gstreamer.actors.connection import Connection, ConnectionOptions, Peers
from gstreamer.actors.handles import NAMESPACE, find_actor
from gstreamer.actors.placement import Placement
from gstreamer.actors.spawn.ground import SLOT, WS, actor_options, ground
from gstreamer.actors.streamer_host import HostOptions, StreamerHost
from gstreamer.core import relay
from gstreamer.core.admission import Limits
from gstreamer.core.auth import derive_key
from gstreamer.core.errors import ConfigurationError, UnavailableError
from gstreamer.core.ids import PLACEMENT
from gstreamer.core.placement import Node
from gstreamer.core.urls import socket_urls
from gstreamer.kafka.sessions import EndedSessions

RAY_S = 5.0
"""Deadline of a question to Ray's head."""

_T = TypeVar("_T")


class StreamerHostActor(StreamerHost):
    """A streamer host in its process."""

    def __init__(self, name: str, node: str) -> None:
        self._ground = on = ground()
        options = HostOptions(on.settings.kafka.topic_prefix, on.settings.streamers.history_bytes)
        logs = Logs(on.reader(), on.admin(), on.producer(), on.reader)
        super().__init__(name, node, on.incarnation, logs, on.handles.connection, on.metrics, options)


class ConnectionActor(Connection):
    """A connection actor in its process."""

    def __init__(self, name: str, node: str, address: str, number: int) -> None:
        self._ground = on = ground()
        sessions = EndedSessions(on.reader(), on.admin())
        peers = Peers(on.handles.placement(), on.handles.subscriptions(), on.handles.chat(), on.handles.host)
        options = connection_options(on.settings, name, node, address, number)
        super().__init__(options, peers, sessions, on.metrics)


def connection_options(tree: settings.Settings, name: str, node: str, address: str, number: int) -> ConnectionOptions:
    """
    What a connection actor is and may do, by the settings.

    Raises:
        ConfigurationError: If a setting that it needs is missing.
    """
    if tree.session.secret is None:
        raise ConfigurationError("session.secret is not set: actors and replicas need the same one")
    secret, ws, limits = tree.session.secret.get_secret_value(), tree.ws, tree.limits
    return ConnectionOptions(
        name,
        node,
        address if ws.host in ("0.0.0.0", "::", "") else ws.host,
        ws.host,
        ws.port + number if ws.port else 0,
        derive_key(secret),
        derive_key(secret, relay.PURPOSE),
        frozenset(origin.lower().rstrip("/") for origin in (tree.public_url, *ws.origins)),
        Limits(limits.sockets, limits.sockets_per_user, limits.sockets_per_ip),
        limits.subscriptions,
        limits.send_queue_bytes,
        limits.send_queues_bytes,
        tls=None if ws.tls_cert is None or ws.tls_key is None else (str(ws.tls_cert), str(ws.tls_key)),
        urls=socket_urls(
            tree.public_url,
            ws.public_url,
            through_serve=ws.ingress == "serve",
            tls=ws.tls_cert is not None,
        ),
    )


class PlacementActor(Placement):
    """The placement actor in its process."""

    def __init__(self) -> None:
        self._ground = on = ground()
        spawner = RaySpawner(on.settings.ws.per_node)
        per_host = on.settings.streamers.per_host
        super().__init__(spawner, on.handles, on.producer(), on.metrics, per_host, on.incarnation)
        on.work.add(asyncio.get_running_loop().create_task(self.run(), name="placement"))


class RaySpawner:
    """
    Makes and ends the actors of the ws side (``actors.placement.Spawner``).

    Args:
        per_node: Connection actors on a node that does not say so by its resource ``socket_slot``.
    """

    def __init__(self, per_node: int) -> None:
        self._per_node = per_node
        self._places: dict[str, _Place] = {}

    async def nodes(self) -> tuple[Node, ...]:
        """
        The living ws nodes.

        Raises:
            UnavailableError: If Ray does not answer.
        """
        self._places = places_of(await _ask(ray.nodes))
        return tuple(Node(name, place.slots or self._per_node) for name, place in sorted(self._places.items()))

    async def actors(self) -> frozenset[str]:
        """
        Names of all living actors of gstreamer.

        Raises:
            UnavailableError: If Ray does not answer.
        """
        listed = await _ask(lambda: ray.util.list_named_actors(all_namespaces=True))
        return frozenset(each["name"] for each in listed if each["namespace"] == NAMESPACE)

    async def spawn_connection(self, name: str, node: str, number: int) -> None:
        """
        Make a connection actor on that node.

        Raises:
            UnavailableError: If Ray does not take it.
        """
        place = self._place(node)
        resources: dict[str, float] = {WS: 1, SLOT: 1} if place.slots else {WS: 1}
        options = {**actor_options(name, resources), "scheduling_strategy": place.affinity()}
        await _ask(lambda: ray.remote(ConnectionActor).options(**options).remote(name, node, place.address, number))

    async def spawn_host(self, name: str, node: str) -> None:
        """
        Make a streamer host on that node.

        Raises:
            UnavailableError: If Ray does not take it.
        """
        place = self._place(node)
        options = {**actor_options(name, {WS: 1}), "scheduling_strategy": place.affinity()}
        await _ask(lambda: ray.remote(StreamerHostActor).options(**options).remote(name, node))

    async def end(self, name: str) -> None:
        """
        End that actor's process for good.

        Raises:
            UnavailableError: If Ray does not answer.
        """
        await _ask(lambda: _kill(name))

    def _place(self, node: str) -> _Place:
        place = self._places.get(node)
        if place is None:
            raise UnavailableError(f"there is no ws node {node}")
        return place


class _Place(NamedTuple):
    """A ws node as Ray knows it; ``slots`` is 0 where the node does not say how many connection actors it takes."""

    node_id: str
    address: str
    slots: int

    def affinity(self) -> NodeAffinitySchedulingStrategy:
        """On this node or not at all: sockets and names belong to a node."""
        return NodeAffinitySchedulingStrategy(self.node_id, soft=False)


def places_of(nodes: list[dict[str, Any]]) -> dict[str, _Place]:
    """The living ws nodes among Ray's, by a readable name that no other node has."""
    places: dict[str, _Place] = {}
    living = [each for each in nodes if each["Alive"] and each["Resources"].get(WS, 0) > 0]
    for each in sorted(living, key=lambda node: str(node["NodeID"])):
        given, address = each.get("NodeName"), each["NodeManagerAddress"]
        name = given if given and given != address else each.get("NodeManagerHostname") or address
        name = re.sub(r"[^A-Za-z0-9.-]", "-", name)
        if name in places:
            name = f"{name}-{each['NodeID'][:6]}"
        places[name] = _Place(each["NodeID"], address, int(each["Resources"].get(SLOT, 0)))
    return places


def ensure_placement() -> None:
    """See that the placement actor exists; everything else of the ws side is made by it."""
    ray.remote(PlacementActor).options(**actor_options(PLACEMENT, {WS: 1})).remote()


def _kill(name: str) -> None:
    try:
        actor = find_actor(name)
    except ValueError:
        return
    ray.kill(actor, no_restart=True)


async def _ask(question: Callable[[], _T]) -> _T:
    """Ask Ray in a thread: its calls wait for the head, which may be away."""
    try:
        async with asyncio.timeout(RAY_S):
            return await asyncio.to_thread(question)
    except TimeoutError:
        raise UnavailableError(f"ray did not answer within {RAY_S:g} s") from None
    except (RayError, ValueError) as error:
        raise UnavailableError(f"ray: {error}") from None
