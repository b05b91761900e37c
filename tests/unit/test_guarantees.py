"""docs/guarantees.md names tests that exist, and every chaos test is named there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE))
OTHERS = {
    "test_fifty_who_favour_one_streamer_cause_one_subscription_of_each_type",
    "test_what_cannot_be_broken_is_one_sentence",
}
"""They say what is subscribed or refused, not what is lost."""


def defined(path: Path) -> set[str]:
    """Names of the tests of a module: functions, and cases that hypothesis makes of a model."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def test_every_test_that_is_named_exists() -> None:
    assert len(NAMED) > 20
    assert {f"{path}::{name}" for path, name in NAMED if name not in defined(ROOT / path)} == set()


def test_every_chaos_test_is_named() -> None:
    there = {
        (str(path.relative_to(ROOT)), name)
        for path in (ROOT / "tests" / "chaos").glob("test_*.py")
        for name in defined(path)
        if name.startswith("test_") and name not in OTHERS
    }

    assert there - NAMED == set()
