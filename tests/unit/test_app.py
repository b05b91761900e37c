"""Ray is told how to behave before it is imported, and serve_config.yaml names the builders that the driver runs."""

from __future__ import annotations

import io
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from gstreamer import app
from gstreamer.core.errors import ConfigurationError
from gstreamer.driver import Told
from gstreamer.settings import Settings

ROOT = Path(__file__).parents[2]


def settings(data_dir: Path) -> Settings:
    return Settings(data_dir=data_dir)


def given(**more: str) -> dict[str, str]:
    return {"RAY_TMPDIR": "/somewhere", **more}


def test_ray_asks_for_a_token_that_only_we_can_read(tmp_path: Path) -> None:
    found = app.ray_environment(settings(tmp_path), given())

    token = Path(found["RAY_AUTH_TOKEN_PATH"])
    assert found["RAY_AUTH_MODE"] == "token"
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    assert len(token.read_text()) == 64


def test_the_token_is_kept(tmp_path: Path) -> None:
    first = Path(app.ray_environment(settings(tmp_path), given())["RAY_AUTH_TOKEN_PATH"]).read_text()

    second = Path(app.ray_environment(settings(tmp_path), given())["RAY_AUTH_TOKEN_PATH"]).read_text()

    assert first == second


def test_a_token_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "secrets").write_text("a file where a directory belongs")

    with pytest.raises(ConfigurationError, match="ray-token cannot be written"):
        app.ray_environment(settings(tmp_path), given())


def test_what_somebody_has_set_is_left_alone(tmp_path: Path) -> None:
    found = app.ray_environment(
        settings(tmp_path), given(RAY_AUTH_TOKEN_PATH="/mine", RAY_SERVE_HAPROXY_MAXCONN="7", RAY_worker_niceness="3")
    )

    assert (
        not {"RAY_AUTH_TOKEN_PATH", "RAY_SERVE_HAPROXY_MAXCONN", "RAY_worker_niceness", "RAY_TMPDIR"} & found.keys()
    )
    assert found["RAY_SERVE_ENABLE_HA_PROXY"] == "1"


@pytest.mark.parametrize(
    ("files", "connections"), [(20_000, 7_900), (1_024, 400), (1_000_000, 20_000), (app.UNLIMITED, 20_000)]
)
def test_haproxy_takes_as_many_connections_as_it_may_open_files(files: int, connections: int) -> None:
    assert app.proxy_connections(files) == connections
    assert files == app.UNLIMITED or files < 2_000 or connections * 5 // 2 + 100 < files


def test_the_config_file_names_the_builders_and_routes_of_the_driver() -> None:
    config = yaml.safe_load((ROOT / "serve_config.yaml").read_text())

    named = {each["name"]: (each["import_path"], each["route_prefix"]) for each in config["applications"]}
    assert named == {name: (f"gstreamer.app:{name}", app.ROUTES[name]) for name in app.BUILDERS}
    assert all(getattr(app, name) is build for name, build in app.BUILDERS.items())


def test_the_logs_of_the_last_run_are_kept(tmp_path: Path) -> None:
    session = tmp_path / "ray" / "session_1"
    (session / "logs").mkdir(parents=True)
    (session / "logs" / "worker.err").write_text("new")
    (tmp_path / "ray" / "session_latest").symlink_to(session)
    kept = tmp_path / "data" / "logs" / "ray"
    kept.mkdir(parents=True)
    (kept / "old.err").write_text("old")

    app.keep_logs(tmp_path / "ray", kept)

    assert {file.name for file in kept.iterdir()} == {"worker.err"}


def test_without_logs_nothing_is_kept_and_nothing_breaks(tmp_path: Path) -> None:
    app.keep_logs(tmp_path / "ray", tmp_path / "logs" / "ray")

    assert not (tmp_path / "logs" / "ray").exists()


@pytest.mark.parametrize(
    ("missing", "prepare"),
    [("kafka.bootstrap_servers", app.prepare_topics), ("store.urls", app.prepare_schema)],
)
def test_a_missing_part_is_one_sentence(
    missing: str, prepare: Callable[[Settings, Told], None], tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match=f"{missing} is not set: run `gstreamer up`, or set it"):
        prepare(settings(tmp_path), Told(io.StringIO()))
