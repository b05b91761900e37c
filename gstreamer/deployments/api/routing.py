"""The routes together, and how each kind of refusal is answered."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from gstreamer import log
from gstreamer.core.errors import GrantEndedError, RateLimitedError, RefusedError, UnavailableError
from gstreamer.core.problems import CONTENT_TYPE, ProblemError, document
from gstreamer.deployments.api import account, auth, chat, events, favourites, stats, status, streamers, tickets
from gstreamer.deployments.api.context import grant_ended
from gstreamer.deployments.api.edge import UNEXPECTED

RETRY_S = "2"

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def routed(lifespan: Lifespan | None = None) -> FastAPI:
    """Every route of the api; its parts are opened by ``lifespan``."""
    app = FastAPI(
        title="gstreamer",
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    for module in (status, auth, account, streamers, chat, events, stats, favourites, tickets):
        app.include_router(module.routes)
    app.add_exception_handler(ProblemError, _problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(UnavailableError, _unavailable)
    app.add_exception_handler(GrantEndedError, _grant_ended)
    app.add_exception_handler(RefusedError, _refused)
    app.add_exception_handler(Exception, _unexpected)
    return app


def answer(problem: ProblemError) -> Response:
    """A refusal as an answer."""
    return JSONResponse(document(problem), problem.status, problem.headers, CONTENT_TYPE)


async def _problem(request: Request, error: Exception) -> Response:
    return answer(cast("ProblemError", error))


async def _http(request: Request, error: Exception) -> Response:
    found = cast("HTTPException", error)
    words = {
        404: "there is nothing at this path; /api/docs lists what there is",
        405: "this path does not take this method; /api/docs lists what it takes",
    }
    detail = words.get(found.status_code, str(found.detail))
    return answer(ProblemError(found.status_code, detail, headers=found.headers))


async def _invalid(request: Request, error: Exception) -> Response:
    first: dict[str, Any] = cast("RequestValidationError", error).errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
    return answer(ProblemError(422, f"{where[:100]}: {str(first['msg'])[:200]}"))


async def _unavailable(request: Request, error: Exception) -> Response:
    log.get("api").warning("request refused", path=request.url.path, reason=str(error))
    wait_s = str(error.wait_s) if isinstance(error, RateLimitedError) else RETRY_S
    return answer(ProblemError(503, f"{error}; try again in a moment", headers={"Retry-After": wait_s}))


async def _grant_ended(request: Request, error: Exception) -> Response:
    return answer(grant_ended())


async def _unexpected(request: Request, error: Exception) -> Response:
    """The answer to what nobody expected; Starlette raises it again, and the edge logs it."""
    return answer(UNEXPECTED)


async def _refused(request: Request, error: Exception) -> Response:
    log.get("api").warning("twitch refused a call", path=request.url.path, reason=str(error))
    words = "twitch refused a call that this needs; the operator finds the reason in the log"
    return answer(ProblemError(502, words))
