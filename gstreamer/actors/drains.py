"""Which nodes and connection actors are left by their viewers, as placement wants it and they say it.

Invariant: what is wanted is told until the actor says the same. After placement's own restart what the actors say
is what is wanted, so a drain goes on; an actor that was restarted meanwhile is told again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence

from gstreamer.core.errors import RejectedError, UnavailableError
from gstreamer.core.ports import ConnectionView, Draining, Peers
from gstreamer.log import get

_log = get("placement")


class Drains:
    """
    The drains that are wanted.

    Args:
        peers: How connection actors are told.
        views: How those that are up stand.
    """

    def __init__(self, peers: Peers, views: Callable[[], Sequence[ConnectionView]]) -> None:
        self._peers = peers
        self._views = views
        self._intents: dict[str, Draining] = {}
        self._nodes: set[str] = set()
        self._heard: dict[str, Draining] = {}
        self._telling: dict[str, asyncio.Task[None]] = {}

    @property
    def nodes(self) -> frozenset[str]:
        """The nodes that are left."""
        return frozenset(self._nodes)

    @property
    def emptied(self) -> frozenset[str]:
        """The connection actors that have been left, though their nodes stay."""
        return frozenset(
            view.name
            for view in self._views()
            if view.draining == self._intents.get(view.name) == "actor" and not view.sockets
        )

    def want(self, target: str, wanted: bool, nodes: Collection[str]) -> None:
        """
        Have a node or a connection actor left, or stop that.

        Raises:
            RejectedError: There is no such node or actor, or nobody else could take its viewers.
        """
        views = self._views()
        meant = self._meant(target, nodes)
        others = [view for view in views if view.name not in meant and not self._intents.get(view.name)]
        if wanted and not any(view.accepting for view in others):
            raise RejectedError(
                f"nobody else takes the viewers of {target}: add a ws node, or raise WS__PER_NODE and start again"
            )
        draining: Draining = "" if not wanted else "node" if target in nodes else "actor"
        if target in nodes:
            (self._nodes.add if wanted else self._nodes.discard)(target)
        self._intents.update(dict.fromkeys(meant, draining))
        _log.info("drain wanted" if wanted else "drain ended", target=target)

    def sockets(self, target: str) -> tuple[int, bool]:
        """How many sockets a node or connection actor still has, and whether none will come there any more."""
        views = [view for view in self._views() if target in (view.name, view.node)]
        return sum(view.sockets for view in views), all(view.draining for view in views)

    def is_wanted(self, name: str) -> bool:
        """Whether a connection actor is being left."""
        return bool(self._intents.get(name))

    def step(self, nodes: Collection[str]) -> None:
        """Learn what actors say, and tell those that say something else than what is wanted."""
        self._nodes &= set(nodes)
        for view in self._views():
            if view.node in self._nodes:
                self._intents[view.name] = "node"
            intent = self._intents.get(view.name)
            if intent is None and view.draining:
                self._intents[view.name] = view.draining
                if view.draining == "node":
                    self._nodes.add(view.node)
            elif intent is not None and (intent != view.draining or intent != self._heard.get(view.name)):
                self._tell(view.name, intent)
            elif intent == "":
                self.forget(view.name)

    def forget(self, name: str) -> None:
        """That actor is gone for good."""
        self._intents.pop(name, None)
        self._heard.pop(name, None)

    def _meant(self, target: str, nodes: Collection[str]) -> frozenset[str]:
        """The connection actors of a target."""
        views = self._views()
        found = frozenset(view.name for view in views if target in (view.name, view.node))
        if not found and target not in nodes:
            known = ", ".join([*sorted(nodes), *(view.name for view in views)])
            raise RejectedError(f"there is no node or connection actor {target}; there are {known or 'none'}")
        return found

    def _tell(self, name: str, draining: Draining) -> None:
        if name not in self._telling:
            task = asyncio.get_running_loop().create_task(self._call(name, draining), name=f"drain {name}")
            self._telling[name] = task
            task.add_done_callback(lambda _: self._telling.pop(name, None))

    async def _call(self, name: str, draining: Draining) -> None:
        try:
            await self._peers.connection(name).drain(draining)
            self._heard[name] = draining
        except UnavailableError as error:
            _log.info("drain not heard; it is told again", member=name, reason=str(error))
