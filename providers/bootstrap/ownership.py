"""Whose node a machine is: a small file that is written before anything else is changed and removed last."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from clients.ssh.facts import Fact
from clients.ssh.probes import file_text
from federation.errors import Rejected
from federation.spec.machines import MachineTarget
from providers.bootstrap.changes import WriteFile
from providers.contracts import ClusterTarget

STATE_DIRECTORY = "/etc/flotilla"
MARK_FILE = f"{STATE_DIRECTORY}/node.json"
SETTLED_FILE = f"{STATE_DIRECTORY}/settled"
"""Written by the same remote process that made the machine a node, after its last step."""


@dataclass(frozen=True)
class Mark:
    """The node that a machine is, or is about to be."""

    distribution: str
    federation: str
    cluster: str
    machine: str

    def render(self) -> str:
        """Text of the mark's file."""
        return json.dumps(asdict(self), sort_keys=True) + "\n"


def mark_of(distribution: str, cluster: ClusterTarget, machine: MachineTarget) -> Mark:
    """The mark that a machine of this cluster should carry."""
    return Mark(distribution, cluster.federation, cluster.name, machine.name)


def mark_fact() -> Fact[str | None]:
    """Text of the mark on the machine."""
    return file_text(MARK_FILE)


def claim(found: str | None, wanted: Mark, foreign_state: bool, place: str) -> list[WriteFile]:
    """What marks the machine as ours; nothing when it is marked already.

    Raises:
        Rejected: It belongs to another cluster, or Kubernetes runs on it that we did not install.
    """
    if found == wanted.render():
        return []
    if found is not None:
        raise Rejected(
            f"{place} is marked as another node ({_brief(found)}); remove that cluster first, or delete "
            f"{MARK_FILE} on the machine if it is gone"
        )
    if foreign_state:
        raise Rejected(f"{place} runs Kubernetes that Flotilla did not install; take it off the machine first")
    return [WriteFile(MARK_FILE, wanted.render())]


def require(found: str | None, wanted: Mark, place: str) -> None:
    """Refuse to change a machine that is not marked as this node.

    Raises:
        Rejected: No mark, or another one.
    """
    if found != wanted.render():
        raise Rejected(f"{place} is not prepared as node {wanted.machine} of {wanted.cluster}; prepare it first")


def _brief(text: str) -> str:
    try:
        found = json.loads(text)
        return f"{found['machine']} of {found['federation']}/{found['cluster']}"
    except (ValueError, KeyError, TypeError):
        return "unreadable mark"
