"""The one universe: machines, the clusters on them, and what links them. No wire code.

Everything runs in one asyncio loop. Methods that change something outside memory (a listener, a unit) are coroutines;
all others are immediate.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

from sandbox import etcd, sites
from sandbox.faults import OUTSIDE, Faults
from sandbox.fleet import WorldFleet
from sandbox.gates import Gate
from sandbox.journal import Journal, Wire
from sandbox.machines import Listener, Machine, MachineHost, answers, groups_of, new_key
from sandbox.pacing import Pacing
from sandbox.sites import API_PORT, ClusterPlan, Member, Role, Site

SSH_PORT = 2222
_NAMES_OF_MANY = ("kubernetes", "default", "microk8s-cluster", "")


class JoinRefused(Exception):
    """A machine cannot become a member; ``reason`` is ``token``, ``ca`` or ``member``."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Parts:
    """How the world makes what other rooms define; wired together where the process starts."""

    new_host: Callable[[World, Machine], MachineHost]
    new_listener: Callable[[World, Machine], Listener]
    new_cluster: Callable[[World, ClusterPlan, str], Any]
    start_controllers: Callable[[World, Site], list[Any]]
    set_node_alive: Callable[[Any, str, bool], None]
    token_is_valid: Callable[[Any, str], bool]


class World:
    """Machines and clusters of one sandbox.

    Args:
        root: Folder for what machines keep on disk.
        network: Loopback /16 that public addresses are taken from.
    """

    def __init__(self, root: Path, network: IPv4Network, pacing: Pacing, parts: Parts) -> None:
        self.root = root
        self.network = network
        self.pacing = pacing
        self.parts = parts
        self.journal = Journal()
        self.faults = Faults()
        self.machines: dict[str, Machine] = {}
        self.sites: dict[str, Site] = {}
        self.shared_addresses: dict[str, str] = {}
        self.balanced: dict[str, frozenset[str]] = {}
        self.fleet = WorldFleet(self)
        self.on_change: Callable[[str], None] = lambda _part: None
        self._listeners: dict[str, Listener] = {}
        self._soon: asyncio.Task[None] | None = None

    # --- time, faults, disk -------------------------------------------------------------------------------------

    def delay(self, name: str) -> float:
        """Seconds that the named thing takes now."""
        return self.pacing.delay(name)

    async def pause(self, name: str) -> None:
        """Wait as long as the named thing takes."""
        await self.pacing.pause(name)

    def changed(self, part: str) -> None:
        """Say that a part has to be written to disk: ``openstack``, ``world``, ``host/<id>`` or ``cluster/<uid>``."""
        self.on_change(part)

    def address(self, third: int, fourth: int) -> str:
        """A public address of this sandbox by its last two bytes."""
        return str(IPv4Address(int(self.network.network_address) + third * 256 + fourth))

    def gate(self, wire: Wire, *names: str) -> Gate:
        """A gate for something with fixed names, such as a service."""
        return Gate(self.journal, self.faults, wire, lambda: names)

    def machine_gate(self, machine: Machine) -> Gate:
        """The gate of a machine's SSH server; knows it by name, id, address and cluster."""
        closed = lambda: SSH_PORT in machine.closed_ports  # noqa: E731 - asked at every request
        return Gate(self.journal, self.faults, "ssh", lambda: self.names_of_machine(machine), closed)

    def site_gate(self, uid: str) -> Gate:
        """The gate of a cluster's API; knows it by name, uid, addresses and member machines."""
        return Gate(
            self.journal, self.faults, "kubernetes", lambda: self.names_of_site(uid), lambda: self._is_closed(uid)
        )

    def _is_closed(self, uid: str) -> bool:
        site = self.sites.get(uid)
        planes = site.control_planes() if site else []
        machines = [self.machines[plane.machine_id] for plane in planes if plane.machine_id in self.machines]
        return site is not None and bool(machines) and all(site.plan.port in m.closed_ports for m in machines)

    def names_of_machine(self, machine: Machine) -> tuple[str, ...]:
        """What faults and partitions may call a machine; its own name first."""
        site = self.site_of(machine)
        cluster = self.names_of_site(site.uid) if site else ()
        return _distinct(machine.name, machine.id, machine.public_address or "", *groups_of(machine), *cluster)

    def names_of_site(self, uid: str) -> tuple[str, ...]:
        """What faults and partitions may call a cluster: by its labels, its own name, its uid, its addresses.

        A single control plane's machine stands for the cluster; one of several does not.
        """
        site = self.sites.get(uid)
        if site is None:
            return (uid,)
        machines = [self.machines[m] for m in site.members if m in self.machines]
        planes = [m for m in machines if site.members[m.id].role == "control-plane"]
        groups = [group for machine in planes for group in groups_of(machine)]
        alone = [planes[0].name] if len(planes) == 1 else []
        own = [*alone, site.name] if site.name in _NAMES_OF_MANY else [site.name, *alone]
        return _distinct(*groups, *own, uid, *sorted(site.served))

    # --- machines -----------------------------------------------------------------------------------------------

    def add(self, machine: Machine) -> None:
        """Put a machine into the world, powered off, with a host key if it brings none."""
        if not machine.host_keys:
            machine.host_keys.append(new_key())
        self.machines[machine.id] = machine
        machine.host = self.parts.new_host(self, machine)
        self.changed("world")
        self.changed(f"host/{machine.id}")

    async def boot(self, machine: Machine) -> None:
        """Power a machine on and start its units; nothing happens when it is on."""
        if machine.power == "on":
            return
        machine.power = "on"
        self.changed("world")
        await machine.host.power_on()
        machine.booted_once = True
        await self._listen(machine)

    async def power_off(self, machine: Machine) -> None:
        """Take the power: SSH, kubelet and API are gone at once; nothing happens when it is off."""
        if machine.power == "off":
            return
        machine.power = "off"
        self.changed("world")
        await self._silence(machine)
        await machine.host.power_off()
        await self.set_api(machine, runs=False)
        self.set_kubelet(machine, runs=False)

    async def reboot(self, machine: Machine) -> None:
        """Power off, wait as long as a reboot takes, power on."""
        await self.power_off(machine)
        await self.pause("server.reboot")
        if machine.id in self.machines:
            await self.boot(machine)

    async def remove(self, machine: Machine) -> None:
        """Take a machine and its disk out of the world; its cluster sees it die."""
        await self.power_off(machine)
        self.machines.pop(machine.id, None)
        await self._forsake(machine)
        self.changed("world")
        self.changed(f"host/{machine.id}")

    async def set_public_address(self, machine: Machine, address: str | None) -> None:
        """Give a machine another public address or none; its SSH and API follow."""
        if address == machine.public_address:
            return
        await self._silence(machine)
        machine.public_address = address
        self.changed("world")
        if machine.power == "on" and machine.booted_once:
            await self._listen(machine)
        site = self.site_of(machine)
        if site is not None:
            await self.refresh(site)

    async def _listen(self, machine: Machine) -> None:
        if self._refuses(self.names_of_machine(machine)) or machine.id in self._listeners:
            return
        if machine.public_address and machine.power == "on":
            self._listeners[machine.id] = listener = self.parts.new_listener(self, machine)
            await listener.start()

    async def _silence(self, machine: Machine) -> None:
        listener = self._listeners.pop(machine.id, None)
        if listener is not None:
            await listener.stop()

    def machine_named(self, name: str) -> Machine | None:
        """The machine with this id or, failing that, this name."""
        by_name = (m for m in self.machines.values() if m.name == name)
        return self.machines.get(name) or next(by_name, None)

    def machine_at(self, address: str, seen_from: Machine | None = None) -> Machine | None:
        """The powered machine that answers at an address, as another machine or (None) the outside sees it."""
        for machine in self.machines.values():
            if machine.power == "on" and answers(machine, address, seen_from):
                return machine
        return None

    # --- clusters -----------------------------------------------------------------------------------------------

    async def create_cluster(self, machine: Machine, plan: ClusterPlan, node_name: str = "") -> Any:
        """Make a cluster whose first control plane is this machine, serve its API and start its controllers.

        Raises:
            JoinRefused: The machine already belongs to a cluster.
        """
        self._check_free(machine)
        uid = str(uuid.uuid4())
        site = Site(uid, plan, self.parts.new_cluster(self, plan, uid))
        self.sites[uid] = site
        await self._admit(site, Member(machine.id, node_name or machine.name, "control-plane"))
        self.open(site)
        return site.cluster

    async def join(
        self, cluster: Any, machine: Machine, role: Role, node_name: str = "", token: str = "", ca_hash: str = ""
    ) -> None:
        """Make a machine a member of a cluster; registering its Node is the caller's part.

        Args:
            token: Bootstrap token to check; empty when the distribution has checked its own.
            ca_hash: ``sha256:...`` to compare with the cluster's CA; empty to trust.

        Raises:
            JoinRefused: Wrong token or CA, or the machine already belongs to a cluster.
        """
        self._check_free(machine)
        site = self.site_for(cluster)
        if ca_hash and ca_hash != cluster.ca_hash():
            raise JoinRefused("ca", f"cluster CA found in cluster-info is not {ca_hash}")
        if token and not self.parts.token_is_valid(cluster, token):
            raise JoinRefused(
                "token", f"token id {token.split('.', maxsplit=1)[0]!r} is invalid for this cluster or it has expired"
            )
        await self._admit(site, Member(machine.id, node_name or machine.name, role))

    async def leave(self, machine: Machine) -> None:
        """Take a machine out of its cluster, as a reset does; a cluster without control planes ceases to be."""
        site = self.site_of(machine)
        if site is None:
            return
        self.set_kubelet(machine, runs=False)
        del site.members[machine.id]
        await self._settle(site)

    async def _forsake(self, machine: Machine) -> None:
        if (site := self.site_of(machine)) is not None:
            self.set_kubelet(machine, runs=False)
            etcd.forsake(self, site, machine)
            await self._settle(site)

    async def _settle(self, site: Site) -> None:
        """After a member has gone: a cluster goes with the last machine of its control plane."""
        if any(member.machine_id in self.machines for member in site.control_planes()):
            await self.refresh(site)
        else:
            await self._dissolve(site)
        self.changed("world")

    async def let_go(self, machine: Machine) -> None:
        """Its cluster's data are off its disk, as after k3s-uninstall.sh: once nothing runs, it is no member."""
        site = self.site_of(machine)
        member = site.members[machine.id] if site else None
        if member is not None and not (member.api_runs or member.kubelet_runs):
            await self._forsake(machine)

    async def set_api(self, machine: Machine, *, runs: bool) -> None:
        """Say whether the machine's API server runs; its cluster listens or falls silent accordingly."""
        site = self.site_of(machine)
        if site is not None and site.members[machine.id].api_runs != runs:
            site.members[machine.id].api_runs = runs
            self.changed("world")
            await self.refresh(site)

    def set_kubelet(self, machine: Machine, *, runs: bool) -> None:
        """Say whether the machine's kubelet runs; its Node turns Ready or, after a grace, Unknown."""
        site = self.site_of(machine)
        if site is not None and site.members[machine.id].kubelet_runs != runs:
            member = site.members[machine.id]
            member.kubelet_runs = runs
            self.changed("world")
            self.parts.set_node_alive(site.cluster, member.node_name, runs)

    def soon(self, site: Site) -> None:
        """Refresh a cluster after the present change."""
        self._soon = asyncio.get_running_loop().create_task(self.refresh(site))

    async def refresh(self, site: Site) -> None:
        """Serve the cluster's API where it has to be served now; safe to repeat."""
        wanted = sites.wanted_addresses(site, self.machines, self.shared_addresses, self.balanced)
        await sites.serve(site, {} if self._refuses(self.names_of_site(site.uid)) else wanted)
        self.fleet.changed()

    async def heed_partitions(self) -> None:
        """Refuse connections where a partition says so, and accept them again where none does; safe to repeat."""
        for machine in list(self.machines.values()):
            if self._refuses(self.names_of_machine(machine)):
                await self._silence(machine)
            elif machine.booted_once:
                await self._listen(machine)
        for site in list(self.sites.values()):
            await self.refresh(site)
        self.fleet.changed()

    def _refuses(self, names: tuple[str, ...]) -> bool:
        return self.faults.parted((OUTSIDE,), names) == "refuse"

    def site_of(self, machine: Machine) -> Site | None:
        """The cluster that a machine is a member of."""
        return next((site for site in self.sites.values() if machine.id in site.members), None)

    def site_for(self, cluster: Any) -> Site:
        """The site of a cluster object."""
        return next(site for site in self.sites.values() if site.cluster is cluster)

    def cluster_at(self, address: str, port: int = API_PORT, seen_from: Machine | None = None) -> Any | None:
        """The cluster whose API answers at an address, as a machine or (None) the outside sees it."""
        for site in self.sites.values():
            if (
                site.plan.port == port
                and site.has_quorum()
                and sites.answers_at(site, self.machines, address, seen_from)
            ):
                return site.cluster
        return None

    def cluster_anywhere(self, address: str, port: int = API_PORT) -> Any | None:
        """The cluster that any of its control planes' addresses, public or private, belongs to and that answers."""
        for site in self.sites.values():
            planes = [self.machines[m.machine_id] for m in site.control_planes() if m.machine_id in self.machines]
            if site.plan.port != port or not site.has_quorum():
                continue
            if address in site.served or any(answers(m, address, m) for m in planes):
                return site.cluster
        return None

    async def _admit(self, site: Site, member: Member) -> None:
        site.members[member.machine_id] = member
        member.api_runs = member.role == "control-plane"
        member.kubelet_runs = True
        self.changed("world")
        await self.refresh(site)

    def open(self, site: Site) -> None:
        """Start a cluster's controllers and note its every change for the disk."""
        site.cluster.api.subscribe(lambda _change: self.changed(f"cluster/{site.uid}"))
        site.controllers = self.parts.start_controllers(self, site)
        if site.plan.distribution == "k3s":
            etcd.follow_nodes(self, site)
        self.changed(f"cluster/{site.uid}")

    async def _dissolve(self, site: Site) -> None:
        if self.sites.pop(site.uid, None) is None:
            return  # the last members leave at once, and one of them was faster
        for controller in site.controllers:
            controller.stop()
        await sites.serve(site, {})
        self.fleet.changed()
        self.changed(f"cluster/{site.uid}")

    async def close(self) -> None:
        """Let go of every socket and task; what is stored stays as it is."""
        for site in self.sites.values():
            for controller in site.controllers:
                controller.stop()
            await sites.serve(site, {})
        for machine in self.machines.values():
            await self._silence(machine)
            if machine.power == "on":
                await machine.host.power_off()

    def _check_free(self, machine: Machine) -> None:
        site = self.site_of(machine)
        if site is not None:
            raise JoinRefused("member", f"{machine.name} already belongs to cluster {site.name}")


def _distinct(*names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))
