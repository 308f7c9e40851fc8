"""Members of the etcd that kubeadm runs as static pods, and how one is taken out.

Source: etcd.io, "Runtime reconfiguration" (a member is removed before its machine; a removal that would cost the
majority is refused); kubernetes.io, "Operating etcd clusters for Kubernetes" (paths of certificates).
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from clients.ssh.command import Argv
from clients.ssh.facts import gather
from clients.ssh.session import Session
from federation.errors import Rejected, Unavailable
from providers.bootstrap.kubeadm_node import ADMIN
from providers.bootstrap.ownership import mark_fact
from providers.contracts import Done, Progress, Waiting

_PKI = "/etc/kubernetes/pki/etcd"
_ETCDCTL: Argv = (
    *("etcdctl", "--endpoints=https://127.0.0.1:2379", f"--cacert={_PKI}/ca.crt"),
    *(f"--cert={_PKI}/server.crt", f"--key={_PKI}/server.key"),
)


@dataclass(frozen=True)
class EtcdMember:
    """A member; ``id`` is in hexadecimal, as commands take it. One that has not started yet has no name."""

    id: str
    name: str


def remove_member(session: Session, machine: str) -> Progress:
    """Take a member out of etcd, through the member on the machine of ``session``. Safe to repeat.

    Raises:
        Unavailable: etcd does not answer, or refuses now because its majority would be lost.
        Rejected: It is the last member, or the one that is asked.
    """
    own = _own_name(session)
    members = read_members(_etcdctl(session, own, "member", "list", "--write-out=json"))
    found = next((member for member in members if member.name == machine), None)
    if found is None:
        return Done("no member")
    if machine == own or len(members) < 2:
        raise Rejected(f"{machine} keeps the data of its cluster: it can only go together with it")
    _etcdctl(session, own, "member", "remove", found.id)
    return Waiting("etcd to forget the member", poll_s=0.0)


def read_members(output: str) -> tuple[EtcdMember, ...]:
    """Members from ``etcdctl member list --write-out=json``, whose ids are decimal numbers.

    Raises:
        Unavailable: It is no such output.
    """
    try:
        rows = json.loads(output)["members"]
        return tuple(EtcdMember(f"{int(row['ID']):x}", str(row.get("name", ""))) for row in rows)
    except (ValueError, KeyError, TypeError) as error:
        raise Unavailable(f"etcd's list of members cannot be read: {output[:200]}") from error


def _own_name(session: Session) -> str:
    mark = mark_fact()
    found = gather(session, [mark])[mark]
    if found is None:
        raise Rejected(f"{session.place} is no node of ours")
    return str(json.loads(found)["machine"])


def _etcdctl(session: Session, node: str, *words: str) -> str:
    inside = ("kubectl", f"--kubeconfig={ADMIN}", "--request-timeout=20s", "--namespace=kube-system", "exec")
    answer = session.run((*inside, f"etcd-{node}", "--", *_ETCDCTL, *words), sudo=True, check=False)
    if answer.exit_code:
        last = (answer.stderr.strip().splitlines() or ["no word about it"])[-1]
        raise Unavailable(f"on {session.place}, etcd member {words[1]}: {last[:200]}")
    return answer.stdout
