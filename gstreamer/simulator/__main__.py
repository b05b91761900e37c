"""``python -m gstreamer.simulator``: runs Twitch's double until SIGINT or SIGTERM.

Prints ``ready http://127.0.0.1:<port>`` on standard output once it listens. Client id, client secret and
PUBLIC_URL come from gstreamer's settings; without a client id it lets any application in.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
from pathlib import Path

from gstreamer import log, settings
from gstreamer.core.errors import ConfigurationError
from gstreamer.simulator.eventsub import MAX_TOTAL_COST
from gstreamer.simulator.oauth import Credentials
from gstreamer.simulator.rates import POINTS
from gstreamer.simulator.server import SEED, Double, Options


def main() -> int:
    """Run it; the exit code."""
    options = _options(sys.argv[1:])
    try:
        tree = settings.load()
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    log.configure(tree.log.level)
    secret = tree.twitch.client_secret
    credentials = Credentials(
        tree.twitch.client_id or "", secret.get_secret_value() if secret else "", tree.public_url
    )
    try:
        asyncio.run(_run(credentials, options))
    except OSError as error:
        sys.stderr.write(f"cannot listen on port {options.port}: {error.strerror or error}\n")
        return 1
    return 0


async def _run(credentials: Credentials, options: Options) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, stop.set)
    double = Double(credentials, options)
    try:
        url = await double.start()
        with contextlib.suppress(BrokenPipeError):
            sys.stdout.write(f"ready {url}\n")
            sys.stdout.flush()
        await stop.wait()
    finally:
        await double.close()


def _options(arguments: list[str]) -> Options:
    parser = argparse.ArgumentParser(prog="python -m gstreamer.simulator", description="Twitch's double.")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--data-dir", type=Path, help="where it keeps its memory; none: it forgets")
    parser.add_argument("--seed", type=int, default=SEED, help="the same seed gives the same happenings")
    parser.add_argument("--every", type=float, default=3.0, help="mean seconds between happenings; 0: none")
    parser.add_argument("--points", type=int, default=POINTS, help="Helix calls a minute")
    parser.add_argument("--max-total-cost", type=int, default=MAX_TOTAL_COST, help="most cost of subscriptions")
    given = parser.parse_args(arguments)
    return Options(
        port=given.port,
        seed=given.seed,
        every_s=given.every,
        file=given.data_dir / "simulator.db" if given.data_dir else None,
        points=given.points,
        max_total_cost=given.max_total_cost,
    )


if __name__ == "__main__":
    sys.exit(main())
