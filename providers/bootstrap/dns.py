"""Names with fixed addresses, in the ConfigMap that a cluster's CoreDNS reads."""

from __future__ import annotations

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.resources import CONFIG_MAP
from federation.spec.catalogue import DnsPlace
from federation.spec.dns import Dns, Rule
from providers.bootstrap.corefile import find_rules, render_block, with_rules
from providers.contracts import Done, Progress, Waiting
from providers.patience import patient

NAMESPACE = "kube-system"


def observe_rules(kubernetes: KubernetesClient, place: DnsPlace) -> frozenset[Rule]:
    """The rules of ours that the cluster has. One request; only reads."""
    found = kubernetes.get(CONFIG_MAP, place.config_map, NAMESPACE) or {}
    return find_rules((found.get("data") or {}).get(place.key, ""))


def ensure_rules(kubernetes: KubernetesClient, place: DnsPlace, dns: Dns) -> Progress:
    """Make our block hold exactly the rules that are asked for; CoreDNS takes it up by itself within two minutes.

    Safe to repeat: writes only when they differ, and only onto what was read. What others wrote stays.
    """
    return patient(lambda: _ensure(kubernetes, place, dns))


def _ensure(kubernetes: KubernetesClient, place: DnsPlace, dns: Dns) -> Progress:
    found = kubernetes.get(CONFIG_MAP, place.config_map, NAMESPACE)
    text = ((found or {}).get("data") or {}).get(place.key, "")
    if find_rules(text) == dns.rules:
        return Done(f"{len(dns.rules)} names")
    if found is None and place.shared:
        return Waiting(f"ConfigMap {place.config_map} of CoreDNS")
    if found is None:
        meta = {"name": place.config_map, "namespace": NAMESPACE}
        data = {place.key: render_block(dns.rules)}
        kubernetes.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data})
    else:
        read = {"metadata": {"resourceVersion": found["metadata"]["resourceVersion"]}}
        changed = with_rules(text, dns.rules) or None
        kubernetes.merge_patch(CONFIG_MAP, place.config_map, {**read, "data": {place.key: changed}}, NAMESPACE)
    return Done(f"{len(dns.rules)} names")
