"""The obstacles: what is in the way of a removal, and how it goes away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from clients.kubernetes.api import KubernetesClient
from federation.spec.federation import Federation
from tests.stage.inside import Inside
from tests.stage.specs import a_component, a_small_cluster, a_small_federation, on_hosts
from tests.stage.stage import Stage


def _nothing(_: Any) -> None:
    """No obstacle of this kind."""


@dataclass(frozen=True)
class Condition:
    """One condition; its first word is the name of the federation.

    Attributes:
        name: Short name.
        title: For the table.
        prepare: Before the federation is built.
        obstruct: Before it is removed.
        clear: After the first removal; faults and partitions are healed anyway.
        ends_well: Whether the first removal leaves nothing in spite of the condition.
        waits: Whether it gives up a step that is overtaken by the removal of its machines, and says so.
        named: Words that the report of the first removal must have.
        spec: Parts of the spec beside the clusters.
        first: The cluster that suffers.
        second: The other one.
    """

    name: str
    title: str
    prepare: Callable[[Stage], None] = _nothing
    obstruct: Callable[[Inside], None] = _nothing
    clear: Callable[[Inside], None] = _nothing
    ends_well: bool = True
    waits: bool = False
    named: tuple[str, ...] = ()
    spec: dict[str, Any] = field(default_factory=dict)
    first: dict[str, Any] = field(default_factory=lambda: a_small_cluster("a"))
    second: dict[str, Any] = field(default_factory=lambda: on_hosts("b"))

    def __str__(self) -> str:
        return self.name

    def federation(self) -> Federation:
        """What is built and removed."""
        return a_small_federation(self.name.split()[0], self.first, self.second, **self.spec)


def _openstack(method: str, path: str, **action: Any) -> dict[str, Any]:
    return {"wire": "openstack", "method": method, "path": path, "action": action}


def _no_api(stage: Stage) -> None:
    action = {"exit_code": 1, "stderr": "the disk is full"}
    stage.post(
        "faults", {"wire": "ssh", "method": "exec", "target": "api-a-cp-0", "path": "systemd-run", "action": action}
    )


def _revoke(inside: Inside) -> None:
    """After the first request that removes something, the cloud lets nobody in any more."""
    inside.stage.post("faults", {**_openstack("*", "", auth=True), "skip": 25})


def _intrude(inside: Inside) -> None:
    """Somebody puts a port of his own on our network."""
    cloud = _cloud(inside.stage)
    network = next(each for each in cloud.network.networks() if each.name == "flotilla-stranger-a")
    cloud.network.create_port(network_id=network.id, name="of-a-stranger")
    cloud.close()


def _withdraw(inside: Inside) -> None:
    cloud = _cloud(inside.stage)
    for port in cloud.network.ports(name="of-a-stranger"):
        cloud.network.delete_port(port.id)
    cloud.close()


def _cloud(stage: Stage) -> Any:
    import openstack

    return openstack.connect(load_yaml_config=False, load_envvars=False, **stage.get("credentials")["clouds"]["lab"])


def _destroy_machine(inside: Inside) -> None:
    inside.stage.post("machines/machine-a-cp-0/destroy")


def _finalize(inside: Inside) -> None:
    """An object in the application's namespace waits for an operator that is dead."""
    kubeconfig = inside.stage.cli("get", "kubeconfig", "finalizer", "a").stdout
    client = KubernetesClient(kubeconfig)
    meta = {"name": "orphan", "namespace": "app", "finalizers": ["example.org/dead-operator"]}
    try:
        client.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta})
    finally:
        client.close()


def _kill_peer(inside: Inside) -> None:
    inside.stage.post("machines/peer-b-cp-0/kill")


def _no_quota(stage: Stage) -> None:
    stage.post("quotas", {"instances": 1})


def _some_quota(inside: Inside) -> None:
    inside.stage.post("quotas", {"instances": 10})


def _broken_kind(inside: Inside) -> None:
    inside.stage.post("faults", _openstack("DELETE", "/v2.0/networks/", status=500))


def _no_cell(inside: Inside) -> None:
    """The database of the servers' cell is away: nova lists none of them, and does not say why."""
    inside.stage.post("openstack", {"down": list(inside.stage.get("openstack")["hypervisors"])})


def _cell_again(inside: Inside) -> None:
    inside.stage.post("openstack", {"down": []})


_APPLICATION = {"applications": [{"name": "app", "components": [a_component("front", "a")]}]}
_PEERED: dict[str, Any] = {
    "spec": {
        "peerings": [{"between": ["a", "b"]}],
        "applications": [{"name": "app", "components": [a_component("front", "a"), a_component("back", "b")]}],
    },
    "first": a_small_cluster("a", addons=("metallb", "liqo")),
    "second": a_small_cluster("b", addons=("metallb", "liqo")),
}

CONDITIONS = (
    Condition("api", "the Kubernetes API never came up", prepare=_no_api),
    Condition("revoked", "credentials revoked half way", obstruct=_revoke, ends_well=False, named=("flotilla leaks",)),
    Condition(
        "stranger", "a stranger's port on our network", obstruct=_intrude, clear=_withdraw, ends_well=False,
        named=("network", "openstack network delete", "in the way: port"),
    ),
    Condition("machine gone", "a machine is gone already", obstruct=_destroy_machine),
    Condition("finalizer", "finalizer of a dead operator", obstruct=_finalize, spec=_APPLICATION, waits=True),
    Condition("peer dead", "a peer is dead", obstruct=_kill_peer, waits=True, **_PEERED),
    Condition(
        "quota", "quota was too small to build it", prepare=_no_quota, clear=_some_quota,
        first=a_small_cluster("a", workers=2),
    ),
    Condition(
        "cloud answers 500", "the cloud answers 500 for networks", obstruct=_broken_kind, ends_well=False,
        named=("network", "openstack network delete"),
    ),
    Condition(
        "cell down", "the part of the cloud with its machines does not answer", obstruct=_no_cell, clear=_cell_again,
        ends_well=False, named=("could not look at a: cloud lab: server", "is in a cell that does not answer"),
    ),
)  # fmt: skip
"""All conditions of the table."""
