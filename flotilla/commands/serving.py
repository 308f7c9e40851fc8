"""``flotilla serve``: a Prefect server when there is none, and every flow, in one process."""

from __future__ import annotations

import asyncio

import typer

from flotilla.console import out
from flotilla.server import stop_server, use_prefect

server_app = typer.Typer(help="The Prefect server that Flotilla starts when you have none.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command()(serve)
    server_app.command()(stop)
    server_app.command()(url)
    app.add_typer(server_app, name="server")


def serve() -> None:
    """Serve every flow: on a schedule, from the Prefect UI, and over its API. Ctrl-C ends it.

    Uses the Prefect that PREFECT_API_URL names, else starts a server of its own on loopback.
    """
    ui = use_prefect().removesuffix("/api")
    out.print(f"Prefect UI: {ui}", markup=False)
    from deployments.serving import serve_flows

    try:
        asyncio.run(serve_flows())
    except KeyboardInterrupt:
        out.print("Stopped serving. Federations stay as they are.")


def stop() -> None:
    """Stop the Prefect server that Flotilla started. What it knows stays on disk."""
    out.print("The server is stopped." if stop_server() else "Flotilla started no server.")


def url() -> None:
    """Print the address of the Prefect UI, starting the server if need be."""
    out.print(use_prefect().removesuffix("/api"), markup=False)
