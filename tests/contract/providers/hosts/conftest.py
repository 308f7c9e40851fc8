"""One sandbox with its inventory of bare hosts."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import pytest

from clients.ssh.pool import SessionPool
from config.catalogue.reading import read_distributions
from federation.spec.catalogue import DistributionDefinition
from federation.spec.cluster import Cluster
from federation.spec.machines import machine_targets
from providers.contracts import ClusterTarget, Done, Inventory, InventoryHost, Waiting
from providers.infrastructure.hosts.provider import HostsProvider
from tests.contract.providers.openstack.ground import MemoryLedger, step
from tests.contract.sandbox.process import SandboxProcess

INVENTORY = "ffi"


class InventoryVault:
    """The sandbox's inventories as a vault."""

    def __init__(self, sandbox: SandboxProcess) -> None:
        listed = sandbox.get("credentials")["inventories"][INVENTORY]
        hosts = tuple(
            InventoryHost(each["name"], each["address"], each["host_keys"][0], listed["user"], each["port"])
            for each in listed["hosts"]
        )
        self.found = Inventory(hosts, listed["private_key"])

    def inventory(self, _name: str) -> Inventory:
        """The lab's hosts."""
        return self.found


@dataclass
class CountingDistribution:
    """A distribution that is off a host after some calls; what it does itself is tested elsewhere."""

    definition: DistributionDefinition
    calls_needed: int = 2
    calls: list[str] = field(default_factory=list)

    def leave(self, session):
        """Wait, then done."""
        self.calls.append(session.address)
        return Done() if len(self.calls) % self.calls_needed == 0 else Waiting("leaving", poll_s=0.0)


@pytest.fixture(scope="session")
def running(tmp_path_factory):
    """A sandbox whose slow things take no time."""
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox"))
    process.start()
    yield process
    process.close()


@pytest.fixture
def sandbox(running):
    """The sandbox with all hosts powered and free."""
    yield running
    running.heal()


@pytest.fixture
def vault(sandbox):
    """The inventory."""
    return InventoryVault(sandbox)


@pytest.fixture
def distribution():
    """What is on the hosts."""
    return CountingDistribution(read_distributions()["k3s"])


@pytest.fixture
def ledger():
    """An empty ledger."""
    return MemoryLedger()


@pytest.fixture
def provider(vault, ledger, distribution):
    """A provider with sessions of its own."""
    sessions = SessionPool()
    yield HostsProvider(vault, ledger, sessions, {"k3s": distribution})
    sessions.close()


@pytest.fixture
def a_target(provider):
    """Makes clusters on the inventory; whatever they claimed is let go afterwards."""
    made = []

    def make(name: str, workers: int = 1, **more) -> ClusterTarget:
        cluster = Cluster.model_validate(
            {
                "name": name,
                "infrastructure": {"type": "hosts", "inventory": INVENTORY},
                "distribution": {"type": "k3s", "version": "v1.36.4+k3s1"},
                "workers": [{"name": "default", "count": workers}],
                **more,
            }
        )
        seen = provider.observe(ClusterTarget("fed", cluster))
        target = ClusterTarget("fed", cluster, machine_targets("fed", cluster, seen.inventory))
        made.append(target)
        return target

    yield make
    for target in made:
        for machine in provider.observe(ClusterTarget("fed", target.spec)).machines:
            step(partial(provider.delete_machine, target, machine.name))
