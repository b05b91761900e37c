"""A process starts with the settings that were meant, or says in one sentence which one is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from gstreamer.core.errors import ConfigurationError
from gstreamer.settings import PREFIX, Settings, env_name, is_secret, leaves, load

NOWHERE = Path("/nonexistent/gstreamer.toml")


def settings(toml: str | None = None, tmp_path: Path | None = None, **environ: str) -> Settings:
    file = NOWHERE
    if toml is not None and tmp_path is not None:
        file = tmp_path / "gstreamer.toml"
        file.write_text(toml, encoding="utf-8")
    return load({PREFIX + key: value for key, value in environ.items()}, file)


def refusal(**environ: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        settings(**environ)
    return str(caught.value)


def test_without_anything_set_the_defaults_hold() -> None:
    found = settings()

    assert found == Settings()
    assert (found.public_url, found.http.port, found.ws.port) == ("http://localhost:8000", 8000, 8001)
    assert found.twitch.families == ("online", "offline", "update", "raid")


def test_a_nested_setting_comes_from_the_environment() -> None:
    assert settings(HTTP__PORT="9000").http.port == 9000


def test_other_variables_are_nobodys_business() -> None:
    assert load({"PATH": "/bin", "GSTREAMERX": "1"}, NOWHERE) == Settings()


def test_a_file_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    toml = 'public_url = "https://a.example"\n[http]\nport = 1\nhost = "0.0.0.0"\n'

    found = settings(toml, tmp_path, HTTP__PORT="2")

    assert (found.public_url, found.http.host, found.http.port) == ("https://a.example", "0.0.0.0", 2)


def test_the_working_directory_has_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gstreamer.toml").write_text("[http]\nport = 77\n")
    monkeypatch.chdir(tmp_path)

    assert load({}).http.port == 77


def test_the_process_environment_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GSTREAMER_WS__PORT", "78")

    assert load().ws.port == 78


@pytest.mark.parametrize(
    "key", ["HTTP__PRT", "HTP__PORT", "NONSENSE", "HTTP", "HTTP__PORT__X", "", "HTTP__PORT_FILE"]
)
def test_an_unknown_variable_is_named(key: str) -> None:
    assert refusal(**{key: "1"}) == f"GSTREAMER_{key} is not a setting of gstreamer; docs/settings.md lists them all"


@pytest.mark.parametrize(
    ("toml", "name"), [("nonsense = 1", "nonsense"), ("[http]\nprt = 1", "http.prt"), ("[htp]\nport = 1", "htp")]
)
def test_an_unknown_key_in_the_file_is_named(tmp_path: Path, toml: str, name: str) -> None:
    with pytest.raises(
        ConfigurationError, match=f"^setting {name}: Extra inputs are not permitted; docs/settings.md"
    ):
        settings(toml, tmp_path)


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"gstreamer\.toml is not valid TOML: "):
        settings("[http\n", tmp_path)


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / "gstreamer.toml"
    file.write_bytes(b"\xff\xfe")

    with pytest.raises(ConfigurationError, match=r"gstreamer\.toml is not valid TOML: "):
        load({}, file)


def test_a_value_in_the_place_of_a_section_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"^setting http\.port: http is a section, not a value$"):
        settings("http = 5", tmp_path, HTTP__PORT="1")


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("HTTP__PORT", "many", "setting http.port: Input should be a valid integer"),
        ("HTTP__PORT", "70000", "setting http.port: Input should be less than or equal to 65535"),
        ("WS__INGRESS", "both", "setting ws.ingress: Input should be 'direct' or 'serve'"),
        ("KAFKA__TOPIC_PREFIX", "a b", "setting kafka.topic_prefix: String should match pattern"),
        ("KAFKA__EXTRA", "{", "setting kafka.extra: "),
        ("KAFKA__EXTRA", "[1]", "setting kafka.extra: Input should be a valid dictionary"),
        ("TWITCH__FAMILIES", "online,party", "setting twitch.families.1: Input should be 'online'"),
        ("TWITCH__WEBHOOK_SECRET", "short", "setting twitch.webhook_secret: Value should have at least 10 items"),
        ("TWITCH__WEBHOOK_SECRET", "geheimnisvöll", "setting twitch.webhook_secret: Value error, must be ASCII"),
        ("PUBLIC_URL", "ftp://a", "setting public_url: String should match pattern"),
        ("PUBLIC_URL", "https://a/b", "setting public_url: String should match pattern"),
        ("LOG__LEVEL", "LOUD", "setting log.level: Input should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ("TWITCH__LINGER_S", "-1", "setting twitch.linger_s: Input should be greater than or equal to 0"),
    ],
)
def test_a_value_that_does_not_fit_is_named(key: str, value: str, text: str) -> None:
    found = refusal(**{key: value})

    assert found.startswith(text)
    assert found.endswith("; docs/settings.md lists them all")


@pytest.mark.parametrize(
    "url",
    ["http://localhost:8000", "http://127.0.0.1", "http://127.9.9.9:1", "http://[::1]:8000", "http://a.localhost"],
)
def test_plain_http_is_for_loopback(url: str) -> None:
    assert settings(PUBLIC_URL=url).public_url == url


@pytest.mark.parametrize(
    "url", ["http://a.example", "http://127.example", "http://localhost.example", "http://10.0.0.1"]
)
def test_plain_http_elsewhere_is_refused(url: str) -> None:
    assert refusal(PUBLIC_URL=url).startswith(
        "setting settings: Value error, public_url must start with https:// unless it is a loopback address"
    )


def test_lists_read_naturally_from_the_environment_and_from_the_file(tmp_path: Path) -> None:
    assert settings(OPERATORS="1, 2,,3 ").operators == ("1", "2", "3")
    assert settings('operators = ["1", "2"]', tmp_path).operators == ("1", "2")
    assert settings(OPERATORS="").operators == ()


def test_librdkafkas_properties_are_text(tmp_path: Path) -> None:
    expected = {"socket.keepalive.enable": "true", "linger.ms": "5", "client.id": "me"}

    toml = '[kafka.extra]\n"socket.keepalive.enable" = true\n"linger.ms" = 5\n"client.id" = "me"\n'

    assert settings(toml, tmp_path).kafka.extra == expected
    text = '{"socket.keepalive.enable": true, "linger.ms": 5, "client.id": "me"}'
    assert settings(KAFKA__EXTRA=text).kafka.extra == expected


def secrets() -> list[tuple[str, ...]]:
    return [path for path, field in leaves(Settings) if is_secret(field)]


def test_what_is_secret_is_known() -> None:
    assert {".".join(path) for path in secrets()} == {
        "session.secret",
        "store.keys",
        "store.urls",
        "twitch.client_secret",
        "twitch.webhook_secret",
        "twitch.webhook_secret_previous",
    }


def value_at(found: Settings, path: tuple[str, ...]) -> object:
    value: object = found
    for part in path:
        value = getattr(value, part)
    return value


@pytest.mark.parametrize("path", secrets(), ids=".".join)
def test_a_secret_can_come_from_a_file(tmp_path: Path, path: tuple[str, ...]) -> None:
    file = tmp_path / "secret"
    file.write_text("  a secret of some length\n")

    value = value_at(load({env_name(path) + "_FILE": str(file)}, NOWHERE), path)

    (secret,) = value if isinstance(value, tuple) else (value,)
    assert isinstance(secret, SecretStr)
    assert secret.get_secret_value() == "a secret of some length"


@pytest.mark.parametrize("path", secrets(), ids=".".join)
def test_a_secret_is_never_shown(path: tuple[str, ...]) -> None:
    found = load({env_name(path): "a secret of some length"}, NOWHERE)

    assert "a secret of" not in repr(found) + str(found) + found.model_dump_json()


def test_a_secret_that_does_not_fit_is_not_repeated() -> None:
    assert "ßecret" not in refusal(TWITCH__WEBHOOK_SECRET="the ßecret of it")


def test_a_file_of_a_secret_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing"

    assert refusal(SESSION__SECRET_FILE=str(missing)).startswith(
        f"GSTREAMER_SESSION__SECRET_FILE: cannot read {missing}: "
    )


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        settings().http.port = 1  # type: ignore[misc]


def test_every_setting_says_what_it_is() -> None:
    fields = dict(leaves(Settings))

    assert [path for path, field in fields.items() if not (field.description or "").endswith(".")] == []
    assert env_name(("http", "port")) == "GSTREAMER_HTTP__PORT"
