"""The pages that are made from the code are those of this code."""

from __future__ import annotations

import json
import random
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from gstreamer.core.catalogue import CATALOGUE
from gstreamer.core.encoding import encode
from gstreamer.core.events import Role
from gstreamer.metrics import METRICS
from gstreamer.reference import PAGES, main, metrics_page, settings_page
from gstreamer.settings import PREFIX, Settings, env_name, leaves
from gstreamer.simulator import cast
from gstreamer.simulator.chat import Chat
from gstreamer.simulator.community import Community
from gstreamer.simulator.notices import any_notice
from gstreamer.simulator.world import Happening, World
from tests.records import record

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
FILES = {
    "settings": "docs/settings.md",
    "metrics": "docs/metrics.md",
    "events": "docs/events.md",
    "schema": "docs/events.schema.json",
    "types": "frontend/src/lib/live/events.generated.ts",
}
AT = "2026-11-24T20:15:00Z"
VALIDATOR = Draft202012Validator(json.loads((DOCS / "events.schema.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", PAGES)
def test_what_is_made_from_the_code_is_current(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    made = (ROOT / FILES[name]).read_text(encoding="utf-8")

    assert main([name]) == 0
    assert capsys.readouterr().out == made, f"run `python -m gstreamer.reference {name} > {FILES[name]}`"


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


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["settings", "metrics"]])
def test_without_the_name_of_a_page_the_names_are_told(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err == "usage: python -m gstreamer.reference settings|metrics|events|schema|types\n"


def event_of(event_type: str, data: dict[str, Any]) -> dict[str, Any]:
    """The event as the broadcaster's client gets it."""
    event = encode(record(7, event_type, data), "1001", "e").event.seen_by(Role.BROADCASTER)
    assert event is not None
    said: dict[str, Any] = json.loads(event.encoded)
    return said


def happenings() -> list[Happening]:
    """What Twitch's double tells of a busy evening."""
    one, other, viewer = cast.STREAMERS[0], cast.STREAMERS[1], cast.VIEWERS[0]
    told: list[Happening] = []
    world, chat, community, dice = World(1, AT), Chat(told.append, 1), Community(1), random.Random(1)
    if one in world.live():
        told += world.end(one)
    told += [*world.start(one, AT), *world.update(one, "a title"), *world.raid(one, other)]
    for _ in range(400):
        told += community.step([one], datetime.fromisoformat(AT))
    for _ in range(50):
        told += world.step(AT)
        chat.chatter([one, other])
        chat.notify(one, viewer, any_notice(dice, viewer, other))
    chat.clear_user(one, viewer)
    chat.clear(one)
    return told


def test_what_twitchs_double_tells_is_as_the_schema_says() -> None:
    told = happenings()

    assert {one.type for one in told} >= {
        "stream.online",
        "channel.update",
        "channel.raid",
        "channel.follow",
        "channel.cheer",
        "channel.bits.use",
        "channel.subscription.gift",
        "channel.subscription.message",
        "channel.hype_train.end",
        "channel.poll.end",
        "channel.prediction.end",
        "channel.chat.message",
        "channel.chat.notification",
        "channel.chat.clear_user_messages",
    }
    for one in told:
        assert list(VALIDATOR.iter_errors(event_of(one.type, one.event))) == [], one


def test_the_schema_bears_what_twitch_adds_and_refuses_what_is_wrong() -> None:
    raid = next(one for one in happenings() if one.type == "channel.raid")

    assert VALIDATOR.is_valid(event_of(raid.type, {**raid.event, "of_tomorrow": [1]}))
    assert VALIDATOR.is_valid(event_of("channel.of.tomorrow", {"anything": None}))
    assert not VALIDATOR.is_valid(event_of(raid.type, {**raid.event, "viewers": "many"}))
    assert not VALIDATOR.is_valid(event_of(raid.type, {}))


@pytest.mark.parametrize("event_type", [kind.type for kind in CATALOGUE.values() if kind.restricted])
def test_a_cut_event_is_as_the_schema_says(event_type: str) -> None:
    needed = VALIDATOR.schema["$defs"][event_type]["required"]

    assert not set(CATALOGUE[event_type].restricted) & set(needed)


def test_every_type_is_on_the_page_and_in_the_types() -> None:
    for name in ("events", "schema", "types"):
        page = PAGES[name]()
        assert [kind for kind in CATALOGUE if kind not in page] == []
