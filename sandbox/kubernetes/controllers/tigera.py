"""The Tigera operator: an Installation becomes Calico's namespace, its node agents and its controllers.

Source: docs.tigera.io/calico, "Installation reference" (operator.tigera.io/v1).
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network

from sandbox.kubernetes.api import Change, Object
from sandbox.kubernetes.controllers.controller import Controller, Key
from sandbox.kubernetes.controllers.objects import deleting, ensure, owner_ref, set_condition

INSTALLATIONS = "installations.operator.tigera.io"
NAMESPACE, VERSION = "calico-system", "v3.31.7"
EVERYWHERE: list[Object] = [
    {"key": "CriticalAddonsOnly", "operator": "Exists"},
    {"effect": "NoSchedule", "operator": "Exists"},
    {"effect": "NoExecute", "operator": "Exists"},
]


class Installations(Controller):
    """Makes what Calico consists of, and says Degraded while its addresses are not the cluster's."""

    watches = (INSTALLATIONS, "daemonsets.apps")
    gate = ("tigera-operator", "tigera-operator")

    def keys(self, change: Change) -> Iterable[Key]:
        """The one Installation; also when something that it made is gone."""
        mine = change.resource == INSTALLATIONS or change.object["metadata"].get("namespace") == NAMESPACE
        return (("", "default"),) if mine else ()

    def reconcile(self, key: Key) -> None:
        """Make what is missing."""
        installation = self.api.get(INSTALLATIONS, key[1])
        if installation is None or deleting(installation):
            return
        foreign = self._foreign_pool(installation)
        if foreign:
            text = f"Could not resolve CalicoNetwork IPPool and kubeadm configuration: IPPool {foreign} is not within"
            changed = set_condition(installation, "Degraded", "True", "InvalidConfigurationError", text)
        else:
            self._make(installation)
            changed = set_condition(installation, "Degraded", "False", "AllObjectsAvailable")
        if changed:
            self.api.replace_status(INSTALLATIONS, installation)

    def _foreign_pool(self, installation: Object) -> str:
        pools = installation["spec"].get("calicoNetwork", {}).get("ipPools", [])
        whole = ip_network(self.cluster.pod_cidr)
        return next((p["cidr"] for p in pools if not ip_network(p["cidr"]).subnet_of(whole)), "")  # type: ignore[arg-type]  # both are of version 4

    def _make(self, installation: Object) -> None:
        meta = {"name": NAMESPACE, "ownerReferences": [owner_ref(installation)]}
        ensure(self.api, "namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": meta})
        agents = installation["spec"].get("calicoNodeDaemonSet", {}).get("spec", {}).get("template", {}).get("spec", {})
        node = _workload(installation, "DaemonSet", "calico-node", "calico/node")
        node["spec"]["template"]["spec"] |= {"hostNetwork": True} | {
            field: agents[field] for field in ("affinity",) if field in agents
        }
        ensure(self.api, "daemonsets.apps", node)
        controllers = _workload(installation, "Deployment", "calico-kube-controllers", "calico/kube-controllers")
        ensure(self.api, "deployments.apps", controllers)


def _workload(installation: Object, kind: str, name: str, image: str) -> Object:
    labels = {"k8s-app": name}
    pod = {"tolerations": EVERYWHERE, "containers": [{"name": name, "image": f"quay.io/{image}:{VERSION}"}]}
    meta = {"name": name, "namespace": NAMESPACE, "labels": labels, "ownerReferences": [owner_ref(installation)]}
    spec: Object = {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": meta, "spec": spec}
