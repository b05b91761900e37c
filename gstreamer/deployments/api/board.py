"""The health board of a replica: each part is probed at its own pace, and the last finding is kept."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from gstreamer import log
from gstreamer.core.errors import GStreamerError, RateLimitedError
from gstreamer.core.health import Finding, Part, clock_finding, noted, overall, placement_findings, twitch_finding
from gstreamer.deployments.api.ports import Snapshots
from gstreamer.deployments.api.shapes import Health, Snapshot, rfc3339
from gstreamer.deployments.api.shapes import Part as PartShape
from gstreamer.twitch.helix import Standing

PROBE_S = 5.0
UNWELL_SHARE = 0.1
"""A part that is not well is asked again after this share of its pace: health tells soon that it is well again."""
ANSWER_S = 4.0

TWITCH_S = 60.0

Findings = Mapping[str, Finding]


class Platform(Protocol):
    """Twitch, as far as its health is asked (``twitch.client``)."""

    def standing(self) -> Standing:
        """How it stands."""

    async def look(self) -> None:
        """Ask each of its services something."""


class Probe(NamedTuple):
    """
    A question about parts.

    Attributes:
        parts: Which parts it is about.
        ask: Gives the findings; what it raises means that all its parts are down.
        every_s: How often it is asked.
    """

    parts: tuple[str, ...]
    ask: Callable[[], Awaitable[Findings]]
    every_s: float = PROBE_S


class Board:
    """
    What is known of the parts.

    Args:
        probes: What is asked.
        snapshots: Placement's snapshot, which tells of the ws side.
        simulated: Whether Twitch's double stands in for Twitch.
        clock: Unix seconds.
    """

    def __init__(
        self,
        probes: tuple[Probe, ...],
        snapshots: Snapshots,
        *,
        simulated: bool,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._probes = (*probes, Probe(("placement",), self._ask_snapshot))
        self._snapshots = snapshots
        self._simulated = simulated
        self._clock = clock
        self._parts: dict[str, Part] = {}
        self._log = log.get("api")
        self._note({"api": Finding("ok", "this replica answers")})

    def state(self, part: str) -> str | None:
        """The state of a part; None if it was not probed yet."""
        found = self._parts.get(part)
        return None if found is None else found.state

    def health(self) -> Health:
        """Everything that is known now."""
        age_s, snapshot = self._snapshots.age_s(), self._snapshots.snapshot
        self._note(placement_findings(snapshot, age_s))
        return Health(
            status=overall(self._parts),
            simulator=self._simulated,
            snapshot=Snapshot(version=None if snapshot is None else snapshot.version, age_s=age_s),
            parts={
                name: PartShape(state=part.state, since=_time(part.since_ms), reason=part.reason)
                for name, part in sorted(self._parts.items())
            },
        )

    async def ask(self, probe: Probe) -> None:
        """Ask one probe and note what it finds."""
        try:
            async with asyncio.timeout(ANSWER_S):
                found = await probe.ask()
        except GStreamerError as error:
            found = {part: Finding("down", str(error)) for part in probe.parts}
        except TimeoutError:
            found = {part: Finding("down", f"no answer within {ANSWER_S:.0f} s") for part in probe.parts}
        self._note(found)

    async def run(self) -> None:
        """Probe until cancelled."""
        async with asyncio.TaskGroup() as group:
            for probe in self._probes:
                group.create_task(self._repeat(probe))

    async def _ask_snapshot(self) -> Findings:
        return placement_findings(self._snapshots.snapshot, self._snapshots.age_s())

    async def _repeat(self, probe: Probe) -> None:
        while True:
            try:
                await self.ask(probe)
            except Exception:
                self._log.exception("probe failed", parts=probe.parts)
            well = all(self.state(part) == "ok" for part in probe.parts)
            await asyncio.sleep(probe.every_s if well else probe.every_s * UNWELL_SHARE)

    def _note(self, found: Findings) -> None:
        now_ms = int(self._clock() * 1000)
        for name, finding in found.items():
            before = self._parts.get(name)
            self._parts[name] = noted(before, finding, now_ms)
            if before is not None and before.state != finding.state:
                self._log.info("part changed", name=name, state=finding.state, reason=finding.reason)


def database_probe(now: Callable[[], Awaitable[datetime]], clock: Callable[[], datetime]) -> Probe:
    """Whether Postgres answers, and how far our clock is off its."""

    async def ask() -> Findings:
        before = clock()
        theirs = await now()
        offset_s = (before + (clock() - before) / 2 - theirs).total_seconds()
        return {"postgres": Finding("ok", "it answers"), "clock": clock_finding(offset_s)}

    return Probe(("postgres",), ask)


def answering_probe(part: str, call: Callable[[], Awaitable[object]], every_s: float = PROBE_S) -> Probe:
    """Whether a part answers ``call``."""

    async def ask() -> Findings:
        await call()
        return {part: Finding("ok", "it answers")}

    return Probe((part,), ask, every_s)


def twitch_probe(twitch: Platform, clock: Callable[[], float] = time.monotonic) -> Probe:
    """How it stands with Twitch: what this replica's calls tell, and one a minute (more if it is not well)."""
    asked_s = float("-inf")

    async def ask() -> Findings:
        nonlocal asked_s
        standing = twitch.standing()
        if standing.down or standing.alone or clock() >= asked_s + TWITCH_S:
            try:
                await twitch.look()
            except RateLimitedError as error:
                return {"twitch": Finding("degraded", str(error))}
            asked_s = clock()
        standing = twitch.standing()
        return {"twitch": twitch_finding(standing.down, alone=standing.alone)}

    return Probe(("twitch",), ask)


def _time(at_ms: int) -> str:
    return rfc3339(datetime.fromtimestamp(at_ms / 1000, UTC))
