"""`gstreamer doctor`: each setting against the real service; what is wrong is said with what to do."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import aiohttp
import psycopg

from gstreamer.cli import attach
from gstreamer.cli.grants import standing
from gstreamer.core.errors import GStreamerError, UnavailableError
from gstreamer.core.health import subscriptions_finding
from gstreamer.core.partitioning import Interval
from gstreamer.core.store_advice import advice
from gstreamer.core.topics import own_topics
from gstreamer.embedded.java import find_java
from gstreamer.kafka.admin import Admin
from gstreamer.settings import Settings
from gstreamer.store import partitions
from gstreamer.store.engine import Database, check_dsn, place_of
from gstreamer.store.migrate import standing as standing_of_schema
from gstreamer.store.rotation import Rotation
from gstreamer.store.secrets import Keyring, keys_of
from gstreamer.store.shard import Shard
from gstreamer.store.survey import Survey, survey

ASK_S = 5.0
OLDEST_POSTGRES = 14
SECRET_CHARS = 32
NAMED = 20
"""Streamers that are named one by one."""


class Finding(NamedTuple):
    """What was found about one part."""

    part: str
    ok: bool
    what: str

    def __str__(self) -> str:
        return f"{'ok' if self.ok else 'wrong':<6} {self.part:<10} {self.what}"


class _WrongError(Exception):
    """A setting that does not hold; the text says what to do."""


async def examine(tree: Settings) -> list[Finding]:
    """A finding for each part; nothing is changed anywhere but that Twitch hands out a token."""
    checks: list[tuple[str, Callable[[Settings], Awaitable[str]]]] = [
        ("kafka", _kafka),
        ("postgres", _postgres),
        ("store", _store),
        ("twitch", _twitch),
        ("secrets", _secrets),
        ("public_url", _public_url),
        ("ws", _ws),
        ("data_dir", _data_dir),
        ("subscriptions", _subscriptions),
    ]
    return list(await asyncio.gather(*(_found(part, check, tree) for part, check in checks)))


async def _found(part: str, check: Callable[[Settings], Awaitable[str]], tree: Settings) -> Finding:
    try:
        return Finding(part, True, await check(tree))
    except (_WrongError, GStreamerError) as error:
        return Finding(part, False, str(error))


async def _kafka(tree: Settings) -> str:
    servers = tree.kafka.bootstrap_servers
    if servers is None:
        java = await asyncio.to_thread(find_java)
        return f"not set: an embedded one will run on Java {java.major}"
    admin = Admin(servers, tree.kafka.extra)
    try:
        names = set(await admin.names())
    finally:
        await admin.close()
    missing = [spec.name for spec in own_topics() if spec.name not in names]
    made = f"; {len(missing)} own topics are made at the next start" if missing else ""
    return f"{servers} answers, {len(names)} topics{made}"


async def _postgres(tree: Settings) -> str:
    if not tree.store.urls:
        return "not set: an embedded one will run"
    places = []
    for secret in tree.store.urls:
        dsn = secret.get_secret_value()
        try:
            connection = await psycopg.AsyncConnection.connect(dsn, connect_timeout=int(ASK_S))
        except psycopg.Error as error:
            first = str(error).strip().splitlines()[0]
            raise _WrongError(f"{place_of(dsn)} refuses: {first}; check GSTREAMER_STORE__URLS") from None
        async with connection:
            version = connection.info.server_version // 10_000
        if version < OLDEST_POSTGRES:
            raise _WrongError(f"{place_of(dsn)} is PostgreSQL {version}: use {OLDEST_POSTGRES} or newer")
        places.append(f"{place_of(dsn)} (PostgreSQL {version})")
    return f"{', '.join(places)} answers"


async def _store(tree: Settings) -> str:
    if not tree.store.urls:
        return "not set: an embedded one will run"
    interval, now = tree.store.interval, dt.datetime.now(dt.UTC)
    found = [await _surveyed(secret.get_secret_value(), interval, now) for secret in tree.store.urls]
    events = sum(one.events for one in found)
    busiest = max((one.busiest for one in found if one.busiest is not None), key=lambda one: one.share, default=None)
    words = [f"{events} events yesterday", *advice(events, interval, len(found), busiest)]
    if late := sum(one.late for one in found):
        words.append(f"{late} rows lie beside the partitions")
    ahead = min(one.ahead for one in found)
    if len(words) > 1:
        words.append("docs/store.md says how")
    if ahead < partitions.AHEAD:
        raise _WrongError(
            f"partitions are there {ahead} intervals ahead: is the store writer running? its log says why"
        )
    return "; ".join(words)


async def _surveyed(dsn: str, interval: Interval, now: dt.datetime) -> Survey:
    found, newest = await asyncio.to_thread(standing_of_schema, dsn)
    if found != newest:
        raise _WrongError(f"{place_of(dsn)} has schema {found or 'none'}: `gstreamer migrate` makes it {newest}")
    shard = Shard(dsn)
    try:
        return await survey(shard, interval, now)
    finally:
        await shard.close()


async def _twitch(tree: Settings) -> str:
    twitch = tree.twitch
    if twitch.client_id is None:
        return "no client id: a simulation will run in Twitch's place"
    if twitch.client_secret is None:
        raise _WrongError("a client id but no secret: set GSTREAMER_TWITCH__CLIENT_SECRET too")
    form = {
        "client_id": twitch.client_id,
        "client_secret": twitch.client_secret.get_secret_value(),
        "grant_type": "client_credentials",
    }
    timeout = aiohttp.ClientTimeout(total=ASK_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(f"{twitch.id_url}/token", data=form) as answer,
        ):
            status = answer.status
    except (aiohttp.ClientError, TimeoutError) as error:
        raise _WrongError(f"{twitch.id_url} does not answer ({type(error).__name__}): check the network") from None
    if status in (400, 403):
        raise _WrongError("Twitch refuses the client id and secret: copy both from its developer console again")
    if status != 200:
        raise _WrongError(f"{twitch.id_url} answers {status}: try again later")
    return "a simulation takes the credentials" if twitch.simulated else "Twitch takes the credentials"


async def _secrets(tree: Settings) -> str:
    secret = tree.session.secret
    if secret is not None and len(secret.get_secret_value()) < SECRET_CHARS:
        raise _WrongError(f"session.secret is shorter than {SECRET_CHARS} characters: choose a longer one")
    generated = secret is None or not tree.store.keys or tree.twitch.webhook_secret is None
    words = "those that are not set are generated" if generated else "each is set and fits"
    older = await _older_keys(tree)
    return f"{words}; {older}" if older else words


async def _older_keys(tree: Settings) -> str:
    """What is to be told of grants that other keys seal than the first."""
    if not tree.store.keys:
        return ""
    keyring = Keyring(keys_of(tree.store.keys), os.urandom)
    if not tree.store.urls:
        return ""
    database = Database(check_dsn(tree.store.urls[0].get_secret_value()))
    try:
        return standing(keyring, await Rotation(database, keyring).by_key())
    except UnavailableError:
        # The database is another finding; without its tables there are no grants.
        return ""
    finally:
        await database.close()


async def _public_url(tree: Settings) -> str:
    url = f"{tree.public_url}/healthz"
    try:
        with await asyncio.to_thread(urllib.request.urlopen, url, timeout=ASK_S) as answer:
            status = answer.status
    except urllib.error.HTTPError as error:
        status = error.code
        error.close()
    except ssl.SSLError as error:
        raise _WrongError(f"{tree.public_url}: its certificate is refused: {error.reason}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ConnectionRefusedError) and tree.public_url.startswith("http://"):
            return f"{tree.public_url}: nothing runs there at the moment"
        raise _WrongError(f"{tree.public_url} cannot be reached ({reason}): check GSTREAMER_PUBLIC_URL") from None
    if status != 200:
        raise _WrongError(f"{tree.public_url} answers {status} to /healthz: is it this gstreamer's address?")
    return f"{tree.public_url} leads here"


async def _ws(tree: Settings) -> str:
    if (tree.ws.tls_cert is None) != (tree.ws.tls_key is None):
        raise _WrongError("of ws.tls_cert and ws.tls_key one is set: set both, or neither")
    if tree.ws.tls_cert is not None and tree.ws.tls_key is not None:
        try:
            ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(tree.ws.tls_cert, tree.ws.tls_key)
        except (OSError, ssl.SSLError) as error:
            raise _WrongError(f"ws.tls_cert and ws.tls_key do not load: {error}") from None
    with socket.socket() as probe:
        probe.settimeout(ASK_S)
        listening = probe.connect_ex((tree.ws.host.replace("0.0.0.0", "127.0.0.1"), tree.ws.port)) == 0
    return f"port {tree.ws.port} {'takes sockets' if listening else 'is free'}"


async def _data_dir(tree: Settings) -> str:
    path = tree.data_dir.absolute()
    existing = next(parent for parent in (path, *path.parents) if parent.exists())
    if not os.access(existing, os.W_OK | os.X_OK):
        raise _WrongError(f"{existing} cannot be written: choose another with --data-dir")
    return f"{path}"


async def _subscriptions(tree: Settings) -> str:
    if tree.ray.address is None:
        return (
            await _told_by_health(tree) or f"nothing runs here at the moment; by {tree.twitch.transport} once it does"
        )
    await asyncio.to_thread(attach.join_ray, tree)
    from gstreamer.actors.handles import Handles

    observed = await Handles().subscriptions().observe()
    found = subscriptions_finding(observed)
    named = [found.reason]
    for what, key in (("without a subscription", "without"), ("to sign in again", "needs_person")):
        if ids := observed.get(key):
            more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
            named.append(f"{what}: {', '.join(ids[:NAMED])}{more}")
    words = "; ".join(named)
    if found.state != "ok":
        raise _WrongError(words)
    return words


async def _told_by_health(tree: Settings) -> str:
    """What the install at ``public_url`` says of its subscriptions; empty if none answers."""
    url = f"{tree.public_url}/api/health"
    try:
        with await asyncio.to_thread(urllib.request.urlopen, url, timeout=ASK_S) as answer:
            return str(json.load(answer)["parts"]["subscriptions"]["reason"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
