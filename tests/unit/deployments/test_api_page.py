"""The page is served from memory: its own files, under its policy, and nothing else of the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from gstreamer.core.problems import ProblemError
from gstreamer.deployments.api.page import Page
from tests.asgi import Answer, Browser

POLICY = "default-src 'none'; connect-src 'self' ws://localhost:*"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    built = tmp_path / "page"
    (built / "assets").mkdir(parents=True)
    (built / ".vite").mkdir()
    (built / "index.html").write_text("<!doctype html>the page")
    (built / "assets" / "app-1a2b.js").write_text("plain")
    (built / "assets" / "app-1a2b.js.br").write_bytes(b"brotli")
    (built / "assets" / "app-1a2b.js.gz").write_bytes(b"gzip")
    (built / "favicon.svg").write_text("<svg/>")
    (built / ".vite" / "manifest.json").write_text("{}")
    (built / ".built").write_text("hash")
    (tmp_path / "secret.txt").write_text("secret")
    return built


async def get(folder: Path, path: str, method: str = "GET", **headers: str) -> Answer:
    return await Browser(Page(folder, lambda: POLICY)).request(method, path, headers=headers)


@pytest.mark.parametrize("path", ["/", "/s/alpha,beta", "/search", "/history/alpha", "/index.html"])
async def test_the_page_answers_each_path_that_it_routes_itself(folder: Path, path: str) -> None:
    answer = await get(folder, path)

    assert (answer.status, answer.text) == (200, "<!doctype html>the page")
    assert answer.header("content-type") == "text/html; charset=utf-8"
    assert answer.header("cache-control") == "no-cache"
    assert answer.header("content-security-policy") == POLICY


async def test_a_hashed_asset_is_kept_for_ever(folder: Path) -> None:
    answer = await get(folder, "/assets/app-1a2b.js")

    assert (answer.text, answer.header("content-type")) == ("plain", "text/javascript; charset=utf-8")
    assert answer.header("cache-control") == "public, max-age=31536000, immutable"
    assert "connect-src 'self' ws: wss:" in (answer.header("content-security-policy") or "")


@pytest.mark.parametrize(
    ("accepted", "encoding", "body"),
    [
        ("gzip, deflate, br", "br", b"brotli"),
        ("gzip", "gzip", b"gzip"),
        ("br;q=0, gzip;q=0.5", "gzip", b"gzip"),
        ("identity", None, b"plain"),
        ("", None, b"plain"),
    ],
)
async def test_the_compressed_form_that_a_client_takes_is_sent(
    folder: Path, accepted: str, encoding: str | None, body: bytes
) -> None:
    answer = await get(folder, "/assets/app-1a2b.js", accept_encoding=accepted)

    assert (answer.header("content-encoding"), answer.body) == (encoding, body)
    assert (answer.header("vary"), answer.header("content-length")) == ("Accept-Encoding", str(len(body)))


@pytest.mark.parametrize("accepted", ["", "br"])
async def test_a_page_that_has_not_changed_is_not_sent_again(folder: Path, accepted: str) -> None:
    first = await get(folder, "/assets/app-1a2b.js", accept_encoding=accepted)
    again = await get(folder, "/assets/app-1a2b.js", if_none_match=first.header("etag") or "")

    assert (again.status, again.body) == (304, b"")


async def test_head_sends_no_body(folder: Path) -> None:
    answer = await get(folder, "/", "HEAD")

    assert (answer.status, answer.body, answer.header("content-length")) == (200, b"", "23")


@pytest.mark.parametrize(
    "path",
    [
        "/assets/missing.js", "/assets/missing", "/missing.png", "/../secret.txt", "/assets/../../secret.txt",
        "/.built", "/.vite/manifest.json", "/assets/app-1a2b.js.gz", "/eventsub", "/ws", "/ws/x",
    ],
)  # fmt: skip
async def test_nothing_else_is_served(folder: Path, path: str) -> None:
    with pytest.raises(ProblemError) as refused:
        await get(folder, path)

    assert refused.value.status == 404


@pytest.mark.parametrize("path", ["/..%2fsecret.txt", "/%2e%2e/secret.txt", "//etc/passwd", "/etc/passwd"])
async def test_no_path_leads_out_of_the_folder(folder: Path, path: str) -> None:
    try:
        answer = await get(folder, path)
    except ProblemError:
        return

    assert "the page" in answer.text


async def test_the_page_can_only_be_read(folder: Path) -> None:
    with pytest.raises(ProblemError, match="405: the page can only be read"):
        await get(folder, "/", "POST")


async def test_where_the_page_is_not_built_one_sentence_says_so(tmp_path: Path) -> None:
    page = Page(tmp_path, lambda: POLICY)
    answer = await Browser(page).get("/")

    assert (answer.status, answer.header("content-type")) == (503, "text/plain; charset=utf-8")
    assert answer.text.startswith("The page is not built: run `make up`")

    (tmp_path / "index.html").write_text("built meanwhile")
    assert (await Browser(page).get("/")).text == "built meanwhile"
