"""The pages that are made from the code are those of this code."""

from __future__ import annotations

from pathlib import Path

import pytest

from gstreamer.metrics import METRICS
from gstreamer.reference import main, metrics_page, settings_page
from gstreamer.settings import PREFIX, Settings, env_name, leaves

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_of_settings_is_current() -> None:
    page = (DOCS / "settings.md").read_text(encoding="utf-8")

    assert page == settings_page(), "run `python -m gstreamer.reference settings > docs/settings.md`"


def test_the_page_of_metrics_is_current() -> None:
    page = (DOCS / "metrics.md").read_text(encoding="utf-8")

    assert page == metrics_page(), "run `python -m gstreamer.reference metrics > docs/metrics.md`"


def test_every_setting_and_every_metric_is_on_its_page() -> None:
    assert [
        path for path, _ in leaves(Settings) if f"`{env_name(path).removeprefix(PREFIX)}`" not in settings_page()
    ] == []
    assert [one.name for one in METRICS if f"`{one.name}`" not in metrics_page()] == []


def test_every_setting_that_the_project_names_exists() -> None:
    text = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    known = {env_name(path) for path, _ in leaves(Settings)}
    named = {word.strip("`=.,:;()") for word in text.split() if word.strip("`").startswith(PREFIX)}

    assert {name.split("=")[0].removesuffix("_FILE") for name in named} <= known


@pytest.mark.parametrize("name", ["settings", "metrics"])
def test_a_page_is_printed_by_its_name(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name]) == 0
    assert capsys.readouterr().out == (DOCS / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["settings", "metrics"]])
def test_without_the_name_of_a_page_the_names_are_told(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err == "usage: python -m gstreamer.reference settings|metrics\n"
