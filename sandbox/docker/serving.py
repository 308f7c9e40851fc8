"""One call of ``docker`` over the control API, through its gate: noted in the journal, and struck by faults."""

from __future__ import annotations

import asyncio
import base64
import shlex
from typing import Any

from sandbox.docker.engine import Engine
from sandbox.docker.verbs import answer, changes
from sandbox.world import World


async def serve_docker(engine: Engine, world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Carry out ``{"argv": […], "stdin": base64}``; the answer is ``{"status", "out", "err"}``."""
    argv = [str(word) for word in order["argv"]]
    action = await world.gate("docker", "docker")(argv[0] if argv else "", shlex.join(argv), changes(argv))
    if action is not None:
        await asyncio.sleep(action.delay_s)
        if action.hang:
            await asyncio.Event().wait()
        if action.exit_code is not None or action.reset:
            return {"status": action.exit_code or 1, "out": "", "err": action.stderr}
    done = await answer(engine, argv, base64.b64decode(order.get("stdin", "")))
    return {"status": done.status, "out": done.out, "err": done.err}
