"""Counting is cheap and stays few: sums are handed on once a second, no label carries an id."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from gstreamer import metrics
from gstreamer.metrics import METRICS, Metrics


class Instrument:
    """What Ray's counters, gauges and histograms share."""

    made: list[Instrument]

    def __init__(self, name: str, description: str, boundaries: Any = None, tag_keys: tuple[str, ...] = ()) -> None:
        self.name, self.tag_keys, self.boundaries = name, tag_keys, boundaries
        self.calls: list[tuple[str, float, dict[str, str]]] = []
        self.made.append(self)

    def inc(self, value: float, tags: dict[str, str]) -> None:
        self.calls.append(("inc", value, tags))

    def set(self, value: float, tags: dict[str, str]) -> None:
        self.calls.append(("set", value, tags))

    def observe(self, value: float, tags: dict[str, str]) -> None:
        self.calls.append(("observe", value, tags))


class Ray:
    """Stands for ``ray.util.metrics``."""

    def __init__(self) -> None:
        self.made: list[Instrument] = []
        kind = type("Kind", (Instrument,), {"made": self.made})
        self.Counter = self.Gauge = self.Histogram = kind


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> Ray:
    stand_in = Ray()
    monkeypatch.setattr(metrics, "ray_metrics", stand_in)
    return stand_in


def test_counts_are_summed_and_handed_on_once(ray: Ray) -> None:
    counted = Metrics()
    for _ in range(3):
        counted.count("gstreamer_webhooks", 1, "accepted")
    counted.count("gstreamer_webhooks", 2, "forged")

    counted.flush()
    counted.flush()

    (counter,) = ray.made
    assert counter.calls == [("inc", 3, {"outcome": "accepted"}), ("inc", 2, {"outcome": "forged"})]


def test_a_count_of_nothing_is_not_handed_on(ray: Ray) -> None:
    counted = Metrics()
    counted.count("gstreamer_frames", 0)

    counted.flush()

    assert ray.made == []


def test_a_gauge_is_told_at_each_flush(ray: Ray) -> None:
    counted = Metrics()
    counted.gauge("gstreamer_sockets", 5)
    counted.gauge("gstreamer_sockets", 7)

    counted.flush()
    counted.flush()

    (gauge,) = ray.made
    assert gauge.calls == [("set", 7, {}), ("set", 7, {})]


def test_an_observation_goes_on_at_once(ray: Ray) -> None:
    Metrics().observe("gstreamer_webhook_ack_seconds", 0.003)

    (histogram,) = ray.made
    assert histogram.calls == [("observe", 0.003, {})]
    assert histogram.boundaries == metrics.LATENCY_BOUNDS_S


def test_a_name_that_is_not_in_the_table_is_an_error(ray: Ray) -> None:
    counted = Metrics()
    counted.count("gstreamer_nonsense")

    with pytest.raises(KeyError):
        counted.flush()


def test_labels_that_do_not_fit_are_an_error(ray: Ray) -> None:
    counted = Metrics()
    counted.count("gstreamer_frames", 1, "surplus")

    with pytest.raises(ValueError, match="zip"):
        counted.flush()


async def test_running_flushes_until_cancelled(ray: Ray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "FLUSH_S", 0)
    counted = Metrics()
    counted.count("gstreamer_frames", 4)

    running = asyncio.create_task(counted.run())
    async with asyncio.timeout(10):
        while not ray.made:
            await asyncio.sleep(0)
    running.cancel()

    assert ray.made[0].calls == [("inc", 4, {})]


def test_each_metric_is_named_once_and_after_what_it_counts() -> None:
    names = [one.name for one in METRICS]

    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"gstreamer_[a-z_]+", name)] == []
    assert [one.name for one in METRICS if one.kind == "histogram" and not one.name.endswith(f"_{'seconds'}")] == []


def test_no_label_carries_an_id() -> None:
    few = {"outcome", "part", "reason", "code", "class", "recovery", "kind", "service", "status", "end"}

    assert {label for one in METRICS for label in one.labels} <= few
