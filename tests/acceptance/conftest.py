"""Acceptance tests look at a whole install from outside; ``install`` itself is in tests/conftest.py."""

from __future__ import annotations

from tests.install import Install

__all__ = ["Install"]
