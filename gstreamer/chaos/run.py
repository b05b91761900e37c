"""A chaos run: viewers watch, events flow, one thing after the other is broken, and the count is made."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from gstreamer.chaos import faults, probes
from gstreamer.chaos.schedule import KINDS, SETTLE_S, schedule
from gstreamer.chaos.verdict import Count, Felt, felt, judge

FIRST_STREAMER = 1_000_900
"""Testers of the double, who do nothing unless told."""
RECOVERED_S = 120.0
MOST_FAULTS = 10_000
POLL_S = 0.2


class Options(NamedTuple):
    """
    What is to be done.

    Attributes:
        url: Origin of the gstreamer.
        double: Origin of Twitch's double.
        data_dir: Where it runs.
        seed: Gives the order and the moments.
        minutes: About how long.
        faults: How many at most; None: as many as fit.
        kinds: Which.
        viewers: How many probes.
        streamers: How many streamers they all watch.
        rate: Events a second, of all streamers together.
    """

    url: str
    double: str
    data_dir: Path
    seed: int = 1
    minutes: float = 5.0
    faults: int | None = None
    kinds: tuple[str, ...] = tuple(KINDS)
    viewers: int = 10
    streamers: int = 5
    rate: float = 50.0


class Hit(NamedTuple):
    """
    One fault.

    Attributes:
        kind: What was broken.
        at_s: When (monotonic seconds).
        recovered_s: After how long events that were sent after it had been seen by all; None: not in time.
    """

    kind: str
    at_s: float
    recovered_s: float | None


class Row(NamedTuple):
    """One fault, with how long it was felt."""

    hit: Hit
    felt: Felt


class Report(NamedTuple):
    """All of a run: its faults, the count at the end, and how many events it was made from."""

    rows: tuple[Row, ...]
    found: Count
    events: int
    refusals: int

    @property
    def is_clean(self) -> bool:
        """Whether nothing was lost, doubled, reordered or invented, and each fault was recovered from."""
        return self.found.is_clean and all(row.hit.recovered_s is not None for row in self.rows)


class Chaos:
    """
    One run.

    Args:
        options: What is to be done.
        say: Told what happens, a line each.
    """

    def __init__(self, options: Options, say: Callable[[str], None]) -> None:
        self._options, self._say = options, say
        streamer_ids = [str(FIRST_STREAMER + number) for number in range(options.streamers)]
        self._streamer_ids = streamer_ids
        self._load = probes.Load(options.double, streamer_ids, options.rate)
        self._probes: list[probes.Probe] = []
        self._dice = random.Random(options.seed)  # noqa: S311 - a schedule is no secret

    async def run(self) -> Report:
        """
        Do it.

        Raises:
            UnavailableError: Nothing runs there, nobody can sign in, or no event would come.
        """
        options = self._options
        root = faults.root_of(options.data_dir)
        cookie = await probes.sign_in(options.url, "viewer_0990")
        self._probes = [probes.Probe(options.url, cookie, self._streamer_ids) for _ in range(options.viewers)]
        watching = [asyncio.create_task(probe.run()) for probe in self._probes]
        over = asyncio.Event()
        try:
            await probes.subscribed(options.double, self._probes, self._streamer_ids)
            sending = asyncio.create_task(self._load.run(over))
            try:
                hits = await self._break_all(root)
            finally:
                over.set()
                await sending
            await self._all_seen({})
        finally:
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)
        return Report(tuple(self._rows(hits)), self._count(), self._acknowledged(), self._load.refusals)

    async def _break_all(self, root: int) -> list[Hit]:
        options, begun, hits = self._options, time.monotonic(), list[Hit]()
        most = options.faults if options.faults is not None else MOST_FAULTS
        for fault in schedule(options.seed, most, options.kinds):
            if options.faults is None and time.monotonic() - begun + fault.after_s > options.minutes * 60:
                break
            await asyncio.sleep(fault.after_s)
            hit = await self._break(root, fault.kind)
            if hit is not None:
                hits.append(hit)
        await asyncio.sleep(SETTLE_S)
        return hits

    async def _break(self, root: int, name: str) -> Hit | None:
        at_s = time.monotonic()
        before = {streamer_id: len(ids) for streamer_id, ids in self._load.sent.items()}
        if await faults.strike(root, KINDS[name], self._dice.random()) is None:
            self._say(f"{name:17} there is none here")
            return None
        recovered = await self._all_seen(before)
        took_s = time.monotonic() - at_s
        words = f"all seen after {took_s:5.1f} s" if recovered else f"NOT all seen within {RECOVERED_S:g} s"
        self._say(f"{name:17} {words}")
        return Hit(name, at_s, took_s if recovered else None)

    async def _all_seen(self, before: Mapping[str, int]) -> bool:
        """
        Wait until everybody has seen what is acknowledged, something that was sent later among it; whether that came.

        Args:
            before: By streamer, how many events had been sent; none: nothing more needs to be sent.
        """
        for _ in range(round(RECOVERED_S / POLL_S)):
            acknowledged = {one: set(ids) for one, ids in self._load.acknowledged.items()}
            later = all(acknowledged[one].intersection(self._load.sent[one][count:]) for one, count in before.items())
            if later and all(ids <= probe.ids[one] for probe in self._probes for one, ids in acknowledged.items()):
                return True
            await asyncio.sleep(POLL_S)
        return False

    def _rows(self, hits: Sequence[Hit]) -> Iterator[Row]:
        """Each fault was felt from its moment to the next one's."""
        ends = [hit.at_s for hit in hits[1:]] + [time.monotonic()]
        for hit, end_s in zip(hits, ends, strict=True):
            yield Row(hit, felt([probe.seen for probe in self._probes], hit.at_s, end_s))

    def _acknowledged(self) -> int:
        return sum(map(len, self._load.acknowledged.values()))

    def _count(self) -> Count:
        gaps = sum(probe.gaps for probe in self._probes)
        return judge(self._load.acknowledged, self._load.sent, [probe.seen for probe in self._probes], gaps)


def table(report: Report, options: Options) -> list[str]:
    """The report as a Markdown table, a line each kind, with the verdict below."""
    lines = ["| fault | times | pause p50 | pause max | everything seen |", "|---|---|---|---|---|"]
    for kind in KINDS:
        rows = [row for row in report.rows if row.hit.kind == kind]
        if not rows:
            continue
        medians, most = sorted(row.felt.median_s for row in rows), max(row.felt.most_s for row in rows)
        verdict = "yes" if all(row.hit.recovered_s is not None for row in rows) else "**no**"
        middle = medians[len(medians) // 2]
        lines.append(f"| {KINDS[kind].what} | {len(rows)} | {middle:.1f} s | {most:.1f} s | {verdict} |")
    return [*lines, "", verdict_of(report, options)]


def verdict_of(report: Report, options: Options) -> str:
    """The count in a sentence."""
    count = report.found
    return (
        f"{report.events} events to {options.viewers} viewers, {report.refusals} refused and sent again: "
        f"{count.lost} lost, {count.doubled} doubled, {count.reordered} reordered, {count.invented} invented, "
        f"{count.gaps} gaps told (seed {options.seed})"
    )


def kinds_of(wanted: Sequence[str]) -> tuple[str, ...]:
    """The kinds that are named, in the table's order; all if none is."""
    return tuple(kind for kind in KINDS if kind in wanted or not wanted)
