"""Programs that run until they are stopped and otherwise do nothing that a client could see."""

from __future__ import annotations

import asyncio

from sandbox.ssh.process import Process


async def forever(process: Process) -> int:
    """Say that it is up, and wait for the end."""
    process.notify_ready()
    await asyncio.Event().wait()
    return 0
