"""The command line: gstreamer up | doctor | migrate | topics | trace | placement | drain | chaos | ...

It must start at once: each command imports what it needs when it runs, Ray last of all.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeVar

import click

from gstreamer.core.errors import GStreamerError

_T = TypeVar("_T")

_DATA_DIR = click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Data directory of the gstreamer that is meant.  [default: .gstreamer]",
)


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
    from gstreamer.embedded.up import Options
    from gstreamer.embedded.up import up as run

    sys.exit(run(Options(port, ws_port, data_dir, simulator=not no_simulator, open_browser=open_browser)))


@main.command()
@_DATA_DIR
def doctor(data_dir: Path | None) -> None:
    """Check each setting against the real service, and say what to do."""
    from gstreamer.cli import attach
    from gstreamer.cli.doctor import examine

    with _one_sentence():
        findings = _run(examine(attach.settings_of(data_dir)))
        for finding in findings:
            click.echo(str(finding))
        sys.exit(any(not finding.ok for finding in findings))


@main.command()
@_DATA_DIR
def topics(data_dir: Path | None) -> None:
    """List the topics of Kafka that gstreamer uses, with what each holds."""
    from gstreamer.cli import attach
    from gstreamer.cli.topics import listed

    with _one_sentence():
        for line in _run(listed(attach.settings_of(data_dir))):
            click.echo(line)


@main.command()
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@_DATA_DIR
def migrate(dry_run: bool, data_dir: Path | None) -> None:
    """Bring the schema of every shard in GSTREAMER_STORE__URLS to this version.

    Everything may run meanwhile, and several may migrate at once: one does it. A schema of a newer gstreamer is
    refused. `gstreamer up` migrates its embedded PostgreSQL by itself.
    """
    from gstreamer.cli import attach
    from gstreamer.cli.migrate import migrated

    with _one_sentence():
        for line in migrated(attach.settings_of(data_dir), dry_run=dry_run):
            click.echo(line)


@main.command()
@click.argument("message_id")
@click.option("--streamer", help="Twitch id of the streamer: also finds events older than half an hour.")
@_DATA_DIR
def trace(message_id: str, streamer: str | None, data_dir: Path | None) -> None:
    """Print the stages that the event MESSAGE_ID has passed, with times."""
    from gstreamer.cli import attach
    from gstreamer.cli.trace import told

    with _one_sentence():
        lines = _run(told(attach.settings_of(data_dir), message_id, streamer))
        for line in lines:
            click.echo(line)


@main.command()
@click.option("--why", is_flag=True, help="Print its last decisions instead, each with its reason.")
@click.option(
    "--what-if",
    metavar="CHANGE",
    help='Print what it would do after a change, without doing it: "lose NODE", "add NODE", "drain NODE", "want N".',
)
@_DATA_DIR
def placement(why: bool, what_if: str | None, data_dir: Path | None) -> None:
    """Print who runs what, and what placement would do next, as JSON."""
    from gstreamer.cli import attach
    from gstreamer.cli.placement import explained, foreseen, reasons

    if why and what_if:
        raise click.UsageError("give either --why or --what-if")
    with _one_sentence():
        tree = attach.settings_of(data_dir)
        if what_if is not None:
            told = _run(foreseen(tree, what_if))
        else:
            told = _run(reasons(tree)) if why else [_run(explained(tree))]
        for line in told:
            click.echo(line)


@main.command()
@click.argument("target")
@click.option("--undo", is_flag=True, help="Let it take viewers and streamers again.")
@click.option("--wait/--no-wait", default=True, help="Return once nobody is there any more.  [default: --wait]")
@_DATA_DIR
def drain(target: str, undo: bool, wait: bool, data_dir: Path | None) -> None:
    """Send everybody who is on TARGET elsewhere, without a gap.

    TARGET is a ws node, which then gets nothing new and may be taken away, or a connection actor
    (connection:<node>:<n>), which is made anew once it has been left. Ctrl-C ends the waiting, not the drain.
    `gstreamer placement` lists both.
    """
    from gstreamer.cli import attach
    from gstreamer.cli.drain import drained

    with _one_sentence():
        _run(drained(attach.settings_of(data_dir), target, undo=undo, wait=wait, say=click.echo))


@main.command()
@click.argument("way", type=click.Choice(["webhook", "conduit"]))
@_DATA_DIR
def transport(way: Literal["webhook", "conduit"], data_dir: Path | None) -> None:
    """Have Twitch deliver by WAY from now on; nothing is lost and nothing else restarts.

    Set GSTREAMER_TWITCH__TRANSPORT too, or the next start goes back. `gstreamer doctor` says how far it is.
    """
    from gstreamer.cli import attach
    from gstreamer.cli.transport import changed

    with _one_sentence():
        click.echo(_run(changed(attach.settings_of(data_dir), way)))


@main.command()
@click.option(
    "--minutes", type=click.FloatRange(0.1, 24 * 60), default=5.0, show_default=True, help="About how long."
)
@click.option("--faults", type=click.IntRange(1), help="How many instead; the minutes do not count then.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed, the same order.")
@click.option("--only", multiple=True, help="Break only this kind; may be repeated.  [default: all]")
@click.option("--viewers", type=click.IntRange(1, 20), default=10, show_default=True)
@click.option("--rate", type=click.FloatRange(1, 1_000), default=50.0, show_default=True, help="Events a second.")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@_DATA_DIR
def chaos(
    minutes: float,
    faults: int | None,
    seed: int,
    only: tuple[str, ...],
    viewers: int,
    rate: float,
    yes: bool,
    data_dir: Path | None,
) -> None:
    """Break the running simulation part by part, and count what its viewers lost, saw twice or out of order.

    Kills and halts processes of the `gstreamer up` on this machine while events flow and viewers watch; prints a
    table, and exits with 1 if anything was lost, doubled, reordered, invented, or not recovered from. Refused where
    real Twitch is set up.
    """
    from gstreamer.cli import attach
    from gstreamer.cli.chaos import broken, options_of

    with _one_sentence():
        options = options_of(attach.settings_of(data_dir), minutes, faults, seed, only, viewers, rate)
        if not yes:
            click.confirm(f"processes below {options.data_dir} will be killed; go on?", abort=True)
        if not _run(broken(options, click.echo)):
            sys.exit(1)


@main.group()
def grants() -> None:
    """Change the key that people's grants at Twitch are encrypted with."""


@grants.command("new-key")
@click.argument("key_id")
def grants_new_key(key_id: str) -> None:
    """Print a new key named KEY_ID, as GSTREAMER_STORE__KEYS takes it; nothing is changed."""
    from gstreamer.cli.grants import new_key

    with _one_sentence():
        click.echo(new_key(key_id))


@grants.command("rotate")
@_DATA_DIR
def grants_rotate(data_dir: Path | None) -> None:
    """Encrypt every grant with the first key of GSTREAMER_STORE__KEYS.

    Everything may run meanwhile, and the command may be broken off and run again: it goes on where it was. Add the
    new key behind the old ones first and restart, then put it in front and restart, so that everybody can read what
    anybody writes; docs/operations.md has the steps. Exits with 1 if some grant is left under another key.
    """
    from gstreamer.cli import attach
    from gstreamer.cli.grants import rotated

    with _one_sentence():
        if not _run(rotated(attach.settings_of(data_dir), click.echo)):
            sys.exit(1)


@contextmanager
def _one_sentence() -> Iterator[None]:
    try:
        yield
    except GStreamerError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(1)


def _run(work: Coroutine[None, None, _T]) -> _T:
    return asyncio.run(work)
