"""Finding out why a machine is no node that is ready, for the run's log, an artifact and the condition."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping

from prefect import task
from prefect.artifacts import acreate_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.exceptions import PrefectException

from federation.errors import CommandFailed, DeadlineExceeded, FlotillaError, HostUnreachable
from federation.planning.actions import Action, CreateMachine, InitControlPlane, JoinNode, PrepareHost
from federation.planning.node_actions import UpgradeNode
from providers.evidence import Console, Evidence, essential_line, from_console, from_machine, render_evidence
from tasks.workbench import Workbench

log = logging.getLogger(__name__)
LONGEST_S = 45.0
"""How long a run that failed anyway is held up by the search."""
_TELLING = (CreateMachine, PrepareHost, InitControlPlane, JoinNode, UpgradeNode)
_WORTH_IT = (DeadlineExceeded, CommandFailed, HostUnreachable)


async def explain(bench: Workbench, action: Action, error: FlotillaError) -> None:
    """Add to an error what the machine itself says, and keep the ends of its logs; never fails.

    The essential line becomes a part of the error's message, and with it of the condition.
    """
    if not isinstance(action, _TELLING) or not isinstance(error, _WORTH_IT):
        return
    try:
        found = await _heard(bench, action.cluster, action.machine)
    except TimeoutError:
        return
    if not found:
        return
    line = essential_line(found)
    if line and line.partition(": ")[2] not in str(error):
        error.args = (f"{error}; {line}",)
    await _keep(bench, action.machine, str(action), found)


@task(name="diagnose", task_run_name="diagnose", cache_policy=NO_CACHE, persist_result=False)
async def diagnose(
    bench: Workbench, unready: tuple[tuple[str, str], ...], known: Mapping[tuple[str, str], str]
) -> dict[tuple[str, str], str]:
    """Ask machines whose nodes have not been ready for too long why, all at once; never fails.

    Args:
        bench: The run's workbench.
        unready: Clusters and machines.
        known: What the status said of their nodes when somebody last looked; what it says already is not kept again.

    Returns:
        The line of each that tells most, for the condition; empty for those that tell nothing.
    """

    async def ask(cluster: str, machine: str) -> str:
        try:
            found = await _heard(bench, cluster, machine)
        except TimeoutError:
            return ""
        line, before = essential_line(found), known.get((cluster, machine))
        if found and (before is None or line not in before):
            await _keep(bench, machine, "its node is not ready", found)
        return line

    lines = await asyncio.gather(*(ask(*each) for each in unready))
    return dict(zip(unready, lines, strict=True))


async def _heard(bench: Workbench, cluster: str, machine: str) -> tuple[Evidence, ...]:
    """What can be had of a machine in ``LONGEST_S``.

    Raises:
        TimeoutError: It took longer; told in the log.
    """
    try:
        async with asyncio.timeout(LONGEST_S):
            return await bench.aside(gather_evidence, bench, cluster, machine)
    except TimeoutError:
        log.warning("%s/%s: logs of the machine could not be had in %.0f s", cluster, machine, LONGEST_S)
        raise


def gather_evidence(bench: Workbench, cluster: str, machine: str) -> tuple[Evidence, ...]:
    """Everything that the machine tells over SSH, then its console, where there is one; what is silent is left out."""
    target = bench.target(cluster)
    provider, journals = bench.infrastructure(target.spec), bench.distribution(target.spec).journals
    found: list[Evidence] = []
    try:
        with bench.session(cluster, machine) as session:
            found += from_machine(session, journals)
    except FlotillaError as error:
        log.info("%s/%s: the machine itself tells nothing: %s", cluster, machine, error)
    try:
        if isinstance(provider, Console):
            found += from_console(provider.console(target, machine))
    except FlotillaError as error:
        log.info("%s/%s: no console: %s", cluster, machine, error)
    return tuple(found)


async def _keep(bench: Workbench, machine: str, why: str, found: tuple[Evidence, ...]) -> None:
    text = render_evidence(found)
    log.error("%s: what %s says:\n%s", why, machine, text)
    key = re.sub(r"[^a-z0-9]+", "-", f"{bench.desired.name}-evidence-{machine}".lower()).strip("-")
    try:
        await acreate_markdown_artifact(text, key=key, description=f"What {machine} says: {why}")
    except (PrefectException, OSError) as error:
        log.warning("the artifact %s could not be kept: %s", key, error)
