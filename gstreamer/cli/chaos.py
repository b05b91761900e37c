"""`gstreamer chaos`: which run, and its table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from gstreamer.chaos.run import Chaos, Options, kinds_of, table
from gstreamer.chaos.schedule import KINDS
from gstreamer.core.errors import ConfigurationError
from gstreamer.settings import Settings


def options_of(
    tree: Settings,
    minutes: float,
    faults: int | None,
    seed: int,
    only: Sequence[str],
    viewers: int,
    rate: float,
) -> Options:
    """
    What is to be done with the gstreamer that these settings are of.

    Raises:
        ConfigurationError: It is no simulation, or a kind is unknown.
    """
    if unknown := sorted(set(only) - set(KINDS)):
        raise ConfigurationError(f"there is no kind {', '.join(unknown)}; there are {', '.join(KINDS)}")
    if not tree.twitch.simulated:
        raise ConfigurationError(
            "no simulation runs here: start `gstreamer up` without Twitch credentials, or name its --data-dir"
        )
    api = urlsplit(tree.twitch.api_url)
    return Options(
        tree.public_url,
        f"{api.scheme}://{api.netloc}",
        tree.data_dir,
        seed,
        minutes,
        faults,
        kinds_of(only),
        viewers,
        rate=rate,
    )


async def broken(options: Options, say: Callable[[str], None]) -> bool:
    """
    Do it; whether nothing was lost, doubled, reordered or invented, and everything recovered.

    Raises:
        UnavailableError: Nothing runs there, nobody can sign in, or no event would come.
    """
    report = await Chaos(options, say).run()
    for line in ("", *table(report, options)):
        say(line)
    return report.is_clean
