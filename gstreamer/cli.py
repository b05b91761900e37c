"""The command line: gstreamer up."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gstreamer")
def main() -> None:
    """Live streams, events and chat of your favourite Twitch streamers."""


@main.command()
@click.option("--port", type=click.IntRange(0, 65535), help="Port of the page and the API.  [default: 8000]")
@click.option("--ws-port", type=click.IntRange(0, 65535), help="Port of the viewers' sockets.  [default: 8001]")
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where data, secrets and logs are kept.  [default: .gstreamer]",
)
@click.option("--no-simulator", is_flag=True, help="Without Twitch credentials, run no simulation of Twitch.")
@click.option("--open", "open_browser", is_flag=True, help="Open the page once it is ready.")
def up(port: int | None, ws_port: int | None, data_dir: Path | None, no_simulator: bool, open_browser: bool) -> None:
    """Start everything on this machine; Ctrl-C stops it.

    Whatever is not configured is embedded: Apache Kafka, PostgreSQL, and a simulation of Twitch. Prints a line
    for each part as it becomes ready, and last one that starts with "ready " and carries the address.
    """
    # Not at the top: --help and the other commands do without.
    from gstreamer.embedded.up import Options
    from gstreamer.embedded.up import up as run

    sys.exit(run(Options(port, ws_port, data_dir, simulator=not no_simulator, open_browser=open_browser)))
