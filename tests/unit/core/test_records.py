"""The names of headers are what is stored: changing one makes old records unreadable."""

from __future__ import annotations

from gstreamer.core import records
from gstreamer.core.records import Outgoing, Record


def test_header_names_stay_as_they_are_stored() -> None:
    names = (
        records.MESSAGE_ID,
        records.SUBSCRIPTION_ID,
        records.EVENT_TYPE,
        records.EVENT_VERSION,
        records.TWITCH_TIMESTAMP,
        records.RECEIVED_MS,
    )

    assert names == ("message-id", "subscription-id", "type", "version", "twitch-timestamp", "received-ms")


def test_a_record_read_has_all_that_one_written_had() -> None:
    assert set(Outgoing._fields) <= set(Record._fields)
