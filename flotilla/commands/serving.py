"""``flotilla serve``: a Prefect server when there is none, and every flow, in one process."""

from __future__ import annotations

import asyncio
import os

import typer

from flotilla.console import out
from flotilla.server import start_server


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command()(serve)


def serve() -> None:
    """Serve every flow: on a schedule, from the Prefect UI, and over its API. Ctrl-C ends it.

    Uses the Prefect that PREFECT_API_URL names, else starts a server of its own on loopback.
    """
    if "PREFECT_API_URL" not in os.environ:
        os.environ["PREFECT_API_URL"] = start_server()
    url = os.environ["PREFECT_API_URL"]
    out.print(f"Prefect UI: {url.removesuffix('/api')}", markup=False)
    from prefect.context import refresh_global_settings_context

    from deployments.serving import serve_flows

    refresh_global_settings_context()
    try:
        asyncio.run(serve_flows())
    except KeyboardInterrupt:
        out.print("Stopped serving. Federations stay as they are.")
