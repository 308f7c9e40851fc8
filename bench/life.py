"""Build, idle reconcile, memory and teardown of federations of several sizes, in a sandbox of their own."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from bench.chains import Chronicle
from bench.processes import cpu_s, peak_mib, resident_mib
from bench.specs import federation
from bench.telling import tell

if TYPE_CHECKING:
    from flotilla.sandbox_client import SandboxClient

WORKERS = 2
IDLE_S = 5.0
BATCH_S = 2.0
LIMITED = ("instances", "cores", "ram", "network", "subnet", "port", "router", "floatingip")
GROUPS = ("security_group", "security_group_rule")
Flow = Callable[[], Awaitable[Any]]


@dataclass(frozen=True)
class World:
    """Where to measure: the sandbox's network, its pacing, and how much slower its demo pacing is made."""

    network: str
    pacing: str
    slower: float


def measure(sizes: Sequence[int], world: World) -> None:
    """Build and remove a federation of each size, and look at it idle. Starts and stops its own servers."""
    with TemporaryDirectory(prefix="flotilla-bench-", ignore_cleanup_errors=True) as home:
        os.environ["FLOTILLA_HOME"] = home
        from flotilla.environment import prepare

        prepare()
        from flotilla.sandbox_blocks import register_blocks
        from flotilla.sandbox_client import start_sandbox, stop_sandbox
        from flotilla.server import stop_server, use_prefect

        try:
            sandbox = start_sandbox(world.network, world.pacing)
            _loosen(sandbox, world)
            use_prefect()
            register_blocks(sandbox)
            for size in sizes:
                _one_life(sandbox, size)
        finally:
            stop_server()
            stop_sandbox()


def _loosen(sandbox: SandboxClient, world: World) -> None:
    sandbox.put("quotas", dict.fromkeys((*LIMITED, *GROUPS), -1))
    if world.slower != 1.0:
        from sandbox.pacing import DEMO_S

        slow = {name: seconds * world.slower for name, seconds in DEMO_S.items()}
        sandbox.put("pacing", {"profile": "demo", "overrides": slow})


def _one_life(sandbox: SandboxClient, size: int) -> None:
    from federation.spec.federation import Federation
    from flows.apply import apply
    from flows.reconcile import reconcile
    from flows.teardown import teardown

    spec = Federation.model_validate(federation(size, WORKERS))
    _build(sandbox, size, lambda: apply(spec, return_state=True))
    _idle(sandbox, size, lambda: reconcile(spec.name, return_state=True))
    _memory(sandbox, size)
    begun = time.monotonic()
    state = _run(lambda: teardown(spec.name, return_state=True))
    took_s = time.monotonic() - begun
    tell("teardown", f"{size} clusters: {took_s:.1f} s, {state.message}", clusters=size, seconds=round(took_s, 1))


def _build(sandbox: SandboxClient, size: int, flow: Flow) -> None:
    chronicle, log = Chronicle(), logging.getLogger("flows.story")
    log.setLevel(logging.INFO)
    log.addHandler(chronicle)
    sandbox.post("journal/reset")
    begun, used, used_there = time.monotonic(), time.process_time(), cpu_s(sandbox.pid)
    _run(flow)
    took_s, used_s = time.monotonic() - begun, time.process_time() - used
    log.removeHandler(chronicle)
    waits_s, chain = chronicle.longest(lambda outcome: outcome.waited_s)
    work_s, _ = chronicle.longest(lambda outcome: outcome.duration_s)
    requests = sandbox.get("journal", last="1")["total"]
    tell(
        "build",
        f"{size} clusters: {took_s:.1f} s, {took_s / waits_s:.2f} of the longest chain of waits ({waits_s:.1f} s); "
        f"{used_s:.0f} s of CPU here, {requests} requests",
        clusters=size,
        seconds=round(took_s, 1),
        longest_waits_s=round(waits_s, 1),
        longest_steps_s=round(work_s, 1),
        ratio=round(took_s / waits_s, 2),
        steps=len(chronicle.steps),
        cpu_s=round(used_s, 1),
        sandbox_cpu_s=round(cpu_s(sandbox.pid) - used_there, 1),
        requests=requests,
        chain=chain,
    )


def _idle(sandbox: SandboxClient, size: int, flow: Flow) -> None:
    sandbox.post("journal/reset")
    begun, used = time.monotonic(), time.process_time()
    state = _run(flow)
    took_s, used_s = time.monotonic() - begun, time.process_time() - used
    journal = sandbox.get("journal", last="1")
    wires = {wire: counts["reads"] + counts["mutating"] for wire, counts in journal["wires"].items()}
    tasks = _task_runs(state)
    tell(
        "idle-reconcile",
        f"{size} clusters: {took_s:.1f} s, {tasks} task runs, {journal['total'] / size:.1f} requests per cluster "
        f"({', '.join(f'{wire} {number}' for wire, number in wires.items())}), {journal['mutating']} change anything",
        clusters=size,
        seconds=round(took_s, 2),
        cpu_s=round(used_s, 2),
        task_runs=tasks,
        requests=wires,
        requests_per_cluster=round(journal["total"] / size, 1),
        mutating=journal["mutating"],
    )


def _task_runs(state: Any) -> int:
    """How many task runs Prefect knows of a run. It hears of them in batches, so the number counts once it rests."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId

    mine = FlowRunFilter(id=FlowRunFilterId(any_=[state.state_details.flow_run_id]))
    seen = [-1, 0]
    with get_client(sync_client=True) as client:
        while seen[-1] != seen[-2] or seen[-1] == 0:
            time.sleep(BATCH_S)
            seen.append(len(client.read_task_runs(flow_run_filter=mine)))
    return seen[-1]


def _memory(sandbox: SandboxClient, size: int) -> None:
    before, begun = cpu_s(sandbox.pid), time.monotonic()
    time.sleep(IDLE_S)
    share = (cpu_s(sandbox.pid) - before) / (time.monotonic() - begun)
    resident, peak = resident_mib(sandbox.pid), peak_mib(sandbox.pid)
    flow = peak_mib(os.getpid())
    machines = len(sandbox.get("status")["machines"])
    tell(
        "memory",
        f"{size} clusters, {machines} machines: sandbox {resident:.0f} MiB (peak {peak:.0f}), idle {share:.1%} of a "
        f"core; flow process at most {flow:.0f} MiB",
        clusters=size,
        machines=machines,
        sandbox_mib=round(resident),
        sandbox_peak_mib=round(peak),
        sandbox_idle_cpu=round(share, 4),
        flow_peak_mib=round(flow),
    )


def _run(flow: Flow) -> Any:
    async def awaited() -> Any:
        return await flow()

    state = asyncio.run(awaited())
    if not state.is_completed():
        raise RuntimeError(f"a run ended as {state.name}: {state.message}")
    return state
