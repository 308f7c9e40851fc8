"""k3s agent: makes a machine a worker. Waits for a server that accepts its token, for ever, as the real one does.

Source: k3s-io/k3s, pkg/agent/run.go.
"""

from __future__ import annotations

import asyncio
from typing import Any

from sandbox.ssh.process import Process
from sandbox.ssh.programs.k3s import node
from sandbox.ssh.programs.k3s.server import cluster_behind, token_problem
from sandbox.ssh.programs.k3s.settings import Settings

_RETRY_LEAST_S, _RETRY_MOST_S = 0.05, 15.0


async def agent(process: Process, settings: Settings) -> int:
    """Run the node until stopped."""
    world, machine, url = process.world, process.machine, settings.text("server")
    node.log(process, "info", f"Starting k3s agent {process.version}")
    if not url:
        node.log(process, "fatal", "Error: --server is required")
        return 1
    site = await node.membership(process, f"{node.AGENT_DATA}/client-kubelet.crt")
    cluster = site.cluster if site is not None else await _validated(process, settings, url)
    await process.pause("k3s.agent")
    if site is None:
        await world.join(cluster, machine, "worker", node.node_name(process, settings))
        process.host.root_files.install(f"{node.AGENT_DATA}/client-kubelet.crt", "generated\n")
        process.host.root_files.install("/etc/rancher/node/password", node.new_password() + "\n", 0o600)
    try:
        world.set_kubelet(machine, runs=True)
        node.announce(process, cluster, settings, control_plane=False)
        node.log(process, "info", "k3s agent is up and running")
        process.notify_ready()
        await asyncio.Event().wait()
    finally:
        world.set_kubelet(machine, runs=False)
    return 0


async def _validated(process: Process, settings: Settings, url: str) -> Any:
    pause_s = max(_RETRY_LEAST_S, process.world.delay("k3s.retry"))
    while True:
        cluster = cluster_behind(process, url)
        problem = f'failed to get CA certs: Get "{url}/cacerts": connect: connection refused'
        if cluster is not None:
            problem = token_problem(process, settings, cluster, url)
            if not problem:
                return cluster
        node.log(process, "error", f"Failed to validate connection to cluster at {url}: {problem}")
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, _RETRY_MOST_S)
