"""Finding out why a machine did not become a node, for the run's log, an artifact and the condition."""

from __future__ import annotations

import asyncio
import logging
import re

from prefect.artifacts import acreate_markdown_artifact
from prefect.exceptions import PrefectException

from federation.errors import CommandFailed, DeadlineExceeded, FlotillaError, HostUnreachable
from federation.planning.actions import Action, CreateMachine, InitControlPlane, JoinNode, MachineAction, PrepareHost
from providers.evidence import Console, Evidence, essential_line, from_console, from_machine, render_evidence
from tasks.workbench import Workbench

log = logging.getLogger(__name__)
LONGEST_S = 45.0
"""How long a run that failed anyway is held up by the search."""
_BOOTSTRAP = (CreateMachine, PrepareHost, InitControlPlane, JoinNode)
_WORTH_IT = (DeadlineExceeded, CommandFailed, HostUnreachable)


async def explain(bench: Workbench, action: Action, error: FlotillaError) -> None:
    """Add to an error what the machine itself says, and keep the ends of its logs; never fails.

    The essential line becomes a part of the error's message, and with it of the condition.
    """
    if not isinstance(action, _BOOTSTRAP) or not isinstance(error, _WORTH_IT):
        return
    try:
        async with asyncio.timeout(LONGEST_S):
            found = await bench.aside(gather_evidence, bench, action)
    except TimeoutError:
        log.warning("%s: logs of the machine could not be had in %.0f s", action, LONGEST_S)
        return
    if not found:
        return
    line = essential_line(found)
    if line and line.partition(": ")[2] not in str(error):
        error.args = (f"{error}; {line}",)
    text = render_evidence(found)
    log.error("%s: what the machine says:\n%s", action, text)
    await _keep(f"{bench.desired.name}-evidence-{action.machine}", action, text)


def gather_evidence(bench: Workbench, action: MachineAction) -> tuple[Evidence, ...]:
    """The console, where there is one, then everything that the machine tells over SSH; what is silent is left out."""
    cluster = bench.cluster(action.cluster)
    provider = bench.infrastructure(cluster)
    found: list[Evidence] = []
    try:
        with bench.session(action.cluster, action.machine) as session:
            found += from_machine(session)
    except FlotillaError as error:
        log.info("%s: the machine itself tells nothing: %s", action, error)
    try:
        if isinstance(provider, Console):
            found += from_console(provider.console(bench.target(action.cluster), action.machine))
    except FlotillaError as error:
        log.info("%s: no console: %s", action, error)
    return tuple(found)


async def _keep(name: str, action: MachineAction, text: str) -> None:
    key = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    try:
        await acreate_markdown_artifact(text, key=key, description=f"What {action.machine} says: {action}")
    except (PrefectException, OSError) as error:
        log.warning("the artifact %s could not be kept: %s", key, error)
