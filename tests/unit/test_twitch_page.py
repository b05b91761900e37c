"""docs/twitch.md says what the code asks for and what a budget holds."""

from __future__ import annotations

import re
from pathlib import Path

from gstreamer.core.signin import SCOPES
from gstreamer.core.statuses import ACTIVE, STATUSES
from gstreamer.settings import Twitch

PAGE = (Path(__file__).parents[2] / "docs" / "twitch.md").read_text(encoding="utf-8")
BUDGET = 10_000


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading."""
    section = PAGE.split(heading, 1)[1].split("\n## ", 1)[0].split("\n### ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def scopes_in(cell: str) -> set[str]:
    """The scopes that a cell names; a word that ends in a colon begins those behind it."""
    prefix, found = "", set()
    for word in re.findall(r"`([^`]+)`", cell):
        if word.endswith(":"):
            prefix = word
        else:
            found.add(word if ":" in word else prefix + word)
    return found


def test_every_scope_that_is_asked_for_is_told_with_its_group() -> None:
    told = {cells[1].strip("`"): scopes_in(cells[2]) for cells in rows("## What people are asked for")}

    assert told == {"none": set(), **{group: set(scopes) for group, scopes in SCOPES.items()}}


def test_the_capacity_is_the_budget_by_the_cost() -> None:
    table = [(cells[0], int(cells[1]), int(cells[2].replace(",", ""))) for cells in rows("## How far one app")]

    assert [streamers for _, _, streamers in table] == [BUDGET // cost for _, cost, _ in table]
    assert [cost for families, cost, _ in table] == [families.count(",") + 1 for families, _, _ in table]
    default = next(families for families, _, _ in table if families.startswith("**"))
    assert tuple(default[2:].split("**")[0].split(", ")) == Twitch().families


def test_what_is_done_about_each_status_is_what_is_told() -> None:
    told = {
        name: cells[1] for cells in rows("### A subscription ends") for name in re.findall(r"`([^`]+)`", cells[0])
    }
    dead = {status: policy.value for status, policy in STATUSES.items() if status not in ACTIVE}

    assert {status: told.get(status) or told.get(f"{status.partition('_')[0]}_*") for status in dead} == dead
