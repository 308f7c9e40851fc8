"""Clusters and the machines they run on: who serves which API, who is a node of what."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol

from sandbox import virtual_ips
from sandbox.machines import Json, Machine, answers

Role = Literal["control-plane", "worker"]
API_PORT = 6443
MICROK8S_PORT = 16443


@dataclass(frozen=True)
class ClusterPlan:
    """What ``kubeadm init`` or the first ``k3s server`` was told.

    Attributes:
        extra_sans: Names and addresses that the API's certificate has to cover beside those of its machine.
        endpoint: Address that machines and clients are meant to use, when it is not the first machine's own.
        port: TCP port of the API.
    """

    name: str
    version: str
    pod_cidr: str
    service_cidr: str
    distribution: str
    extra_sans: tuple[str, ...] = ()
    endpoint: str = ""
    port: int = API_PORT


class ApiServer(Protocol):
    """What the world needs of an emulated cluster."""

    api: Any

    async def start(self, host: str, port: int, extra_sans: Sequence[str]) -> None:
        """Serve the API over TLS at one more address."""

    async def stop(self, host: str | None = None) -> None:
        """Stop serving at one address, or at all of them."""

    def snapshot(self) -> Json:
        """Objects, keys and counters, ready for JSON."""

    def restore(self, data: Json) -> None:
        """Take up what ``snapshot`` gave."""


@dataclass
class Member:
    """A machine's part in a cluster; ``api_runs`` and ``kubelet_runs`` are what its units do now.

    ``votes`` says of a control plane that it is a member of etcd; it stays one when its machine is gone, until it is
    removed (``sandbox.etcd``).
    """

    machine_id: str
    node_name: str
    role: Role
    api_runs: bool = False
    kubelet_runs: bool = False
    votes: bool = True


@dataclass(eq=False)
class Site:
    """One cluster with its machines."""

    uid: str
    plan: ClusterPlan
    cluster: Any
    members: dict[str, Member] = field(default_factory=dict)
    controllers: list[Any] = field(default_factory=list)
    served: set[str] = field(default_factory=set)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def name(self) -> str:
        """The cluster's name, for people."""
        return self.plan.name

    def control_planes(self) -> list[Member]:
        """Members that hold a part of the control plane, running or not."""
        return [member for member in self.members.values() if member.role == "control-plane"]

    def voters(self) -> list[Member]:
        """Control planes that are members of etcd, running, stopped or gone."""
        return [member for member in self.control_planes() if member.votes]

    def has_quorum(self) -> bool:
        """Whether more than half of etcd's members run: its rule, without which no API answers."""
        voters = self.voters()
        return sum(member.api_runs for member in voters) * 2 > len(voters)

    def describe(self) -> Json:
        """What has to outlive the process beside the cluster's own snapshot."""
        return {
            "uid": self.uid,
            "plan": asdict(self.plan) | {"extra_sans": list(self.plan.extra_sans)},
            "members": [asdict(member) for member in self.members.values()],
        }


def site_from(data: Json, cluster: Any) -> Site:
    """The site that ``Site.describe`` described, around its restored cluster; nothing is served yet."""
    members = {row["machine_id"]: Member(**row) for row in data["members"]}
    return Site(data["uid"], plan_from(data["plan"]), cluster, members)


def plan_from(data: Json) -> ClusterPlan:
    """A plan read back from JSON."""
    return ClusterPlan(**(data | {"extra_sans": tuple(data["extra_sans"])}))


def wanted_addresses(
    site: Site, machines: dict[str, Machine], shared: dict[str, str], balanced: dict[str, frozenset[str]]
) -> dict[str, list[str]]:
    """Where the API has to be served now, with the names each certificate has to cover.

    A machine's certificate covers, as kubeadm's does, its host name, its own private address and what the plan adds;
    not the public address, unless the plan says so.

    Args:
        shared: Public addresses that lead to a private one shared by several machines (a virtual IP), by private one.
        balanced: Ids of the machines that a load balancer sends requests to, by its public address.
    """
    if not site.has_quorum():
        return {}
    holders = virtual_ips.held(site, machines)
    wanted: dict[str, list[str]] = {}
    for member in site.voters():
        machine = machines.get(member.machine_id)
        if machine is None or not member.api_runs:
            continue
        sans = [machine.name, machine.private_address, *site.plan.extra_sans]
        virtual = [address for address, holder in holders.items() if holder is machine]
        public = (address if machine.source == "inventory" else shared.get(address) for address in virtual)
        behind = (address for address, members in balanced.items() if machine.id in members)
        addresses = [machine.public_address, *public, *behind]
        wanted |= {address: sans for address in addresses if address}
    return wanted


async def serve(site: Site, wanted: dict[str, list[str]]) -> None:
    """Make the API listen at exactly the wanted addresses; safe to repeat."""
    async with site.lock:
        for address in site.served - wanted.keys():
            await site.cluster.stop(address)
        for address in wanted.keys() - site.served:
            await site.cluster.start(address, site.plan.port, wanted[address])
        site.served = set(wanted)


def answers_at(site: Site, machines: dict[str, Machine], address: str, seen_from: Machine | None) -> bool:
    """Whether the API of a cluster answers at an address, as a machine or (None) the outside sees it."""
    if address in site.served:
        return True
    holder = virtual_ips.held(site, machines).get(address)
    shared = holder is not None and seen_from is not None and bool(holder.networks & seen_from.networks)
    running = (machines[each.machine_id] for each in site.voters() if each.api_runs and each.machine_id in machines)
    return shared or any(answers(machine, address, seen_from) for machine in running)
