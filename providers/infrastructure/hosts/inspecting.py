"""What a bare host is like: every fact in one round trip. Nothing here changes anything.

Source: proc(5), cgroups(7), ss(8), ip(8), modprobe(8), ufw(8), df(1); docs.k3s.io, "Requirements", for control groups
on Raspberry Pi OS.
"""

from __future__ import annotations

import re
import time
from ipaddress import IPv4Interface
from typing import Any

from clients.ssh import probes
from clients.ssh.command import render_command
from clients.ssh.facts import Answer, CannotTell, Fact, Facts, gather, said, said_yes, succeeded
from clients.ssh.session import Session
from federation.errors import CommandFailed, Rejected
from federation.preflight.facts import HostFacts
from federation.spec.catalogue import DistributionDefinition
from federation.spec.cluster import NODE_PORTS
from federation.spec.machines import Role
from federation.spec.marks import OWNER_FILE
from providers.contracts import ClusterTarget
from providers.infrastructure.hosts.owner_file import parse_owner

_VIRTUAL = re.compile(r"^(lo|cni|flannel|cali|vxlan|tunl|kube|docker|br-|veth|cilium|liqo|lxc)")
"""Interfaces that containers and network plugins make: what is left of them is no network of the host."""
_SUDO = re.compile(r"sudo: .*(password|not allowed|may not run|not in the sudoers)", re.IGNORECASE)


class Questions:
    """What is asked of a host that is to become a node in one role."""

    def __init__(self, definition: DistributionDefinition, role: Role) -> None:
        least = definition.control_plane if role == "control-plane" else definition.worker
        self.ports = least.ports
        self.controllers = definition.controllers
        self.machine = Fact("its architecture", "uname -m", lambda answer: said(answer).strip())
        self.system = probes.operating_system()
        self.systemd = Fact("whether systemd runs it", "test -d /run/systemd/system", said_yes)
        self.cpus = Fact("its processors", "nproc", lambda answer: int(said(answer)))
        self.memory = Fact("its memory", "cat /proc/meminfo", _memory_mib)
        self.disk = Fact("its disk", "df -Pk /var", _free_gib)
        self.clock = Fact("its clock", "date +%s", lambda answer: int(said(answer)))
        self.modules = {name: _loadable(name) for name in definition.modules}
        self.groups = Fact("its control groups", _CONTROLLERS, lambda answer: frozenset(said(answer).split()))
        self.listening = Fact("its open ports", "ss -Hlnt", _listening)
        self.owner = probes.file_text(OWNER_FILE)
        self.addresses = Fact("its addresses", "ip -o -4 addr show", _addresses)
        self.route = Fact("its way out", "ip -4 route show default", _way_out)
        self.links = Fact("its interfaces", "ip -o link show", _mtus)
        self.firewall = Fact("its firewall", "! command -v ufw >/dev/null || ufw status", _lets_tunnels_in)

    @property
    def all(self) -> list[Fact[Any]]:
        """Every question."""
        first: list[Fact[Any]] = [self.clock, self.machine, self.system, self.systemd, self.cpus, self.memory]
        rest: list[Fact[Any]] = [
            self.disk,
            self.groups,
            self.listening,
            self.owner,
            self.addresses,
            self.route,
            self.links,
        ]
        return [*first, *rest, self.firewall, *self.modules.values()]


def inspect(session: Session, questions: Questions, cluster: ClusterTarget) -> HostFacts:
    """Everything that matters before a host becomes a node of a cluster.

    Raises:
        Rejected: Its user may not become root without a password; reason SudoRefused.
        CommandFailed: A fact could not be told.
        HostUnreachable: The link broke.
    """
    before_s = time.time()
    try:
        facts = gather(session, questions.all)
    except CommandFailed as error:
        if _SUDO.search(str(error)):
            raise Rejected(f"{session.place} lets its user not become root: {error}", reason="SudoRefused") from error
        raise
    return _read(facts, questions, cluster, (before_s + time.time()) / 2)


def _read(facts: Facts, asked: Questions, cluster: ClusterTarget, now_s: float) -> HostFacts:
    system, owner = facts[asked.system], parse_owner(facts[asked.owner])
    listening = facts[asked.listening]
    addresses = facts[asked.addresses]
    machine = facts[asked.machine]
    way_out = facts[asked.route]
    leading = next((str(each.ip) for name, each in addresses if name == way_out), "")
    return HostFacts(
        architecture=probes.ARCHITECTURES.get(machine, machine),
        system=f"{system.id} {system.version_id}".strip(),
        is_debian=system.is_debian,
        systemd=facts[asked.systemd],
        cpus=facts[asked.cpus],
        memory_mib=facts[asked.memory],
        disk_gib=facts[asked.disk],
        clock_offset_s=facts[asked.clock] - now_s,
        missing_modules=tuple(name for name, fact in asked.modules.items() if not facts[fact]),
        missing_controllers=tuple(each for each in asked.controllers if each not in facts[asked.groups]),
        busy_ports=tuple(port for port in asked.ports if port in listening),
        is_member=owner is not None and owner.is_of(cluster),
        owner="" if owner is None or owner.is_of(cluster) else owner.told,
        networks=tuple(each for name, each in addresses if not _VIRTUAL.match(name)),
        mtu=facts[asked.links].get(way_out),
        firewalled_at="" if facts[asked.firewall] else leading or "its address",
    )


_CONTROLLERS = (
    "cat /sys/fs/cgroup/cgroup.controllers "
    "|| sed -n 's/^\\([a-z_]*\\)[^0-9]*[0-9]*[^0-9]*[0-9]*[^0-9]*1$/\\1/p' /proc/cgroups"
)
"""Of cgroup v2 as the kernel lists them; of v1 those whose last column, ``enabled``, is 1."""


def _loadable(name: str) -> Fact[bool]:
    """Whether a module is there, loaded or not; ``--dry-run`` loads nothing."""
    quoted = render_command([name])
    there = f"test -d /sys/module/{quoted} || modprobe --dry-run --quiet {quoted}"
    return Fact(f"whether it has the module {name}", there, succeeded)


def _memory_mib(answer: Answer) -> int:
    found = re.search(r"^MemTotal:\s+(\d+) kB", said(answer), re.MULTILINE)
    if found is None:
        raise CannotTell("no MemTotal")
    return int(found.group(1)) // 1024


def _free_gib(answer: Answer) -> int:
    fields = said(answer).splitlines()[-1].split()
    if len(fields) < 6 or not fields[3].isdigit():
        raise CannotTell("no table of file systems")
    return int(fields[3]) // 1024**2


def _listening(answer: Answer) -> frozenset[str]:
    rows = [line.split() for line in said(answer).splitlines() if line.startswith("LISTEN")]
    return frozenset(f"tcp/{row[3].rpartition(':')[2]}" for row in rows if len(row) > 3)


def _addresses(answer: Answer) -> tuple[tuple[str, IPv4Interface], ...]:
    found = re.findall(r"^\d+: (\S+)\s+inet ([\d.]+/\d+)", said(answer), re.MULTILINE)
    return tuple((name, IPv4Interface(address)) for name, address in found)


def _way_out(answer: Answer) -> str:
    found = re.search(r"\bdev (\S+)", said(answer))
    return found.group(1) if found else ""


def _mtus(answer: Answer) -> dict[str, int]:
    found = re.findall(r"^\d+: ([^:@\s]+)\S*: .*\bmtu (\d+)", said(answer), re.MULTILINE)
    return {name: int(mtu) for name, mtu in found}


def _lets_tunnels_in(answer: Answer) -> bool:
    """Whether ufw is off, not there, or has a rule for the ports of tunnels."""
    rules, (first, last) = said(answer), NODE_PORTS
    opened = re.search(rf"^{first}:{last}(/udp)?\s+ALLOW", rules, re.MULTILINE)
    return "Status: active" not in rules or opened is not None
