"""The command line: gstreamer up | trace."""

from __future__ import annotations

import click


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gstreamer")
def main() -> None:
    """Live streams, events and chat of your favourite Twitch streamers."""
