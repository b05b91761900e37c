"""The OpenAPI document of the api, generated from its routes; ``docs/openapi.json`` is this."""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from gstreamer.core.problems import CONTENT_TYPE
from gstreamer.deployments.api.routing import routed
from gstreamer.deployments.api.shapes import Problem

PUBLIC = frozenset({"/healthz", "/api/health", "/api/auth/login", "/api/auth/callback", "/api/auth/logout"})
"""Paths that need no session."""

ABOUT = (
    "REST of gstreamer. A request that changes something must come from the install's own page: it carries the "
    "session cookie, and Sec-Fetch-Site or Origin. Every refusal is a problem document whose detail says what to do; "
    "with 503 comes Retry-After."
)


def openapi() -> dict[str, Any]:
    """The document, the same for every install."""
    return document(routed())


def text() -> str:
    """The document as ``docs/openapi.json`` holds it."""
    return json.dumps(openapi(), indent=2, ensure_ascii=False) + "\n"


def document(app: FastAPI) -> dict[str, Any]:
    """The document of an application's routes."""
    found = get_openapi(title="gstreamer", version="1", openapi_version="3.1.0", summary=ABOUT, routes=app.routes)
    schemas = found["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = Problem.model_json_schema()
    found["components"]["securitySchemes"] = {
        "session": {"type": "apiKey", "in": "cookie", "name": "__Host-gstreamer"}
    }
    refusal = {
        "description": "A refusal; detail says what to do.",
        "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for path, operations in found["paths"].items():
        for operation in operations.values():
            # FastAPI documents its own shape of 422; ours is a problem, like every refusal.
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = refusal
            if path not in PUBLIC:
                operation["security"] = [{"session": []}]
    return found
