"""What somebody set reaches every process, what nobody set is filled in, and secrets travel as private files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gstreamer.core.errors import ConfigurationError
from gstreamer.embedded import plan
from gstreamer.embedded.data_dir import DataDir
from gstreamer.settings import Settings, load


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[DataDir]:
    opened = DataDir(tmp_path / "data", "0.1.0")
    opened.open()
    yield opened
    opened.close()


def tree(**env: str) -> Settings:
    return load({f"GSTREAMER_{key}": value for key, value in env.items()}, Path("none.toml"))


def test_settings_survive_the_way_through_the_environment(data_dir: DataDir) -> None:
    wanted = tree(
        PUBLIC_URL="https://live.example",
        OPERATORS="1,2",
        KAFKA__EXTRA='{"linger.ms": 5, "enable.ssl.certificate.verification": false}',
        STORE__URLS="postgresql://a/1,postgresql://b/2",
        TWITCH__CLIENT_SECRET="hidden",
        TWITCH__FAMILIES="online,offline",
        STREAMERS__PER_HOST="1",
    )

    env = plan.exported(wanted, data_dir.secrets)

    assert load(env, Path("none.toml")) == wanted


def test_no_secret_is_in_the_environment(data_dir: DataDir) -> None:
    wanted = tree(TWITCH__CLIENT_ID="id", TWITCH__CLIENT_SECRET="hidden", STORE__URLS="postgresql://u:hidden@h/d")

    env = plan.base_environment(wanted, data_dir, {"PATH": "/bin", "GSTREAMER_TWITCH__CLIENT_SECRET": "hidden"})

    assert [value for value in env.values() if "hidden" in value] == []
    assert env["PATH"] == "/bin"
    assert {path.stat().st_mode & 0o777 for path in data_dir.secrets.iterdir()} == {0o600}


def test_secrets_that_nobody_set_are_generated_and_fit(data_dir: DataDir) -> None:
    env = plan.base_environment(tree(), data_dir, {})

    found = load(env, Path("none.toml"))

    assert found.session.secret is not None
    assert len(found.session.secret.get_secret_value()) >= 32
    assert found.twitch.webhook_secret is not None
    assert len(found.store.keys) == 1


def test_secrets_that_somebody_set_are_kept(data_dir: DataDir) -> None:
    wanted = tree(SESSION__SECRET="s" * 32, TWITCH__WEBHOOK_SECRET="w" * 20)

    found = load(plan.base_environment(wanted, data_dir, {}), Path("none.toml"))

    assert found.session.secret == wanted.session.secret
    assert found.twitch.webhook_secret == wanted.twitch.webhook_secret


def test_the_command_line_goes_before_the_settings() -> None:
    found = plan.with_command_line(tree(HTTP__PORT="1000"), 2000, 3000, Path("/data"))

    assert (found.http.port, found.ws.port, found.data_dir) == (2000, 3000, Path("/data"))


def test_the_public_url_follows_the_port_unless_it_is_set() -> None:
    followed = plan.with_command_line(tree(), 2000, 3000, None)
    stays = plan.with_command_line(tree(PUBLIC_URL="https://live.example"), 2000, 3000, None)

    assert followed.public_url == "http://localhost:2000"
    assert stays.public_url == "https://live.example"


def test_port_0_takes_any_free_one() -> None:
    found = plan.with_command_line(tree(), 0, 0, None)

    assert found.http.port > 0
    assert found.ws.port > 0
    assert found.public_url == f"http://localhost:{found.http.port}"


def test_an_install_on_another_port_has_a_dashboard_port_that_it_keeps(data_dir: DataDir) -> None:
    on_2000 = plan.with_command_line(tree(), 2000, 3000, None)

    first = plan.with_dashboard(on_2000, data_dir).ray.dashboard_port
    second = plan.with_dashboard(on_2000, data_dir).ray.dashboard_port

    assert first != Settings().ray.dashboard_port
    assert first == second


def test_one_port_wanted_twice_is_refused() -> None:
    both = plan.with_command_line(tree(RAY__DASHBOARD_PORT="3001"), 2000, 2000, None)

    with pytest.raises(ConfigurationError, match=r"port 2000 is wanted twice: choose another with --ws-port"):
        plan.check(both)


def test_a_client_id_without_its_secret_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"CLIENT_ID is set but GSTREAMER_TWITCH__CLIENT_SECRET is not"):
        plan.check(tree(TWITCH__CLIENT_ID="id"))


def test_where_ray_is_lies_below_the_run_directory(data_dir: DataDir) -> None:
    env = plan.ray_environment(data_dir)

    places = [value for value in env.values() if value.startswith(str(data_dir.run_dir))]
    ports = [int(value) for key, value in env.items() if key.endswith("_PORT")]
    assert len(places) == 6
    assert len(set(ports)) == len(ports)
    # HAProxy appends a node id of 56 characters and a suffix of its own; a socket's path has at most 107 bytes.
    assert len(env["RAY_SERVE_HAPROXY_SOCKET_PATH"]) + 57 + 12 <= 107
