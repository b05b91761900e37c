"""The first load of the page is small: what it costs, compressed, is bounded; no asset is written into another."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

MAX_SCRIPT_BYTES = 120_000
MAX_STYLE_BYTES = 15_000


def test_the_first_load_keeps_to_its_budget(build: Callable[[], Path]) -> None:
    folder = build()
    manifest = json.loads((folder / ".vite" / "manifest.json").read_text())
    first = [manifest["index.html"]]
    for chunk in first:
        first.extend(manifest[name] for name in chunk.get("imports", []) if manifest[name] not in first)

    scripts = {chunk["file"] for chunk in first}
    styles = {style for chunk in first for style in chunk.get("css", [])}
    # The worker is loaded with the page, though the page does not import it.
    scripts |= {str(path.relative_to(folder)) for path in folder.glob("assets/worker-*.js")}
    script_bytes = sum((folder / f"{name}.gz").stat().st_size for name in scripts)
    style_bytes = sum((folder / f"{name}.gz").stat().st_size for name in styles)

    assert len(scripts) >= 2, "the page has no worker: each tab would open a socket of its own"
    assert script_bytes <= MAX_SCRIPT_BYTES
    assert style_bytes <= MAX_STYLE_BYTES


def test_every_text_asset_has_its_compressed_forms(build: Callable[[], Path]) -> None:
    assets = [path for path in (build() / "assets").iterdir() if path.suffix in {".js", ".css"}]

    missing = [
        path.name for path in assets for suffix in (".gz", ".br") if not path.with_name(path.name + suffix).is_file()
    ]

    assert assets
    assert missing == []


def test_the_page_names_no_other_origin_and_carries_no_inline_code(build: Callable[[], Path]) -> None:
    html = (build() / "index.html").read_text()

    assert re.findall(r"https?://", html) == []
    assert re.findall(r"<style|style=|<script(?![^>]*\bsrc=)|\bon\w+=", html) == []
