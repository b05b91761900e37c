"""The webhooks application on a Serve of its own, in a process of its own: everything real but the rest of gstreamer.

``serving(...)`` starts ``python -m tests.serving`` and waits for it; the child tells its replicas' process ids and
answers ``health`` on its standard input.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gstreamer.embedded import ports
from tests.eventsub import SECRET

START_S = 120.0
STOP_S = 20.0


@dataclass
class Serving:
    """A running application: where it listens, and which processes its replicas are."""

    url: str
    replicas: list[int]
    process: subprocess.Popen[str]

    def health(self) -> dict[str, list[str]]:
        """What a replica says of itself."""
        assert self.process.stdin is not None
        self.process.stdin.write("health\n")
        self.process.stdin.flush()
        return dict(_line(self.process)["health"])


@contextmanager
def serving(bootstrap: str, replicas: int = 2) -> Iterator[Serving]:
    """Serve with so many webhook replicas on this Kafka, whose own topics have to exist."""
    port = ports.free_port()
    home = Path(tempfile.mkdtemp(prefix="gs-"))
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.serving", str(port), str(replicas), str(home)],
            env={**os.environ, **_environment(home, bootstrap)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        ready = _line(process, home / "log")
        yield Serving(f"http://127.0.0.1:{port}/eventsub", ready["replicas"], process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()
        shutil.rmtree(home, ignore_errors=True)


def _environment(home: Path, bootstrap: str) -> dict[str, str]:
    token = home / "token"
    token.touch(mode=0o600)
    token.write_text(secrets.token_hex(32))
    run = ports.free_run(60)
    return {
        "GSTREAMER_KAFKA__BOOTSTRAP_SERVERS": bootstrap,
        "GSTREAMER_TWITCH__WEBHOOK_SECRET": SECRET,
        "GSTREAMER_LOG__LEVEL": "WARNING",
        "PYTHONPATH": str(Path(__file__).parent.parent),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token),
        "RAY_prestart_worker_first_driver": "0",
        "RAY_worker_niceness": "0",
        "RAY_SERVE_ENABLE_HA_PROXY": "1",
        "RAY_SERVE_HAPROXY_METRICS_ENABLED": "0",
        "RAY_SERVE_HAPROXY_METRICS_PORT": str(run),
        "RAY_SERVE_HAPROXY_STATS_PORT": str(run + 1),
        "RAY_SERVE_FALLBACK_PROXY_HTTP_PORT": str(run + 2),
        "RAY_SERVE_FALLBACK_PROXY_GRPC_PORT": str(run + 3),
        "RAY_SERVE_DIRECT_INGRESS_MIN_HTTP_PORT": str(run + 10),
        "RAY_SERVE_DIRECT_INGRESS_MAX_HTTP_PORT": str(run + 34),
        "RAY_SERVE_DIRECT_INGRESS_MIN_GRPC_PORT": str(run + 35),
        "RAY_SERVE_DIRECT_INGRESS_MAX_GRPC_PORT": str(run + 59),
        "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": "0",
    }


def _line(process: subprocess.Popen[str], log: Path | None = None) -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise AssertionError(f"serve did not start: {log.read_text() if log else 'it ended'}")
    return dict(json.loads(line))


def main() -> None:
    """The child: Ray, Serve, the application; until its standard input ends."""
    # Ray reads RAY_* when it is imported, and the tests of this process's parent must not import it at all.
    import ray
    from ray import serve
    from ray._private import state

    from gstreamer.deployments.webhooks import application

    port, replicas, home = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    ray.init(
        "local",
        namespace="gstreamer",
        num_cpus=2,
        resources={"rest": 1_000},
        object_store_memory=80 * 2**20,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="error",
        _temp_dir=home,
    )
    try:
        serve.start(
            proxy_location="EveryNode",
            http_options={"host": "127.0.0.1", "port": port, "keep_alive_timeout_s": 75},
            logging_config={"enable_access_log": False, "log_level": "WARNING"},
        )
        handle = serve.run(application(replicas), name="webhooks", route_prefix="/eventsub")
        pids = [
            actor["Pid"]
            for actor in state.actors().values()
            if "SERVE_REPLICA::webhooks" in actor["Name"] and actor["State"] == "ALIVE"
        ]
        _say(replicas=pids)
        for line in sys.stdin:
            if line.strip() == "health":
                _say(health=handle.health.remote().result(timeout_s=10))
        serve.shutdown()
    finally:
        ray.shutdown()


def _say(**said: Any) -> None:
    print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
