"""The file on a bare host that says who uses it. It is the only truth: losing our registry loses no host."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from clients.ssh.session import Session
from federation.errors import Rejected
from federation.spec.machines import MachineTarget, Role
from federation.spec.marks import OWNER_FILE
from providers.contracts import ClusterTarget


@dataclass(frozen=True)
class HostOwner:
    """The machine that a host is."""

    federation: str
    cluster: str
    role: Role
    pool: str

    def is_of(self, cluster: ClusterTarget) -> bool:
        """Whether the host belongs to this cluster."""
        return (self.federation, self.cluster) == (cluster.federation, cluster.name)

    @property
    def told(self) -> str:
        """Whose the host is, for people."""
        return f"cluster {self.cluster} of federation {self.federation}" if self.cluster else "somebody unknown"

    def render(self) -> str:
        """Text of the file."""
        return json.dumps(asdict(self), sort_keys=True) + "\n"


UNREADABLE = HostOwner("", "", "worker", "")
"""Stands for a file that is there and cannot be understood: the host belongs to somebody, and not to us."""


def owner_for(cluster: ClusterTarget, machine: MachineTarget) -> HostOwner:
    """The owner that a host gets as this machine."""
    return HostOwner(cluster.federation, cluster.name, machine.role, machine.pool)


def parse_owner(text: str | None) -> HostOwner | None:
    """The owner that a file names; None without a file."""
    if text is None:
        return None
    try:
        found = json.loads(text)
        role: Role = "control-plane" if found["role"] == "control-plane" else "worker"
        return HostOwner(str(found["federation"]), str(found["cluster"]), role, str(found["pool"]))
    except (ValueError, KeyError, TypeError):
        return UNREADABLE


def read_owner(session: Session) -> HostOwner | None:
    """Who uses the host; None when nobody does.

    Raises:
        HostUnreachable, CommandFailed: It cannot be read.
    """
    return parse_owner(session.read_file(OWNER_FILE, sudo=True))


def claim(session: Session, wanted: HostOwner) -> None:
    """Take a host that nobody uses. Of two who try at once, one gets it: a link is made only where there is no file.

    Raises:
        Rejected: Somebody else uses it.
    """
    draft = f"{OWNER_FILE}.{wanted.federation}.{wanted.cluster}"
    session.write_file(draft, wanted.render(), sudo=True)
    session.run(["ln", "-T", "--", draft, OWNER_FILE], sudo=True, check=False)
    session.run(["rm", "-f", "--", draft], sudo=True)
    found = read_owner(session)
    if found != wanted:
        raise taken(session.place, found)


def rewrite(session: Session, wanted: HostOwner) -> None:
    """Change role or pool of a host that is this cluster's already."""
    session.write_file(OWNER_FILE, wanted.render(), sudo=True)


def release(session: Session) -> None:
    """Let a host go."""
    session.run(["rm", "-f", "--", OWNER_FILE], sudo=True)


def taken(place: str, owner: HostOwner | None) -> Rejected:
    """The refusal to use a host that is somebody else's."""
    if owner is None or owner == UNREADABLE:
        return Rejected(f"{place}: {OWNER_FILE} cannot be understood; remove it when nobody uses the host")
    return Rejected(f"{place} is used by {owner.told}", reason="HostInUse")
