"""``flotilla serve``: a Prefect server when there is none, and every flow, in one process."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from flotilla.commands.door import serve_on, take_socket
from flotilla.console import out
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

    async def serve_all() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(serve_flows())
            if taken is not None:
                group.create_task(serve_on(taken))

    try:
        asyncio.run(serve_all())
    except KeyboardInterrupt:
        out.print("Stopped serving. Federations stay as they are.")


def stop() -> None:
    """Stop the Prefect server that Flotilla started. What it knows stays on disk."""
    out.print("The server is stopped." if stop_server() else "Flotilla started no server.")


def url() -> None:
    """Print the address of the Prefect UI, starting the server if need be."""
    out.print(use_prefect().removesuffix("/api"), markup=False)
