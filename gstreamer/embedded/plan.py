"""From the settings that somebody wrote to those that every process of this install gets, as environment.

What is not configured is embedded: its address and generated secret are filled in. Secrets travel as files.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from gstreamer.core.errors import ConfigurationError
from gstreamer.embedded import files, ports
from gstreamer.embedded.data_dir import DataDir
from gstreamer.settings import Section, Settings, env_name, is_secret, leaves

SIMULATED_CLIENT_ID = "gstreamer-on-this-machine"

_REPLICA_PORTS = 200
"""Serve's replicas each take one, and a restarted one another: the old is in quarantine for ten minutes."""


def exported(tree: Settings, secrets_dir: Path) -> dict[str, str]:
    """Every setting that somebody set, as environment; secrets are put into private files."""
    found: dict[str, str] = {}
    for path, field in leaves(Settings):
        value = _set_value(tree, path)
        if value is None:
            continue
        if is_secret(field):
            file = secrets_dir / f"set-{'-'.join(path)}"
            files.write_private(file, _text(value))
            found[env_name(path) + "_FILE"] = str(file)
        else:
            found[env_name(path)] = _text(value)
    return found


def with_command_line(tree: Settings, port: int | None, ws_port: int | None, data_dir: Path | None) -> Settings:
    """The settings with what the command line says in their place, and what follows from the ports."""
    http = tree.http if port is None else tree.http.model_copy(update={"port": port})
    ws = tree.ws if ws_port is None else tree.ws.model_copy(update={"port": ws_port})
    if http.port == 0:
        http = http.model_copy(update={"port": ports.free_port()})
    if ws.port == 0:
        ws = ws.model_copy(update={"port": ports.free_run(ws.per_node)})
    changed: dict[str, Any] = {"http": http, "ws": ws, "data_dir": (data_dir or tree.data_dir).absolute()}
    if "public_url" not in tree.model_fields_set:
        changed["public_url"] = f"http://localhost:{http.port}"
    return tree.model_copy(update=changed)


def with_dashboard(tree: Settings, data_dir: DataDir) -> Settings:
    """
    The settings with a dashboard port that no other install has, unless somebody set one.

    Ray's own default goes to the install on the default port alone: it is bound some ten seconds after we look,
    and two installs that start together would both have found it free.
    """
    if "dashboard_port" in tree.ray.model_fields_set or tree.ray.address is not None:
        return tree
    usual = Settings()
    kept = files.read_json(data_dir.path / "ports.json").get("dashboard")
    preferred = usual.ray.dashboard_port if tree.http.port == usual.http.port else kept
    port = ports.free_port(preferred, frozenset({tree.http.port, tree.ws.port}))
    files.write_private(data_dir.path / "ports.json", json.dumps({"dashboard": port}))
    return tree.model_copy(update={"ray": tree.ray.model_copy(update={"dashboard_port": port})})


def check(tree: Settings) -> None:
    """
    Refuse what cannot come up, before anything is started.

    Raises:
        ConfigurationError: The text says what to do.
    """
    if tree.twitch.client_id is not None and tree.twitch.client_secret is None:
        raise ConfigurationError(
            "GSTREAMER_TWITCH__CLIENT_ID is set but GSTREAMER_TWITCH__CLIENT_SECRET is not: set both, "
            "or neither for a simulation"
        )
    wanted = [(tree.http.host, tree.http.port, "--port")]
    wanted += [(tree.ws.host, tree.ws.port + n, "--ws-port") for n in range(tree.ws.per_node)]
    if tree.ray.address is None:
        wanted.append(("127.0.0.1", tree.ray.dashboard_port, "GSTREAMER_RAY__DASHBOARD_PORT"))
    seen: set[int] = set()
    for host, port, option in wanted:
        if port in seen:
            raise ConfigurationError(f"port {port} is wanted twice: choose another with {option}")
        seen.add(port)
        if not ports.is_free(port, host):
            raise ConfigurationError(
                f"port {port} is taken: end the program that listens there, or choose another with {option}"
            )


def own_secrets(tree: Settings, data_dir: DataDir) -> dict[str, str]:
    """Generated secrets for those that nobody set."""
    found: dict[str, str] = {}
    if tree.session.secret is None:
        found["GSTREAMER_SESSION__SECRET_FILE"] = str(data_dir.secret("session-secret"))
    if not tree.store.keys:
        found["GSTREAMER_STORE__KEYS_FILE"] = str(data_dir.store_key())
    if tree.twitch.webhook_secret is None:
        found["GSTREAMER_TWITCH__WEBHOOK_SECRET_FILE"] = str(data_dir.secret("webhook-secret"))
    return found


def simulated_twitch(url: str, data_dir: DataDir) -> dict[str, str]:
    """Settings under which the double at ``url`` is Twitch."""
    return {
        "GSTREAMER_TWITCH__CLIENT_ID": SIMULATED_CLIENT_ID,
        "GSTREAMER_TWITCH__CLIENT_SECRET_FILE": str(data_dir.secret("simulator-client-secret")),
        "GSTREAMER_TWITCH__ID_URL": f"{url}/oauth2",
        "GSTREAMER_TWITCH__API_URL": f"{url}/helix",
        "GSTREAMER_TWITCH__EVENTSUB_WS_URL": f"{url.replace('http', 'ws', 1)}/ws",
        "GSTREAMER_TWITCH__SIMULATED": "true",
    }


def base_environment(tree: Settings, data_dir: DataDir, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of children that are gstreamer's own, as far as it is known before the parts run."""
    environ = os.environ if environ is None else environ
    kept = {key: value for key, value in environ.items() if not key.startswith("GSTREAMER_")}
    return {**kept, **exported(tree, data_dir.secrets), **own_secrets(tree, data_dir)}


def ray_environment(data_dir: DataDir) -> dict[str, str]:
    """
    Everything of Ray's that would collide between two installs, or stay behind: free ports, own short paths.

    The driver adds how Ray shall behave; this says only where it is.
    """
    replicas = ports.free_run(_REPLICA_PORTS)
    taken = frozenset(range(replicas, replicas + _REPLICA_PORTS))
    chosen: list[int] = []
    for _ in range(4):
        chosen.append(ports.free_port(taken=taken | frozenset(chosen)))
    proxy = data_dir.run_dir / "h"
    return {
        "RAY_TMPDIR": str(data_dir.run_dir),
        "RAY_AUTH_TOKEN_PATH": str(data_dir.secret("ray-token")),
        "RAY_SERVE_DIRECT_INGRESS_MIN_HTTP_PORT": str(replicas),
        "RAY_SERVE_DIRECT_INGRESS_MAX_HTTP_PORT": str(replicas + _REPLICA_PORTS - 1),
        "RAY_SERVE_FALLBACK_PROXY_HTTP_PORT": str(chosen[0]),
        "RAY_SERVE_FALLBACK_PROXY_GRPC_PORT": str(chosen[1]),
        "RAY_SERVE_HAPROXY_METRICS_PORT": str(chosen[2]),
        "RAY_SERVE_HAPROXY_STATS_PORT": str(chosen[3]),
        "RAY_SERVE_HAPROXY_CONFIG_FILE_LOC": str(proxy / "haproxy.cfg"),
        "RAY_SERVE_HAPROXY_SOCKET_PATH": str(proxy / "admin.sock"),
        "RAY_SERVE_HAPROXY_METRICS_SOCKET_PATH": str(proxy / "metrics.sock"),
        "RAY_SERVE_HAPROXY_SERVER_STATE_BASE": str(proxy),
        "RAY_SERVE_HAPROXY_SERVER_STATE_FILE": str(proxy / "server-state"),
    }


def _set_value(tree: Settings, path: tuple[str, ...]) -> object:
    node: BaseModel = tree
    for name in path[:-1]:
        node = getattr(node, name)
    if not isinstance(node, Section) or path[-1] not in node.model_fields_set:
        return None
    value: object = getattr(node, path[-1])
    return None if value == () else value


def _text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, tuple):
        return ",".join(_text(part) for part in value)
    if isinstance(value, dict):
        return json.dumps(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
