"""One violation of each kind is found and counted, and a silence is measured where it lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from gstreamer.chaos.run import Hit, Options, Report, Row, table
from gstreamer.chaos.verdict import Count, Felt, Seen, felt, judge

ONE = "1001"
CLEAN = Count(0, 0, 0, 0, 0)


def seen(*rows: tuple[str, str]) -> dict[str, list[Seen]]:
    return {ONE: [Seen(float(at_s), name, position) for at_s, (name, position) in enumerate(rows)]}


@pytest.mark.parametrize(
    ("viewer", "found"),
    [
        (seen(("a", "e:0"), ("b", "e:1")), CLEAN),
        (seen(("a", "e:0"), ("b", "e:1"), ("unanswered", "e:2")), CLEAN),
        (seen(("a", "e:0"), ("b", "f:0")), CLEAN),
        (seen(("b", "e:1")), CLEAN._replace(lost=1)),
        (seen(("a", "e:0"), ("b", "e:1"), ("b", "e:1")), CLEAN._replace(doubled=1)),
        (seen(("b", "e:1"), ("a", "e:0")), CLEAN._replace(reordered=1)),
        (seen(("a", "e:0"), ("b", "f:0"), ("unanswered", "e:1")), CLEAN._replace(reordered=1)),
        (seen(("a", "e:0"), ("b", "e:1"), ("forged", "e:2")), CLEAN._replace(invented=1)),
    ],
)
def test_what_went_wrong_is_counted(viewer: dict[str, list[Seen]], found: Count) -> None:
    assert judge({ONE: ["a", "b"]}, {ONE: ["a", "b", "unanswered"]}, [viewer], 0) == found
    assert found.is_clean is (found == CLEAN)


def test_a_gap_that_was_told_is_not_clean() -> None:
    assert not judge({ONE: []}, {ONE: []}, [seen()], 1).is_clean


def test_a_silence_is_felt_in_its_time_and_only_there() -> None:
    steady = [Seen(float(at_s), str(at_s), f"e:{at_s}") for at_s in range(10)]
    paused = [one for one in steady if not 3 < one.at_s < 8]

    assert felt([{ONE: steady}, {ONE: paused}, {ONE: paused}], 2.5, 9.0) == Felt(5.0, 5.0)
    assert felt([{ONE: paused}], 0.0, 3.5) == Felt(1.0, 1.0)
    assert felt([{ONE: paused}], 4.0, 5.5) == Felt(1.5, 1.5)
    assert felt([], 0.0, 1.0) == Felt(0.0, 0.0)


def test_the_table_has_a_line_for_each_kind_and_the_count_below() -> None:
    options = Options("http://localhost", "http://localhost", Path())
    rows = (
        Row(Hit("kafka", 1.0, 4.0), Felt(2.0, 3.0)),
        Row(Hit("connection", 9.0, 1.0), Felt(0.5, 1.0)),
        Row(Hit("kafka", 20.0, None), Felt(4.0, 60.0)),
    )
    report = Report(rows, CLEAN, 100, 7)

    assert table(report, options) == [
        "| fault | times | pause p50 | pause max | everything seen |",
        "|---|---|---|---|---|",
        "| a connection actor | 1 | 0.5 s | 1.0 s | yes |",
        "| Kafka | 2 | 4.0 s | 60.0 s | **no** |",
        "",
        "100 events to 10 viewers, 7 refused and sent again: 0 lost, 0 doubled, 0 reordered, 0 invented, "
        "0 gaps told (seed 1)",
    ]
    assert not report.is_clean
    assert Report(rows[:2], CLEAN, 100, 7).is_clean
