"""The composition root: the Serve applications by name, and the driver that runs all of it on one machine.

``serve_config.yaml`` names the builders here; ``python -m gstreamer.app`` is the driver, a child of ``gstreamer up``.
Ray is imported inside functions only, since it reads its ``RAY_*`` variables when it is imported.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import resource
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gstreamer import log, settings
from gstreamer.core.errors import ConfigurationError, GStreamerError, UnavailableError
from gstreamer.core.topics import own_topics
from gstreamer.driver import Stop, StopError, Told, patiently, stopping_on_signals

if TYPE_CHECKING:
    from ray.serve import Application

NAMESPACE = "gstreamer"
READY_S = 60.0
STOP_ACTORS_S = 5.0
OBJECT_STORE_BYTES = 80 * 2**20
"""Little more than Ray's least: nothing of ours is large enough for its store."""

UNLIMITED = resource.RLIM_INFINITY

ROUTES = {"api": "/", "webhooks": "/eventsub", "websocket": "/ws"}


def api(args: dict[str, Any]) -> Application:
    """REST and the page (``import_path`` in serve_config.yaml)."""
    from gstreamer.actors.spawn.rest import ensure_actors
    from gstreamer.deployments.api.serving import application

    ensure_actors()
    return application(args)


def webhooks(args: dict[str, Any]) -> Application:
    """Twitch's webhooks (``import_path`` in serve_config.yaml)."""
    from gstreamer.deployments import webhooks as deployment

    return deployment.application(**args)


def websocket(args: dict[str, Any]) -> Application:
    """WebSocket on the Serve port (``import_path`` in serve_config.yaml)."""
    from gstreamer.actors.spawn.rest import ensure_actors
    from gstreamer.deployments.websocket import application

    ensure_actors()
    return application(args)


BUILDERS: dict[str, Callable[[dict[str, Any]], Application]] = {
    "api": api,
    "webhooks": webhooks,
    "websocket": websocket,
}


def main(arguments: Sequence[str] = ()) -> int:
    """
    Run gstreamer on this machine until SIGTERM; each part is told on standard output as a JSON line.

    Args:
        arguments: ``--patience SECONDS``: how long Kafka and Postgres may still be on their way (0).

    Returns:
        The exit code: 0 after a stop, 1 if something did not start.
    """
    patience_s = _patience_s(arguments)
    told = Told(sys.stdout)
    own_temporary = "RAY_TMPDIR" not in os.environ
    try:
        tree = settings.load()
        log.configure(tree.log.level)
        os.environ.update(ray_environment(tree, os.environ))
        os.environ.pop("RAY_ADDRESS", None)
        with stopping_on_signals() as stop:
            _run(tree, told, stop, patience_s)
    except StopError:
        return 0
    except GStreamerError as error:
        told.say(error=str(error))
        return 1
    except Exception as error:  # the driver's outermost frame: one sentence for a person, the rest for the log
        log.get("app").exception("the driver failed")
        told.say(error=f"ray or serve did not start: {type(error).__name__}: {str(error).partition(chr(10))[0]}")
        return 1
    finally:
        if own_temporary and (made := os.environ.get("RAY_TMPDIR")) is not None:
            shutil.rmtree(made, ignore_errors=True)
    return 0


def _patience_s(arguments: Sequence[str]) -> float:
    parser = argparse.ArgumentParser(prog="gstreamer.app", description="The driver of `gstreamer up`.")
    parser.add_argument("--patience", type=float, default=0.0, metavar="SECONDS")
    return float(parser.parse_args(arguments).patience)


def ray_environment(tree: settings.Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """How Ray shall behave on one machine where ``environ`` does not say it; and where it is, if that is not said."""
    _, files = resource.getrlimit(resource.RLIMIT_NOFILE)
    behaviour = {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_AUTH_MODE": "token",
        "RAY_prestart_worker_first_driver": "0",
        # Its default of 15 lets everything else on the machine starve the live path (p99 260 ms instead of 14).
        "RAY_worker_niceness": "0",
        "RAY_DEDUP_LOGS": "0",
        "RAY_ROTATION_MAX_BYTES": str(32 * 2**20),
        "RAY_ROTATION_BACKUP_COUNT": "2",
        "RAY_SERVE_ENABLE_HA_PROXY": "1",
        # Its 5 s end a proxy that a slow machine is still starting, and with it the whole start.
        "RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S": "30",
        # Its count of requests, a log line for each: ours are counted in the webhooks themselves.
        "RAY_SERVE_HAPROXY_METRICS_ENABLED": "0",
        "RAY_SERVE_HAPROXY_MAXCONN": str(proxy_connections(files)),
        # Else each change of a replica set cuts all WebSockets that HAProxy carries, two minutes later.
        "RAY_SERVE_HAPROXY_HARD_STOP_AFTER_S": "86400",
        # Its default is above that: replicas that restart would run out of ports.
        "RAY_SERVE_PORT_QUARANTINE_S": "600",
        "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": "0",
        "RAY_SERVE_PROXY_MIN_DRAINING_PERIOD_S": "1",
    }
    found = {name: value for name, value in behaviour.items() if name not in environ}
    if "RAY_AUTH_TOKEN_PATH" not in environ:
        found["RAY_AUTH_TOKEN_PATH"] = str(_token(tree.data_dir.absolute() / "secrets" / "ray-token"))
    if "RAY_TMPDIR" not in environ:
        # Short, since paths of Unix sockets are.
        found["RAY_TMPDIR"] = tempfile.mkdtemp(prefix="gs-")
    return found


def proxy_connections(files: int) -> int:
    """How many connections HAProxy may take: each wants two and a half files, or it does not start."""
    return 20_000 if files == UNLIMITED else max(400, min(20_000, (files - 250) * 2 // 5))


def _token(file: Path) -> Path:
    """Ray's token in a file that only we can read; Ray's own would be readable by all."""
    if file.is_file():
        return file
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror}") from None
    with os.fdopen(handle, "w") as opened:
        opened.write(secrets.token_hex(32))
    return file


def _run(tree: settings.Settings, told: Told, stop: Stop, patience_s: float) -> None:
    try:
        with ThreadPoolExecutor(thread_name_prefix="prepare") as pool:
            prepared = [
                pool.submit(patiently, partial(prepare, tree, told), patience_s, stop.wanted)
                for prepare in (prepare_topics, prepare_schema)
            ]
            _start_ray(tree, told, stop)
            for each in prepared:
                each.result()
            actors = pool.submit(_start_actors, tree, told)
            _start_serve(tree, told)
            actors.result()
            _start_the_rest()
        told.say(ready=True)
        stop.wait()
    finally:
        stop.stopping()
        _stop_all(tree)


def prepare_topics(tree: settings.Settings, told: Told) -> None:
    """
    See that gstreamer's own topics exist.

    Raises:
        ConfigurationError: No Kafka is set.
        UnavailableError: Kafka does not answer.
    """
    from gstreamer.kafka.admin import Admin

    if tree.kafka.bootstrap_servers is None:
        raise ConfigurationError("kafka.bootstrap_servers is not set: run `gstreamer up`, or set it")
    bootstrap = tree.kafka.bootstrap_servers

    async def ensure() -> None:
        admin = Admin(bootstrap, tree.kafka.extra)
        try:
            await admin.ensure(own_topics(), tree.kafka.replication_factor)
        finally:
            await admin.close()

    with told.part("topics"):
        asyncio.run(ensure())


def prepare_schema(tree: settings.Settings, told: Told) -> None:
    """
    Bring every shard's schema to this version.

    Raises:
        ConfigurationError: No store is set, or it is of a newer gstreamer.
        UnavailableError: Postgres does not answer.
    """
    from gstreamer.store.migrate import migrate

    if not tree.store.urls:
        raise ConfigurationError("store.urls is not set: run `gstreamer up`, or set it")
    with told.part("schema") as notes:
        for dsn in tree.store.urls:
            notes.append(migrate(dsn.get_secret_value()))


def _start_ray(tree: settings.Settings, told: Told, stop: Stop) -> None:
    import ray

    with told.part("ray") as notes:
        if tree.ray.address is not None:
            ray.init(tree.ray.address, namespace=NAMESPACE, log_to_driver=False)
            notes.append(f"cluster at {tree.ray.address}")
        else:
            ray.init(
                "local",
                namespace=NAMESPACE,
                resources={"ws": 1000, "rest": 1000, "socket_slot": tree.ws.per_node},
                object_store_memory=OBJECT_STORE_BYTES,
                include_dashboard=True,
                dashboard_host="127.0.0.1",
                dashboard_port=tree.ray.dashboard_port,
                log_to_driver=False,
                logging_level=logging.ERROR,
                _temp_dir=os.environ["RAY_TMPDIR"],
            )
            notes.append(f"dashboard http://127.0.0.1:{tree.ray.dashboard_port}")
        stop.listen()
    told.say(ray_address=ray.get_runtime_context().gcs_address)


def _start_actors(tree: settings.Settings, told: Told) -> None:
    from gstreamer.actors.handles import Handles
    from gstreamer.actors.spawn.rest import ensure_needed

    async def ready() -> int:
        placement = Handles().placement()
        deadline, version = time.monotonic() + READY_S, -1
        while time.monotonic() < deadline:
            try:
                shown = await placement.snapshot(version)
            except UnavailableError:
                await asyncio.sleep(0.1)
                continue
            version = shown.version
            hosted = shown.hosts or tree.streamers.per_host == 1  # then hosts come with their streamers
            if hosted and any(view.accepting for view in shown.connections):
                return len(shown.connections)
        raise UnavailableError(f"no connection actor was ready within {READY_S:.0f} s; see the log of Ray's workers")

    with told.part("actors") as notes:
        ensure_needed()
        notes.append(
            f"sockets on port {tree.ws.port}" + (f", {count} of them" if (count := asyncio.run(ready())) > 1 else "")
        )


def _start_serve(tree: settings.Settings, told: Told) -> None:
    from ray import serve

    from gstreamer.deployments import webhooks as webhooks_deployment
    from gstreamer.deployments import websocket as websocket_deployment
    from gstreamer.deployments.api import serving

    with told.part("serve") as notes:
        serve.start(
            proxy_location="EveryNode",
            http_options={"host": tree.http.host, "port": tree.http.port, "keep_alive_timeout_s": 75},
            logging_config={"enable_access_log": False, "log_level": "WARNING", "encoding": "JSON"},
        )
        # Not by the builders: they see to all the actors, and a start is bound by the processor.
        applications = {
            "api": serving.application({}),
            "webhooks": webhooks_deployment.application(),
            "websocket": websocket_deployment.application({}),
        }
        serve.run_many(
            [serve.RunTarget(one, name=name, route_prefix=ROUTES[name]) for name, one in applications.items()]
        )
        notes.append(", ".join(applications))


def _start_the_rest() -> None:
    """The actors that others go on without: they start once everything that is waited for is there."""
    from gstreamer.actors.spawn.rest import ensure_actors

    ensure_actors()


def _stop_all(tree: settings.Settings) -> None:
    """Own actors, Serve, Ray; each in bounded time, and the next one whatever happens to the one before."""
    import ray
    from ray import serve

    from gstreamer.actors.handles import Handles

    if not ray.is_initialized():
        return
    logger = log.get("app")
    if tree.ray.address is None:
        try:
            asyncio.run(asyncio.wait_for(Handles().placement().stop(), STOP_ACTORS_S))
        except (UnavailableError, TimeoutError) as error:
            logger.info("actors were not stopped in order", reason=str(error))
        try:
            serve.shutdown()  # type: ignore[no-untyped-call]
        except Exception:  # whatever keeps Serve from ending, Ray's end ends it
            logger.exception("serve was not shut down in order")
    ray.shutdown()
    if tree.ray.address is None:
        keep_logs(Path(os.environ["RAY_TMPDIR"]), tree.data_dir.absolute() / "logs" / "ray")


def keep_logs(temporary: Path, kept: Path) -> None:
    """Move Ray's logs, our actors' among them, to where they outlive this run; those of the run before go."""
    shutil.rmtree(kept, ignore_errors=True)
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.move((temporary / "session_latest").resolve() / "logs", kept)
    except OSError as error:
        log.get("app").warning("ray's logs are not kept", reason=str(error))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
