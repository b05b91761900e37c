"""The api as an ASGI application: its routes, refusals as problems, the page beside them, the edge in front."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.types import Receive, Scope, Send

from gstreamer.core.urls import content_security_policy, socket_sources
from gstreamer.deployments.api.context import Parts
from gstreamer.deployments.api.edge import Edge
from gstreamer.deployments.api.page import Page
from gstreamer.deployments.api.reference import reference
from gstreamer.deployments.api.routing import routed
from gstreamer.deployments.api.spec import document

Opening = Callable[[], AbstractAsyncContextManager[Parts]]


def built(opening: Opening) -> Edge:
    """
    The whole application.

    Args:
        opening: Opens the parts as the application starts, and closes them as it stops.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opening() as parts:
            app.state.parts = parts
            app.state.page = Page(parts.config.page, lambda: _policy(parts))
            yield

    app = routed(lifespan)
    described = document(app)
    shown = reference(described)

    @app.get("/api/openapi.json", include_in_schema=False)
    async def openapi_document(request: Request) -> JSONResponse:
        return JSONResponse(described)

    @app.get("/api/docs", include_in_schema=False)
    async def docs(request: Request) -> HTMLResponse:
        return HTMLResponse(shown)

    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        await app.state.page(scope, receive, send)

    return Edge(app, page, lambda: _origin(app))


def _policy(parts: Parts) -> str:
    snapshot = parts.snapshots.snapshot
    nodes = () if snapshot is None else {view.node for view in snapshot.connections}
    return content_security_policy(socket_sources(parts.config.sockets, nodes))


def _origin(app: FastAPI) -> str:
    parts: Parts = app.state.parts
    return parts.config.public_url
