"""The tree stays readable: files and functions have a size, and each decision has its test."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for path in (ROOT / "gstreamer").rglob("*.py") if "versions" not in path.parts)
CORE = sorted(path.name for path in (ROOT / "gstreamer" / "core").glob("*.py") if path.name != "__init__.py")
FILE_LINES = 400
FUNCTION_LINES = 60


def functions(source: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


@pytest.mark.parametrize("module", CORE)
def test_each_module_of_the_core_has_its_test_module(module: str) -> None:
    assert (ROOT / "tests" / "unit" / "core" / f"test_{module}").is_file()


def test_no_file_is_too_long() -> None:
    lengths = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8").count("\n") for path in SOURCES}

    assert {name: lines for name, lines in lengths.items() if lines > FILE_LINES} == {}


def test_no_function_is_too_long() -> None:
    found = {f"{path.relative_to(ROOT)}:{name}": lines for path in SOURCES for name, lines in functions(path)}

    assert {name: lines for name, lines in found.items() if lines > FUNCTION_LINES} == {}


def test_every_module_says_what_it_is() -> None:
    silent = [path for path in SOURCES if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]

    assert silent == []
