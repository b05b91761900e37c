"""Every metric with its name, unit and labels; counted in plain ints, handed to Ray once a second.

Ray's own counters cost 2 us an increment, too dear for a delivery (RAY.md 6), so the hot path adds to a dict
and ``flush`` passes the sums on. No metric carries a streamer's or a user's id: series must stay few.
``docs/metrics.md`` is made from this table.
"""

from __future__ import annotations

import asyncio
from typing import Any, Literal, NamedTuple

from ray.util import metrics as ray_metrics

FLUSH_S = 1.0
LATENCY_BOUNDS_S = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0]


class Metric(NamedTuple):
    """A metric: Ray exports it as ``ray_<name>``, counters with ``_total`` behind."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    unit: str
    help: str


METRICS: tuple[Metric, ...] = (
    Metric("gstreamer_webhooks", "counter", ("outcome",), "requests", "Webhook requests by what became of them"),
    Metric("gstreamer_webhook_verify_seconds", "histogram", (), "s", "First byte of a webhook to verified"),
    Metric("gstreamer_webhook_ack_seconds", "histogram", (), "s", "Verified to Kafka's delivery report"),
    Metric("gstreamer_records_consumed", "counter", ("part",), "records", "Records read from streamers' topics"),
    Metric("gstreamer_records_duplicate", "counter", ("part",), "records", "Records dropped as duplicates"),
    Metric(
        "gstreamer_records_dead",
        "counter",
        ("part", "reason"),
        "records",
        "Records sent to the dead-letter topic",
    ),
    Metric("gstreamer_dedupe_bytes", "gauge", (), "bytes", "Memory of a host's dedupe windows"),
    Metric("gstreamer_streamers", "gauge", (), "streamers", "Streamers that live on a host"),
    Metric("gstreamer_host_lag_seconds", "histogram", (), "s", "Kafka's append to handed to a connection actor"),
    Metric("gstreamer_batches", "counter", (), "calls", "Calls from a host to connection actors"),
    Metric("gstreamer_batch_events", "counter", (), "events", "Events in those calls"),
    Metric("gstreamer_batches_stale", "counter", (), "batches", "Batches of an old generation, refused"),
    Metric("gstreamer_sockets", "gauge", (), "sockets", "Open sockets of a connection actor"),
    Metric("gstreamer_queued_bytes", "gauge", (), "bytes", "What waits for the slow sockets of a connection actor"),
    Metric("gstreamer_sockets_closed", "counter", ("code",), "sockets", "Sockets closed, by close code"),
    Metric("gstreamer_deliveries", "counter", (), "events", "Events written to sockets"),
    Metric("gstreamer_frames", "counter", (), "frames", "Frames written to sockets"),
    Metric(
        "gstreamer_dropped",
        "counter",
        ("class",),
        "events",
        "Events thinned for slow sockets (told by lagged)",
    ),
    Metric(
        "gstreamer_delivery_lag_seconds",
        "histogram",
        (),
        "s",
        "Kafka's append to handed to the sockets (the newest event of a batch)",
    ),
    Metric("gstreamer_resumes", "counter", ("recovery",), "subscriptions", "Resumes by outcome: complete, gap"),
    Metric("gstreamer_moves", "counter", (), "sockets", "Sockets that were sent to another connection actor"),
    Metric("gstreamer_placement_decisions", "counter", ("kind",), "decisions", "Decisions of the placement actor"),
    Metric("gstreamer_actor_restarts", "counter", ("kind",), "restarts", "Actors found restarted"),
    Metric(
        "gstreamer_twitch_requests",
        "counter",
        ("outcome",),
        "requests",
        "Calls to Twitch by status class; unreachable, or spared while it is taken for down",
    ),
    Metric(
        "gstreamer_twitch_down", "gauge", ("service",), "services", "1 while a service of Twitch is taken as down"
    ),
    Metric(
        "gstreamer_twitch_waits",
        "counter",
        ("outcome",),
        "waits",
        "Waits for a point of a rate limit's bucket: waited, or refused as too long",
    ),
    Metric(
        "gstreamer_twitch_shared_lookups",
        "counter",
        (),
        "lookups",
        "Lookups that another's call to Twitch answered too",
    ),
    Metric("gstreamer_twitch_points", "gauge", (), "points", "Points left in our application's bucket at Twitch"),
    Metric("gstreamer_subscriptions", "gauge", ("status",), "subscriptions", "EventSub subscriptions by status"),
    Metric("gstreamer_reconciled_events", "counter", ("kind",), "events", "Events published to correct a log"),
    Metric("gstreamer_streamers_polled", "gauge", (), "streamers", "Streamers polled for want of cost budget"),
    Metric("gstreamer_chats_read", "gauge", (), "chats", "Chats read by somebody's account"),
    Metric("gstreamer_chat_messages", "counter", (), "messages", "Events of chats read by somebody's account"),
    Metric("gstreamer_chat_sessions_lost", "counter", (), "sessions", "WebSocket sessions at Twitch that ended"),
    Metric("gstreamer_store_rows", "counter", (), "rows", "Events written into the store"),
    Metric(
        "gstreamer_store_gaps",
        "counter",
        ("end",),
        "logs",
        "Logs of which records were gone before they were stored: at their head (too old) or tail (lost)",
    ),
    Metric(
        "gstreamer_store_partitions_ahead",
        "gauge",
        (),
        "partitions",
        "Partitions of the store that are there after the present one; 0 for an hour is an alarm",
    ),
    Metric("gstreamer_subscription_cost", "gauge", (), "points", "Cost in use against max_total_cost"),
)

_BY_NAME = {metric.name: metric for metric in METRICS}
_Key = tuple[str, tuple[str, ...]]


class Metrics:
    """The metrics of one process. Not thread-safe: call it on the event loop's thread."""

    def __init__(self) -> None:
        self._counts: dict[_Key, float] = {}
        self._gauges: dict[_Key, float] = {}
        self._instruments: dict[str, Any] = {}  # Ray's instruments share no interface

    def count(self, name: str, n: float = 1, *labels: str) -> None:
        """Add ``n`` to a counter; ``labels`` are values in the table's order."""
        key = (name, labels)
        self._counts[key] = self._counts.get(key, 0) + n

    def gauge(self, name: str, value: float, *labels: str) -> None:
        """Set a gauge."""
        self._gauges[(name, labels)] = value

    def observe(self, name: str, value: float, *labels: str) -> None:
        """Add a value to a histogram; for batches, not for deliveries (it costs 2.5 us)."""
        self._instrument(name).observe(value, tags=self._tags(name, labels))

    def flush(self) -> None:
        """Hand what has been counted to Ray."""
        counts, self._counts = self._counts, {}
        for (name, labels), n in counts.items():
            if n > 0:
                self._instrument(name).inc(n, tags=self._tags(name, labels))
        for (name, labels), value in self._gauges.items():
            self._instrument(name).set(value, tags=self._tags(name, labels))

    async def run(self) -> None:
        """Flush once a second until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_S)
            self.flush()

    def _instrument(self, name: str) -> Any:
        found = self._instruments.get(name)
        if found is None:
            metric = _BY_NAME[name]
            if metric.kind == "counter":
                found = ray_metrics.Counter(name, metric.help, tag_keys=metric.labels)
            elif metric.kind == "gauge":
                found = ray_metrics.Gauge(name, metric.help, tag_keys=metric.labels)
            else:
                found = ray_metrics.Histogram(name, metric.help, boundaries=LATENCY_BOUNDS_S, tag_keys=metric.labels)
            self._instruments[name] = found
        return found

    @staticmethod
    def _tags(name: str, labels: tuple[str, ...]) -> dict[str, str]:
        return dict(zip(_BY_NAME[name].labels, labels, strict=True))
