"""Names of nodes in /etc/hosts of every node, in a block of ours, where nodes find each other by name.

Source: hosts(5); canonical/microk8s-cluster-agent, pkg/api/v2/join.go: a control plane refuses a node whose name it
cannot resolve, always before version 1.28, and later unless its API server prefers addresses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.resources import NODE
from clients.ssh import probes
from clients.ssh.facts import gather
from clients.ssh.session import Session
from federation.errors import FlotillaError
from federation.spec.marks import HOST_NAMES
from federation.state.rosters import roster_digest, roster_of
from providers.contracts import Done, Progress
from providers.nodes import observe_nodes

HOSTS = "/etc/hosts"
_BEGIN, _END = "# begin of flotilla's nodes", "# end of flotilla's nodes"


def with_names(hosts: str, roster: Mapping[str, str]) -> str:
    """The file with exactly these names in our block, at its end; everything else stays as it is."""
    plain = without_names(hosts)
    if not roster:
        return plain
    ended = plain if plain.endswith("\n") or not plain else f"{plain}\n"
    rows = "".join(f"{address} {name}\n" for name, address in sorted(roster.items()))
    return f"{ended}{_BEGIN}\n{rows}{_END}\n"


def without_names(hosts: str) -> str:
    """The file as it was before ``with_names``. A block that somebody cut off ends with the file."""
    kept, ours = [], False
    for line in hosts.splitlines(keepends=True):
        ours = ours or line.strip() == _BEGIN
        if not ours:
            kept.append(line)
        ours = ours and line.strip() != _END
    return "".join(kept)


def names_in(hosts: str) -> dict[str, str]:
    """Addresses by name in our block."""
    plain = set(without_names(hosts).splitlines())
    rows = [line.split() for line in hosts.splitlines() if line not in plain and not line.startswith("#")]
    return {row[1]: row[0] for row in rows if len(row) == 2}


def write_names(session: Session, roster: Mapping[str, str], *, keep: bool = False) -> bool:
    """Put the names on a machine; tells whether anything was written. Safe to repeat.

    Args:
        session: On the machine.
        roster: Addresses by name.
        keep: Leave names in our block that are not in the roster.
    """
    fact = probes.file_text(HOSTS)
    text = gather(session, [fact])[fact] or ""
    wanted = with_names(text, {**names_in(text), **roster} if keep else roster)
    if wanted == text:
        return False
    session.replace_file(HOSTS, wanted, sudo=True)
    return True


def own_address(session: Session) -> str:
    """The address that a machine has itself."""
    fact = probes.first_address()
    return gather(session, [fact])[fact]


def name_hosts(
    kubernetes: KubernetesClient,
    machines: Iterable[str],
    session: Callable[[str], AbstractContextManager[Session]],
) -> Progress:
    """Write every node's name on every node that is ready, and note on the node that it was. Safe to repeat.

    Args:
        kubernetes: Client of the cluster.
        machines: The machines that it should have.
        session: Opens a session on a machine.

    Raises:
        FlotillaError: Of the first node that could not be written; all others are.
    """
    nodes = observe_nodes(kubernetes, datetime.now(UTC))
    roster = roster_of(nodes, machines)
    wanted, trouble = roster_digest(roster), None
    for node in nodes:
        if node.name not in roster or not node.ready or node.names == wanted:
            continue
        try:
            with session(node.name) as opened:
                write_names(opened, roster)
        except FlotillaError as error:
            trouble = trouble or error
            continue
        kubernetes.merge_patch(NODE, node.name, {"metadata": {"annotations": {HOST_NAMES: wanted}}})
    if trouble is not None:
        raise trouble
    return Done(f"{len(roster)} names on each node")
