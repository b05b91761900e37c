"""The OpenAPI document on standard output: ``python -m gstreamer.deployments.api > docs/openapi.json``."""

from __future__ import annotations

import sys

from gstreamer.deployments.api.spec import text

sys.stdout.write(text())
