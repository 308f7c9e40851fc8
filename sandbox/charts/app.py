"""Chart repositories over HTTP, as any web server would serve them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, Router

from sandbox.charts.repository import Repository, render_index, repositories

Source = Callable[[], Mapping[str, Repository]]


def charts_app(source: Source = repositories) -> Router:
    """``/<repository>/index.yaml`` and the archives beside it, to be mounted anywhere.

    Args:
        source: Gives the repositories by their names.
    """

    async def index(request: Request) -> Response:
        repository = source().get(request.path_params["repository"])
        if repository is None:
            return PlainTextResponse("404 page not found\n", 404)
        return Response(render_index(repository), media_type="application/yaml")

    async def archive(request: Request) -> Response:
        chart = source().get(request.path_params["repository"], {}).get(request.path_params["file"])
        if chart is None:
            return PlainTextResponse("404 page not found\n", 404)
        return Response(chart.archive, media_type="application/gzip")

    return Router(
        routes=[
            Route("/{repository}/index.yaml", index, methods=["GET", "HEAD"]),
            Route("/{repository}/{file}", archive, methods=["GET", "HEAD"]),
        ]
    )


app = charts_app()
