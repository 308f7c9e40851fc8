"""The door behind a real socket."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

GRACE_S = 5
IDLE_S = 30
CONNECTIONS = 200


def listen(host: str, port: int) -> socket.socket:
    """A socket that is taken before anything else begins, so that a port in use is told at once.

    Raises:
        OSError: Somebody else listens there, or there is no such address.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
    except OSError:
        found.close()
        raise
    return found


async def serve_door(app: FastAPI, taken: socket.socket, started: Callable[[], None] = lambda: None) -> None:
    """Serve the door on a socket until cancelled, or until a signal ends the process."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,  # addresses and names of what is asked for are nobody's business
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=GRACE_S,
        limit_concurrency=CONNECTIONS,
        server_header=False,
    )
    server = uvicorn.Server(config)
    started()
    serving = asyncio.create_task(server.serve(sockets=[taken]))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True  # requests at work are answered, and nobody sees a traceback
        await serving
        raise
