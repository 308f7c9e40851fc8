"""Chart repositories over HTTP, as any web server would serve them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, Router

from sandbox.charts.repository import render_index, repositories


async def _index(request: Request) -> Response:
    repository = repositories().get(request.path_params["repository"])
    if repository is None:
        return PlainTextResponse("404 page not found\n", 404)
    return Response(render_index(repository), media_type="application/yaml")


async def _archive(request: Request) -> Response:
    chart = repositories().get(request.path_params["repository"], {}).get(request.path_params["file"])
    if chart is None:
        return PlainTextResponse("404 page not found\n", 404)
    return Response(chart.archive, media_type="application/gzip")


def charts_app() -> Router:
    """``/<repository>/index.yaml`` and the archives beside it, to be mounted anywhere."""
    return Router(
        routes=[
            Route("/{repository}/index.yaml", _index, methods=["GET", "HEAD"]),
            Route("/{repository}/{file}", _archive, methods=["GET", "HEAD"]),
        ]
    )


app = charts_app()
