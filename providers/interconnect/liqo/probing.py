"""Probes made and removed. What they find out is read by ``traffic``."""

from __future__ import annotations

from clients.kubernetes.apply import applied, ensure, ensure_gone
from clients.kubernetes.resources import DEPLOYMENT, NAMESPACE, POD
from federation.errors import Rejected
from federation.spec.digests import probe_digest
from federation.spec.marks import DIGEST, FEDERATION, PROBE
from federation.spec.peering import Peering, PeeringKey
from providers.contracts import Done, Progress, Side, Waiting
from providers.interconnect.liqo.kinds import Object, dig
from providers.interconnect.liqo.render_probe import (
    CLIENT,
    ECHO,
    probe_namespace,
    render_client,
    render_echo,
    render_probe_namespace,
    render_probe_offloading,
    render_service,
)
from providers.interconnect.liqo.traffic import read_traffic
from providers.lost_pods import let_go_of_lost
from providers.offloading import NAMESPACE_OFFLOADING, OFFLOADING_NAME


def probe(consumer: Side, key: PeeringKey, peering: Peering) -> Progress:
    """Make the probe; done when its last call was answered.

    The digest is written last, when all of it is there. Repeated, it repairs what another hand changed.

    Raises:
        Rejected: The namespace belongs to somebody else.
    """
    client, federation = consumer.kubernetes, consumer.federation
    name, wanted = probe_namespace(federation, key), probe_digest(federation, key, peering)
    live = client.get(NAMESPACE, name)
    if live is not None and not _is_ours(consumer, live):
        raise Rejected(f"namespace {name} of {consumer.cluster} belongs to somebody else")
    kept = wanted if dig(live, "metadata", "annotations", DIGEST) == wanted else None
    space, _ = applied(client, render_probe_namespace(federation, key, kept))
    offloading, _ = applied(client, render_probe_offloading(federation, key))
    if dig(offloading, "status", "offloadingPhase") != "Ready":
        return Waiting(f"namespace {name} is not on {key.provider} yet")
    ensure(client, render_service(federation, key))
    ensure(client, render_echo(federation, key, peering))
    ensure(client, render_client(federation, key, peering))
    if kept is None:
        space, _ = applied(client, render_probe_namespace(federation, key, wanted))
    seen = read_traffic(consumer, [space])[key.provider]
    if seen.state == "flows":
        return Done(f"a pod of {key.consumer} is answered by a pod of {key.provider}")
    return Waiting(f"a pod of {key.provider} to answer a pod of {key.consumer}: {seen.message}")


def remove_probe(consumer: Side, key: PeeringKey) -> Progress:
    """Remove the probe; done when its namespace is gone. Its pods hold nothing, and are not waited for."""
    client, name = consumer.kubernetes, probe_namespace(consumer.federation, key)
    live = client.get(NAMESPACE, name)
    if live is None or not _is_ours(consumer, live):
        return Done(f"{key.consumer} has no probe of {key.provider}")
    for deployment in (CLIENT, ECHO):
        ensure_gone(client, DEPLOYMENT, deployment, name)
    for pod in client.list(POD, name):
        client.delete(POD, pod["metadata"]["name"], name, uid=pod["metadata"]["uid"], grace_s=0)
    if not ensure_gone(client, NAMESPACE_OFFLOADING, OFFLOADING_NAME, name):
        there = consumer.answering(key.provider)
        if there is not None:
            let_go_of_lost(there.kubernetes, name, {FEDERATION: consumer.federation, PROBE: None})
        return Waiting(f"the probe of {key.provider} is being taken back from it")
    if not ensure_gone(client, NAMESPACE, name):
        return Waiting(f"the probe of {key.provider} is going from {key.consumer}")
    return Done(f"the probe of {key.provider} is gone")


def _is_ours(side: Side, namespace: Object) -> bool:
    marks = dig(namespace, "metadata", "labels") or {}
    return marks.get(FEDERATION) == side.federation and PROBE in marks
