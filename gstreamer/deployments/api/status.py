"""Health: for load balancers, and in words for people."""

from __future__ import annotations

from fastapi import APIRouter, Response

from gstreamer.core.problems import ProblemError
from gstreamer.deployments.api import shapes
from gstreamer.deployments.api.context import Needed

routes = APIRouter(tags=["health"])


@routes.get("/healthz", status_code=200)
async def healthz(parts: Needed) -> Response:
    """Whether this replica can serve: it has started, and Postgres answers."""
    if parts.board.state("postgres") == "down":
        raise ProblemError(503, "postgres does not answer; this replica cannot serve", headers={"Retry-After": "5"})
    return Response("ok\n", media_type="text/plain")


@routes.get("/api/health")
async def health(parts: Needed) -> shapes.Health:
    """How each part of this install is, since when, and why."""
    return parts.board.health()
