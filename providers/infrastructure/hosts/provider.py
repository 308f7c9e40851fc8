"""Bare hosts as ``providers.contracts.Infrastructure``."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from clients.ssh.pool import SessionPool
from federation.errors import AuthenticationRejected, FlotillaError, HostKeyMismatch, Rejected, SpecInvalid
from federation.preflight.facts import ClusterFacts, HostFacts, Refused
from federation.spec.infrastructure import HostsInfrastructure
from federation.spec.machines import MachineTarget, machine_targets
from federation.spec.marks import OWNER_FILE
from federation.state.observed import Observation, ObservedInfrastructure, ObservedMachine, Present, Unknown
from providers.contracts import (
    ClusterTarget,
    Distribution,
    Done,
    Inventory,
    InventoryHost,
    Leftover,
    Login,
    Progress,
    Vault,
    Waiting,
)
from providers.infrastructure.hosts.dealing import Offer, deal
from providers.infrastructure.hosts.inspecting import Questions, inspect
from providers.infrastructure.hosts.owner_file import HostOwner, claim, owner_for, read_owner, release, rewrite, taken
from providers.ledger import Ledger
from providers.survey import Survey

_log = logging.getLogger(__name__)
_PARALLEL = 16


@dataclass(frozen=True)
class _Seen:
    """One host as it was read; ``answered`` False when it could not be."""

    host: InventoryHost
    answered: bool
    owner: HostOwner | None = None


class HostsProvider:
    """Hosts of inventories. Threads may share it.

    Args:
        vault: Gives the inventories.
        ledger: Is told before a host is claimed and after it is let go.
        sessions: Open SSH sessions.
        distributions: By type, to clean a host that is let go.
    """

    def __init__(
        self, vault: Vault, ledger: Ledger, sessions: SessionPool, distributions: Mapping[str, Distribution]
    ) -> None:
        self._vault = vault
        self._ledger = ledger
        self._sessions = sessions
        self._distributions = distributions

    def observe(self, cluster: ClusterTarget, survey: Survey | None = None) -> ObservedInfrastructure:
        """Read who uses which host, many at a time; a host that does not answer never fails the others.

        A silent host is reported as stopped when it is, or by its name in the spec should be, a machine of the cluster;
        otherwise it is not offered.
        """
        seen = self._look(cluster, survey or Survey())
        expected = _expected(cluster)
        machines = tuple(machine for each in seen if (machine := _machine(cluster, each, expected.get(each.host.name))))
        offers = [offer for each in seen if (offer := _offer(cluster, each, expected))]
        return ObservedInfrastructure("complete" if machines else "absent", machines, deal(cluster.spec, offers))

    def inspect(
        self, cluster: ClusterTarget, machines: tuple[MachineTarget, ...], survey: Survey | None = None
    ) -> ClusterFacts:
        """What the hosts are like that are about to become nodes, many at a time, each in one round trip."""
        del survey
        known = {host.name for host in self._inventory(cluster).hosts}
        names = [machine.name for machine in machines if machine.name in known]
        definition = self._distributions[cluster.spec.built_with.type].definition
        questions = {machine.name: Questions(definition, machine.role) for machine in machines}
        with ThreadPoolExecutor(_PARALLEL, thread_name_prefix="hosts-inspect") as pool:
            found = pool.map(lambda name: self._inspect(cluster, name, questions[name]), names)
            return ClusterFacts(hosts=dict(zip(names, found, strict=True)))

    def _inspect(self, cluster: ClusterTarget, name: str, questions: Questions) -> Observation[HostFacts] | Refused:
        try:
            with self._sessions.session(self.login(cluster, name)) as session:
                return Present(inspect(session, questions, cluster))
        except (AuthenticationRejected, HostKeyMismatch, SpecInvalid, Rejected) as error:
            return Refused(error.reason, str(error))
        except FlotillaError as error:
            return Unknown(error.reason, str(error))

    def ensure_foundation(self, cluster: ClusterTarget) -> Progress:
        """Nothing to make: hosts bring their network; the inventory has to be known."""
        return Done(f"{len(self._inventory(cluster).hosts)} hosts in the inventory")

    def ensure_machine(self, cluster: ClusterTarget, machine: MachineTarget) -> Progress:
        """Claim a host that answers over SSH.

        Raises:
            SpecInvalid: The inventory has no such host.
            Rejected: Another cluster uses it.
            HostUnreachable, HostKeyMismatch, AuthenticationRejected: It cannot be logged in to.
        """
        wanted = owner_for(cluster, machine)
        login = self.login(cluster, machine.name)
        with self._sessions.session(login) as session:
            found = read_owner(session)
            if found is not None and not found.is_of(cluster):
                raise taken(session.place, found)
            if found is None:
                self._ledger.intend(cluster.federation, "host", machine.name, _place(cluster))
                claim(session, wanted)
                self._ledger.confirm(cluster.federation, "host", machine.name, _place(cluster), login.address)
            elif found != wanted:
                rewrite(session, wanted)
        return Done(login.address)

    def endpoint(self, cluster: ClusterTarget) -> str:
        """The address that the control-plane hosts hold between them.

        Raises:
            SpecInvalid: The cluster asks for none.
        """
        if cluster.spec.shared_address is None:
            raise SpecInvalid(f"cluster {cluster.name} has no endpoint of its own")
        return cluster.spec.shared_address

    def login(self, cluster: ClusterTarget, machine: str) -> Login:
        """How to log in to a host, as the inventory says.

        Raises:
            SpecInvalid: The inventory has no such host.
        """
        inventory = self._inventory(cluster)
        host = next((each for each in inventory.hosts if each.name == machine), None)
        if host is None:
            raise SpecInvalid(
                f"{_place(cluster)} has no host {machine}: add it, or take it out of cluster {cluster.name}"
            )
        return _login(inventory, host)

    def delete_machine(self, cluster: ClusterTarget, machine: str) -> Progress:
        """Take the distribution off a host and let it go. A host that is not this cluster's is left alone.

        Raises:
            HostUnreachable: It does not answer; the caller decides what that means.
        """
        if any(host.name == machine for host in self._inventory(cluster).hosts):
            with self._sessions.session(self.login(cluster, machine)) as session:
                found = read_owner(session)
                if found is not None and found.is_of(cluster):
                    left = self._distributions[cluster.spec.built_with.type].leave(session)
                    if isinstance(left, Waiting):
                        return left
                    release(session)
        self._ledger.strike(cluster.federation, "host", machine, _place(cluster))
        return Done()

    def delete_foundation(self, cluster: ClusterTarget) -> Progress:
        """Nothing to remove."""
        return Done(f"cluster {cluster.name} has no foundation of its own")

    def leftovers(self, cluster: ClusterTarget) -> tuple[Leftover, ...]:
        """Hosts that still carry our owner file, and silent ones that may."""
        left = self.observe(cluster).machines
        logins = {machine.name: self.login(cluster, machine.name) for machine in left}
        return tuple(
            Leftover("host", name, login.address, _place(cluster), f"{_ssh(login)} sudo rm {OWNER_FILE}")
            for name, login in logins.items()
        )

    def _inventory(self, cluster: ClusterTarget) -> Inventory:
        return self._vault.inventory(_inventory_name(cluster))

    def _look(self, cluster: ClusterTarget, survey: Survey) -> tuple[_Seen, ...]:
        return survey.once(("hosts", _inventory_name(cluster)), lambda: self._read_all(self._inventory(cluster)))

    def _read_all(self, inventory: Inventory) -> tuple[_Seen, ...]:
        with ThreadPoolExecutor(_PARALLEL, thread_name_prefix="hosts-read") as pool:
            return tuple(pool.map(lambda host: self._read(inventory, host), inventory.hosts))

    def _read(self, inventory: Inventory, host: InventoryHost) -> _Seen:
        try:
            with self._sessions.session(_login(inventory, host)) as session:
                return _Seen(host, answered=True, owner=read_owner(session))
        except FlotillaError as error:
            _log.warning("host %s cannot be read: %s", host.name, error)
            return _Seen(host, answered=False)


def _expected(cluster: ClusterTarget) -> dict[str, MachineTarget]:
    """Machines by host: those that the caller knows of, and those that the spec names."""
    named = machine_targets(cluster.federation, cluster.spec)
    return {machine.name: machine for machine in (*named, *cluster.machines)}


def _machine(cluster: ClusterTarget, seen: _Seen, expected: MachineTarget | None) -> ObservedMachine | None:
    host, owner = seen.host, seen.owner
    if owner is not None and owner.is_of(cluster):
        return ObservedMachine(
            host.name, host.name, owner.role, owner.pool, "running", host.address, host.private_address
        )
    if seen.answered or expected is None:
        return None
    return ObservedMachine(
        host.name, host.name, expected.role, expected.pool, "stopped", host.address, host.private_address
    )


def _offer(cluster: ClusterTarget, seen: _Seen, expected: Mapping[str, MachineTarget]) -> Offer | None:
    if not seen.answered:
        target = expected.get(seen.host.name)
        return None if target is None else Offer(seen.host.name, target.pool)
    if seen.owner is None:
        return Offer(seen.host.name, None)
    return Offer(seen.host.name, seen.owner.pool) if seen.owner.is_of(cluster) else None


def _inventory_name(cluster: ClusterTarget) -> str:
    if isinstance(cluster.spec.infrastructure, HostsInfrastructure):
        return cluster.spec.infrastructure.inventory
    raise SpecInvalid(f"cluster {cluster.name}: infrastructure.type is {cluster.spec.infrastructure.type}, not hosts")


def _place(cluster: ClusterTarget) -> str:
    return f"hosts:{_inventory_name(cluster)}"


def _login(inventory: Inventory, host: InventoryHost) -> Login:
    return Login(host.address, host.user, host.host_key, inventory.private_key, host.port)


def _ssh(login: Login) -> str:
    return f"ssh -p {login.port} {login.user}@{login.address}"
