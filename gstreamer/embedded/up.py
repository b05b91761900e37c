"""`gstreamer up`: the whole of gstreamer on this machine, whatever is not configured being embedded."""

from __future__ import annotations

import asyncio
import webbrowser
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from gstreamer import settings
from gstreamer.core.errors import ConfigurationError
from gstreamer.embedded import keeper, plan, running
from gstreamer.embedded.console import Console
from gstreamer.embedded.data_dir import DataDir
from gstreamer.embedded.parts import DoublePart, DriverPart, KafkaPart, Part, PostgresPart
from gstreamer.embedded.supervisor import Crew, Supervisor
from gstreamer.settings import Settings

EMBEDDED_PATIENCE_S, FOREIGN_PATIENCE_S = 90, 20
"""For a Kafka of ours more than it takes: if it does not come up it says so itself, and before that."""


class Options(NamedTuple):
    """What the command line says; None where it says nothing."""

    port: int | None = None
    ws_port: int | None = None
    data_dir: Path | None = None
    simulator: bool = True
    open_browser: bool = False


def up(options: Options, driver: str = "gstreamer.app") -> int:
    """
    Run gstreamer until it is stopped.

    Args:
        options: What the command line says.
        driver: Module of the Ray driver.

    Returns:
        The exit code: 0 after a stop, 1 if something did not start.
    """
    console = Console()
    try:
        tree = plan.with_command_line(settings.load(), options.port, options.ws_port, options.data_dir)
        data_dir = DataDir(tree.data_dir, version("gstreamer"))
        data_dir.open()
    except ConfigurationError as error:
        console.error(str(error))
        return 1
    try:
        # After the lock: what a run before left behind on these ports is gone now.
        tree = plan.with_dashboard(tree, data_dir)
        plan.check(tree)
    except ConfigurationError as error:
        console.error(str(error))
        data_dir.close()
        return 1
    return keeper.keep(lambda: _supervise(tree, data_dir, console, options, driver), data_dir.close)


def _supervise(tree: Settings, data_dir: DataDir, console: Console, options: Options, driver: str) -> int:
    try:
        crew = _crew(tree, data_dir, console, options, driver)
    except ConfigurationError as error:
        console.error(str(error))
        return 1
    console.line(f"gstreamer {version('gstreamer')}, data in {data_dir.path}")

    def on_ready(took_s: float) -> None:
        if tree.ray.address is None:
            console.line(
                f"dashboard    http://127.0.0.1:{tree.ray.dashboard_port}  "
                f"(token: cat {data_dir.secret('ray-token')})"
            )
        console.line(f"logs         {data_dir.path / 'logs'}; Ctrl-C stops everything")
        console.line(f"ready {tree.public_url} after {took_s:.1f} s")
        if options.open_browser:
            webbrowser.open(tree.public_url)

    return asyncio.run(Supervisor(crew, console, data_dir.remember, on_ready, data_dir.close).run())


def _crew(tree: Settings, data_dir: DataDir, console: Console, options: Options, driver: str) -> Crew:
    base = plan.base_environment(tree, data_dir)
    first: list[Part] = []
    found: list[KafkaPart | PostgresPart] = []
    if tree.kafka.bootstrap_servers is None:
        found.append(KafkaPart(data_dir.path, console.progress))
    if not tree.store.urls:
        found.append(PostgresPart(data_dir.path, console.progress))
    first += found
    double: DoublePart | None = None

    def environment() -> Mapping[str, str]:
        known = dict(base)
        for part in found:
            known |= part.environment()
        if double is not None:
            known |= plan.simulated_twitch(double.url, data_dir)
        return known

    def double_environment() -> Mapping[str, str]:
        return base | plan.simulated_twitch("http://127.0.0.1", data_dir)

    if tree.twitch.client_id is None and options.simulator:
        double = DoublePart(data_dir.path, double_environment)
        first.append(double)
    ray = {} if tree.ray.address is not None else plan.ray_environment(data_dir)
    last = DriverPart(
        data_dir.path,
        lambda: {**environment(), **ray},
        lambda told: console.part(told.part, told.took_s, told.note),
        lambda address: running.publish(data_dir.path, {**environment(), **ray}, address),
        EMBEDDED_PATIENCE_S if tree.kafka.bootstrap_servers is None else FOREIGN_PATIENCE_S,
        driver,
    )
    return Crew(first, last)
