"""``flotilla serve``: a Prefect server when there is none, and every flow, in one process."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from typing import Annotated, Any

import typer

from config.settings import settings
from federation.errors import Unavailable
from flotilla.commands.door import serve_on, take_socket
from flotilla.console import err, out
from flotilla.server import stop_server, use_prefect

server_app = typer.Typer(help="The Prefect server that Flotilla starts when you have none.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command()(serve)
    server_app.command()(stop)
    server_app.command()(url)
    app.add_typer(server_app, name="server")


def serve(
    door: Annotated[bool, typer.Option("--door", help="Open the door for front ends, too.")] = False,
) -> None:
    """Serve every flow: on a schedule, from the Prefect UI, and over its API. Ctrl-C ends it.

    Uses the Prefect that PREFECT_API_URL names, else starts a server of its own on loopback.
    """
    taken = take_socket() if door else None
    ui = use_prefect().removesuffix("/api")
    out.print(f"Prefect UI: {ui}", markup=False)
    from deployments.serving import serve_flows

    try:
        with _metrics():
            asyncio.run(_until_one_ends(serve_flows(), *([serve_on(taken)] if taken else [])))
    except KeyboardInterrupt:
        out.print("Stopped serving. Federations stay as they are.")


@contextmanager
def _metrics() -> Iterator[None]:
    """The metrics meanwhile; a port that is taken is said and stops nothing."""
    from deployments.exposition import exposed

    with ExitStack() as stack:
        try:
            out.print(f"metrics: {stack.enter_context(exposed(settings()))}", markup=False)
        except Unavailable as error:
            err.print(f"{error}; set FLOTILLA_METRICS_PORT. The flows are served without.", markup=False)
        yield


async def _until_one_ends(*services: Coroutine[Any, Any, None]) -> None:
    """Run services side by side. A signal ends one of them: then the others end, too."""
    tasks = [asyncio.create_task(each) for each in services]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in ended:
        task.result()


def stop() -> None:
    """Stop the Prefect server that Flotilla started. What it knows stays on disk."""
    out.print("The server is stopped." if stop_server() else "Flotilla started no server.")


def url() -> None:
    """Print the address of the Prefect UI, starting the server if need be."""
    out.print(use_prefect().removesuffix("/api"), markup=False)
