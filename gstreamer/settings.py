"""One frozen tree of settings from ``GSTREAMER_*`` and ``gstreamer.toml``; unknown keys are refused, secrets masked.

Each process reads it once, at its top, and passes values down. Every secret can also come from a file: the
same key with ``_FILE`` names it. Environment beats file. ``docs/settings.md`` is generated from this module.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from gstreamer.core.errors import ConfigurationError

PREFIX = "GSTREAMER_"
NESTED = "__"


def _listed(value: object) -> object:
    """A list from ``a, b`` as well as from JSON-like lists, so that the environment reads naturally."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _mapped(value: object) -> object:
    """A mapping from JSON, for the environment; numbers and booleans in it become librdkafka's text."""
    if isinstance(value, str):
        value = json.loads(value)
    if isinstance(value, dict):
        return {key: json.dumps(item) if isinstance(item, bool) else str(item) for key, item in value.items()}
    return value


Listed = BeforeValidator(_listed)
Port = Annotated[int, Field(ge=0, le=65535)]


class Section(BaseModel):
    """A part of the tree: frozen, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Http(Section):
    """Serve's HTTP listener."""

    host: str = Field("127.0.0.1", description="Address that Serve listens on.")
    port: Port = Field(8000, description="Port that Serve listens on.")
    trusted_proxies: int = Field(
        0, ge=0, le=10, description="How many proxies of yours append to X-Forwarded-For; 0 believes none."
    )


class Ws(Section):
    """The connection actors' listeners."""

    host: str = Field("127.0.0.1", description="Address that connection actors listen on.")
    port: Port = Field(8001, description="Port of a node's first connection actor; the n-th takes port + n.")
    public_url: str | None = Field(
        None,
        description="Template of the socket url that tickets carry, with {node} and {port}; "
        "default ws://<host of PUBLIC_URL>:{port}/.",
    )
    ingress: Literal["direct", "serve"] = Field(
        "direct", description="Which url tickets carry: the connection actor's own, or /ws on Serve's port."
    )
    origins: Annotated[tuple[str, ...], Listed] = Field(
        (), description="Origins that may open sockets besides PUBLIC_URL's."
    )
    per_node: int = Field(1, ge=1, le=64, description="Connection actors on each ws node.")
    tls_cert: Path | None = Field(None, description="PEM certificate chain, for wss on the node itself.")
    tls_key: Path | None = Field(None, description="PEM key of TLS_CERT.")


class Kafka(Section):
    """The log."""

    bootstrap_servers: str | None = Field(None, description="host:port,...; none: an embedded Apache Kafka.")
    extra: Annotated[dict[str, str], BeforeValidator(_mapped)] = Field(
        default_factory=dict, description="Any librdkafka property: a TOML table, or JSON in the environment."
    )
    topic_prefix: str = Field(
        "gs.streamer.",
        pattern=r"^[A-Za-z0-9._-]{0,100}$",
        description="Before the streamer id in a topic's name; empty: the topic is the streamer id.",
    )
    replication_factor: int = Field(1, ge=1, le=7, description="Replicas of each topic (3 in production).")


class Store(Section):
    """Postgres."""

    urls: Annotated[tuple[SecretStr, ...], Listed] = Field(
        (), description="Postgres DSNs, the shards; accounts live on the first. None: an embedded PostgreSQL."
    )
    interval: Literal["day", "week", "month"] = Field(
        "month", description="How much time a partition of events holds: a week above a million events a day."
    )
    archive_url: str | None = Field(None, description="Where closed partitions are archived (file: or s3:).")
    keys: Annotated[tuple[SecretStr, ...], Listed] = Field(
        (), description="Keyring for Twitch tokens, <key id>:<32 bytes, base64>; the first writes, all read."
    )


class Session(Section):
    """Browser sessions."""

    secret: SecretStr | None = Field(None, description="At least 32 characters; signs tickets and states.")
    idle_s: int = Field(43_200, ge=60, description="A session unused for so long has ended.")
    absolute_s: int = Field(2_592_000, ge=60, description="A session older than this has ended.")


class Log(Section):
    """Logging."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level that is written.")


class Twitch(Section):
    """The application at Twitch; without a client id, Twitch's double runs in its place."""

    client_id: str | None = Field(None, description="Client id; none: a simulation runs.")
    client_secret: SecretStr | None = Field(None, description="Client secret.")
    webhook_secret: SecretStr | None = Field(
        None,
        min_length=10,
        max_length=100,
        description="10-100 ASCII characters; Twitch signs webhooks with it.",
    )
    webhook_secret_previous: SecretStr | None = Field(
        None, min_length=10, max_length=100, description="Still accepted during a rotation."
    )
    id_url: str = Field("https://id.twitch.tv/oauth2", description="Base of Twitch's OAuth endpoints.")
    api_url: str = Field("https://api.twitch.tv/helix", description="Base of Helix.")
    eventsub_ws_url: str = Field("wss://eventsub.wss.twitch.tv/ws", description="EventSub's WebSocket.")
    simulated: bool = Field(False, description="Set by `gstreamer up` when its double stands in for Twitch.")
    transport: Literal["webhook", "conduit"] = Field("webhook", description="How Twitch delivers.")
    conduit_shards: int = Field(
        1, ge=1, le=20_000, description="Shards of the conduit; each leads to our webhook, and fails by itself."
    )
    linger_s: int = Field(600, ge=0, description="A streamer nobody wants any more lives on for so long.")
    overlap_s: int = Field(
        30,
        ge=5,
        le=55,
        description="So long both transports deliver when the transport is changed; equal events pair within 60 s.",
    )
    families: Annotated[tuple[Literal["online", "offline", "update", "raid", "raid_out"], ...], Listed] = Field(
        ("online", "offline", "update", "raid"),
        description="Event families subscribed for each streamer.",
    )

    @field_validator("webhook_secret", "webhook_secret_previous")
    @classmethod
    def _ascii(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and not secret.get_secret_value().isascii():
            raise ValueError("must be ASCII, as Twitch demands")
        return secret


class Streamers(Section):
    """Streamer hosts."""

    per_host: int = Field(0, ge=0, description="Streamers on a host; 0 packs by load, 1 gives each a Ray actor.")
    history_bytes: int = Field(2 * 2**20, ge=65_536, description="History ring of one streamer, bytes.")


class Limits(Section):
    """Bounds on what one client may take."""

    sockets_per_user: int = Field(20, ge=1, description="Open sockets of one user on one connection actor.")
    sockets_per_ip: int = Field(100, ge=1, description="Open sockets of one address; never for loopback.")
    sockets: int = Field(20_000, ge=1, description="Open sockets of one connection actor.")
    subscriptions: int = Field(500, ge=1, description="Streamers that one socket may subscribe to.")
    send_queue_bytes: int = Field(1_048_576, ge=65_536, description="Unsent bytes of a socket before 4001.")
    send_queues_bytes: int = Field(
        268_435_456,
        ge=1_048_576,
        description="Unsent bytes of all sockets of one connection actor: above it chat is thinned everywhere, then "
        "the slowest are closed (4001); near it no new socket is taken.",
    )


class Ray(Section):
    """The Ray cluster."""

    address: str | None = Field(None, description="GCS address; none: a local Ray is started.")
    dashboard_port: Port = Field(8265, description="Port of the Ray dashboard, always on 127.0.0.1.")


class Settings(Section):
    """Everything that can be set."""

    public_url: str = Field(
        "http://localhost:8000",
        pattern=r"^https?://[^/\s]+$",
        description="Origin that browsers and Twitch use; the callback is this + /eventsub.",
    )
    data_dir: Path = Field(Path(".gstreamer"), description="Where embedded parts keep their data.")
    operators: Annotated[tuple[str, ...], Listed] = Field((), description="Twitch ids of operators.")
    http: Http = Http()
    ws: Ws = Ws()
    kafka: Kafka = Kafka()
    store: Store = Store()
    session: Session = Session()
    log: Log = Log()
    twitch: Twitch = Twitch()
    streamers: Streamers = Streamers()
    limits: Limits = Limits()
    ray: Ray = Ray()

    @model_validator(mode="after")
    def _plain_http_only_on_loopback(self) -> Settings:
        if self.public_url.startswith("http://") and not _is_loopback(urlsplit(self.public_url).hostname or ""):
            raise ValueError("public_url must start with https:// unless it is a loopback address")
        return self


def _is_loopback(host: str) -> bool:
    """Whether a host is this machine by its name (RFC 6761) or as an address; a name like 127.example is not."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def load(environ: Mapping[str, str] | None = None, file: Path | None = None) -> Settings:
    """
    The settings of this process.

    Args:
        environ: The environment; ``os.environ`` if not given.
        file: The settings file; ``gstreamer.toml`` in the working directory if not given.

    Raises:
        ConfigurationError: If a key is unknown or a value is wrong; the text names it.
    """
    environ = os.environ if environ is None else environ
    tree = _from_file(Path("gstreamer.toml") if file is None else file)
    known = dict(leaves(Settings))
    for key, value in environ.items():
        if key.startswith(PREFIX):
            _put(tree, *_resolve(key, value, known))
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"]) or "settings"
        raise ConfigurationError(f"setting {name}: {first['msg']}; docs/settings.md lists them all") from None


def leaves(section: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every setting below ``section``: its path and its pydantic field."""
    for name, field in section.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            yield from leaves(kind, (*path, name))
        else:
            yield (*path, name), field


def env_name(path: tuple[str, ...]) -> str:
    """The environment variable of a setting: ``GSTREAMER_HTTP__PORT`` for ``("http", "port")``."""
    return PREFIX + NESTED.join(path).upper()


def is_secret(field: Any) -> bool:
    """Whether a setting's value is masked, and may come from a ``_FILE``."""
    return _mentions_secret(field.annotation)


def _mentions_secret(kind: object) -> bool:
    return kind is SecretStr or (get_origin(kind) is not None and any(map(_mentions_secret, get_args(kind))))


def _from_file(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} is not valid TOML: {error}") from None


def _resolve(key: str, value: str, known: Mapping[tuple[str, ...], Any]) -> tuple[tuple[str, ...], object]:
    path = tuple(key[len(PREFIX) :].lower().split(NESTED))
    if path in known:
        return path, value
    if path[-1].endswith("_file"):
        target = (*path[:-1], path[-1].removesuffix("_file"))
        if target in known and is_secret(known[target]):
            try:
                return target, Path(value).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigurationError(f"{key}: cannot read {value}: {error}") from None
    raise ConfigurationError(f"{key} is not a setting of gstreamer; docs/settings.md lists them all")


def _put(tree: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    for part in path[:-1]:
        child = tree.setdefault(part, {})
        if not isinstance(child, dict):
            raise ConfigurationError(f"setting {'.'.join(path)}: {part} is a section, not a value")
        tree = child
    tree[path[-1]] = value
