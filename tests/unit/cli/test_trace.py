"""A trace tells each stage once, in order of time, with what has passed in between."""

from __future__ import annotations

from gstreamer.cli.topics import purpose
from gstreamer.cli.trace import Stage, lines, record_stages
from gstreamer.core.records import Record


def record(**headers: str) -> Record:
    return Record("gs.streamer.7", 0, 5, 1_764_028_800_500, b"7", b"{}", headers)


def test_a_record_tells_when_it_was_sent_received_and_appended() -> None:
    found = record_stages(
        record(**{"twitch-timestamp": "2025-11-25T00:00:00.123456789Z", "received-ms": "1764028800400"})
    )

    assert found == [
        Stage(1_764_028_800_123, "sent", "Twitch"),
        Stage(1_764_028_800_400, "received", "webhooks"),
        Stage(1_764_028_800_500, "appended", "gs.streamer.7 at 5"),
    ]


def test_headers_that_cannot_be_read_are_left_out() -> None:
    found = record_stages(record(**{"twitch-timestamp": "yesterday", "received-ms": "soon"}))

    assert [stage.what for stage in found] == ["appended"]


def test_a_timestamp_of_whole_seconds_is_read() -> None:
    found = record_stages(record(**{"twitch-timestamp": "2025-11-25T00:00:00Z"}))

    assert found[0] == Stage(1_764_028_800_000, "sent", "Twitch")


def test_lines_are_in_order_of_time_with_what_has_passed() -> None:
    shown = lines([Stage(1_764_028_800_500, "appended", "x"), Stage(1_764_028_800_123, "sent", "Twitch")])

    assert shown == [
        "2025-11-25 00:00:00.123              sent      Twitch",
        "2025-11-25 00:00:00.500     +377 ms  appended  x",
    ]


def test_each_topic_of_ours_has_a_purpose_and_no_other() -> None:
    assert purpose("gs.streamer.", "gs.streamer.7") == "log of streamer 7"
    assert purpose("gs.streamer.", "gs.control") != ""
    assert purpose("gs.streamer.", "orders") == ""
