"""What an adopted cluster tells about itself, and what of ours is found in it again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.resources import NODE
from federation.spec.marks import labels
from providers.infrastructure.existing.facts import identity, service_address
from providers.infrastructure.existing.traces import traces
from providers.nodes import reachable_addresses
from tests.networks import reserve_prefix
from tests.unit.kubernetes.served import Background, Served


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A cluster that listens."""
    background = Background()
    made = Served(background, "alpha", f"{reserve_prefix()}.1.1")
    yield made
    made.stop()
    background.close()


@pytest.fixture
def client(served: Served) -> Iterator[KubernetesClient]:
    """An admin's client."""
    made = served.client()
    yield made
    made.close()


def an_object(kind: str, name: str, federation: str, namespace: str | None = None) -> dict[str, object]:
    """An object with the mark of a federation."""
    place = {"namespace": namespace} if namespace else {}
    meta = {"name": name, "labels": labels(federation), **place}
    return {"apiVersion": "v1", "kind": kind, "metadata": meta}


def test_a_cluster_is_known_by_what_nobody_replaces(client: KubernetesClient) -> None:
    """The same answer every time, and an address of its services."""
    assert identity(client)
    assert identity(client) == identity(client)
    assert service_address(client).startswith("10.101.")


def test_what_carries_the_mark_is_found_with_the_command_that_removes_it(client: KubernetesClient) -> None:
    """A namespace stands for all that is in it; other federations' objects are not named."""
    client.apply(an_object("Namespace", "shop", "fed"))
    client.apply(an_object("ConfigMap", "within", "fed", "shop"))
    client.apply(an_object("ConfigMap", "note", "fed", "default"))
    client.apply(an_object("ConfigMap", "other", "other", "default"))
    found = {(each.kind, each.name): each.remove_with for each in traces(client, "fed", "cluster a")}
    assert found == {
        ("Namespace", "shop"): "kubectl delete namespaces shop",
        ("ConfigMap", "default/note"): "kubectl delete configmaps note --namespace=default",
    }


def test_addresses_for_a_tunnel_are_those_that_others_may_reach(client: KubernetesClient, served: Served) -> None:
    """External ones, then the API's own host, then internal ones; virtual nodes have none."""
    client.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}})
    told = [{"type": "InternalIP", "address": "10.0.0.4"}, {"type": "ExternalIP", "address": "192.0.2.4"}]
    client.merge_patch(NODE, "n1", {"status": {"addresses": told}}, subresource="status")
    assert reachable_addresses(client) == ("192.0.2.4", served.address, "10.0.0.4")
