"""A client of ``gstreamer.v1``: it stays connected, and gives each event once and in order, or says what is missing.

    async with Client(session("https://gstreamer.example", cookie)) as client:
        client.subscribe("141981764", types=["stream.*", "channel.raid"])
        async for item in client:
            match item:
                case Received(event=event):
                    print(event["at"], event["type"], event["data"])
                case Missed():
                    print("missing:", item)

It needs nothing else of gstreamer. docs/protocol.md has the rules; the page (``frontend/src/lib/live``) keeps
the same ones, and both are held against ``tests/contract``.
"""

from __future__ import annotations

from gstreamer.client.client import Client
from gstreamer.client.dial import SignedOutError, session
from gstreamer.client.items import Ended, Item, Link, Missed, Received, Refused, Told

__all__ = [
    "Client",
    "Ended",
    "Item",
    "Link",
    "Missed",
    "Received",
    "Refused",
    "SignedOutError",
    "Told",
    "session",
]
