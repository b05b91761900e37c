"""What the api asks of Twitch's API, of the streamers' hosts and of placement's snapshot, as protocols."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from gstreamer.core.fold import StreamerState
from gstreamer.core.ports import Snapshot
from gstreamer.twitch.models import Channel, FollowedChannel, FoundChannel, Stream, User


class Helix(Protocol):
    """Twitch's API (``twitch.client.Twitch``, which says what each raises)."""

    async def users(self, ids: Iterable[str] = (), logins: Iterable[str] = ()) -> tuple[User, ...]:
        """The accounts of these ids and logins."""

    async def me(self, access_token: str) -> User:
        """The account of a token."""

    async def streams(self, user_ids: Iterable[str]) -> tuple[Stream, ...]:
        """Those streams that are live."""

    async def channels(self, ids: Iterable[str]) -> tuple[Channel, ...]:
        """Titles and categories."""

    async def search_channels(
        self, query: str, *, live_only: bool = False, first: int = 20
    ) -> tuple[FoundChannel, ...]:
        """Channels whose name begins like ``query``."""

    async def followed_channels(
        self, user_id: str, access_token: str, limit: int = 2_000
    ) -> tuple[FollowedChannel, ...]:
        """The channels that a person follows."""


class Snapshots(Protocol):
    """Placement's newest snapshot (``actors.snapshots.SnapshotFollower``)."""

    @property
    def snapshot(self) -> Snapshot | None:
        """The last one heard."""

    def age_s(self) -> float | None:
        """Seconds since placement last answered."""


class Sockets(Protocol):
    """The open sockets (``deployments.api.live.Connections``)."""

    async def sessions(self) -> frozenset[str]:
        """The sessions that have an open socket; never raises."""


class Polled(Protocol):
    """Who is polled (``deployments.api.live.Polled``)."""

    @property
    def streamers(self) -> frozenset[str]:
        """The streamers that no events come for, so that Twitch is asked about them."""


class Logs(Protocol):
    """What the streamers' own logs tell (``actors.hosts.Hosts``)."""

    async def states(self, streamer_ids: Iterable[str]) -> dict[str, StreamerState]:
        """The states of those of these streamers that are run; never raises."""
