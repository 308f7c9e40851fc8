"""The door as an ASGI application."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import compile_path

from door.answering import Answering
from door.description import describe
from door.desk import Desk
from door.documents import Health
from door.entrance import Bounds, Entrance, unavailable
from door.gallery import Gallery
from door.parameters import BEARER, refusals
from door.problems import Refusal
from door.reading import Reader
from door.routes import applications, federations, placements
from door.runs import Runs
from door.sight import Sight
from door.wrong_fields import of_request
from federation.errors import FlotillaError
from federation.importing.tosca.profile import Profile
from federation.spec.catalogue import Knowledge
from registry.registry import Registry

log = logging.getLogger(__name__)
_TITLE = "Flotilla: the door for front ends"


@dataclass(frozen=True)
class Facts:
    """What is known beforehand: what specs are checked against, and the node types of blueprints."""

    knowledge: Knowledge
    profile: Profile


def make_app(registry: Registry, facts: Facts, runs: Runs, bounds: Bounds | None = None) -> FastAPI:
    """The door over a registry. While it is served, orders that are still open are placed."""

    @asynccontextmanager
    async def placing(_: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(runs.keep_placing(), name="keep-placing")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    app = FastAPI(
        title=_TITLE, version=_version(), docs_url=None, redoc_url=None, lifespan=placing, redirect_slashes=False
    )
    sight = Sight(registry)
    desk, gallery = Desk(registry, sight, facts.knowledge), Gallery(registry, sight)
    reader = Reader(sight, facts.knowledge, facts.profile)
    app.state.answering = Answering(registry, desk, gallery, reader, runs)
    for each in (applications, placements, federations):
        app.include_router(each.router, dependencies=[Depends(BEARER)])

    @app.get("/v1/health", tags=["health"], responses=refusals(always=(429, 500, 503)))
    async def show_health() -> Health:
        """Whether the door and its registry answer. Needs no token."""
        await asyncio.to_thread(registry.orders.open, 1)
        return Health()

    _refuse_plainly(app)
    describe(app)
    app.add_middleware(Entrance, registry=registry, bounds=bounds or Bounds())
    return app


def _refuse_plainly(app: FastAPI) -> None:
    """Every refusal has one form, whoever refuses."""

    @app.exception_handler(Refusal)
    async def refused(_request: Request, refusal: Refusal) -> Response:
        return refusal.response()

    @app.exception_handler(RequestValidationError)
    async def unfit(request: Request, error: RequestValidationError) -> Response:
        return of_request(request, error).response()

    @app.exception_handler(HTTPException)
    async def unrouted(request: Request, error: HTTPException) -> Response:
        return _of_routing(app, request, error.status_code).response()

    @app.exception_handler(FlotillaError)
    async def out_of_order(_request: Request, error: FlotillaError) -> Response:
        log.error("the registry does not answer: %s", error)
        return unavailable().response()

    @app.exception_handler(Exception)
    async def defect(_request: Request, _error: Exception) -> Response:
        """The server logs the traceback: it may hold what nobody outside should see."""
        return Refusal("internal-error", "this is not your fault; the door's log has the traceback").response()


def _of_routing(app: FastAPI, request: Request, status: int) -> Refusal:
    if status == 405:
        allowed = _methods(app, request.url.path)
        fix = f"use {' or '.join(allowed)}"
        return Refusal(
            "method-not-allowed", "nothing is done by that method", fix, headers={"Allow": ", ".join(allowed)}
        )
    if status == 404:
        return Refusal("not-found", "there is nothing at this address", "GET /openapi.json lists what there is")
    return Refusal("malformed-request", "the request cannot be read", "send one JSON value in UTF-8")


def _methods(app: FastAPI, address: str) -> list[str]:
    """Every method that something is done by at an address."""
    paths = app.openapi()["paths"].items()
    there = [operations for path, operations in paths if compile_path(path)[0].fullmatch(address)]
    return sorted({method.upper() for operations in there for method in operations} or {"GET"})


def _version() -> str:
    try:
        return version("flotilla")
    except PackageNotFoundError:
        return "0"
