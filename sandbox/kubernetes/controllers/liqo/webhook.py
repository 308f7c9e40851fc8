"""The webhook that makes pods of offloaded namespaces fit virtual nodes."""

from __future__ import annotations

from typing import Any

from sandbox.kubernetes.api import Api, ApiError, Object
from sandbox.kubernetes.controllers.controller import Key
from sandbox.kubernetes.controllers.liqo import names
from sandbox.kubernetes.controllers.liqo.controller import LiqoController, available
from sandbox.kubernetes.controllers.objects import labels_of

TOLERATION = {"key": names.NOT_ALLOWED, "operator": "Exists", "effect": "NoExecute"}
DEPLOYMENT = "liqo-webhook"
REFUSAL = (
    'Internal error occurred: failed calling webhook "pod.mutate.liqo.io": failed to call webhook: '
    'Post "https://liqo-webhook.liqo.svc:9443/mutate/pod?timeout=10s": connect: connection refused'
)


class Webhook(LiqoController):
    """Registers the admission of pods; there is nothing to reconcile."""

    def begin(self) -> None:
        """Let pods be seen from now on."""
        self.manager.until_stop(self.api.admit("pods", self._admit))

    def reconcile(self, key: Key) -> None:
        """Nothing is ever queued."""

    def _admit(self, pod: Object) -> None:
        namespace = pod["metadata"].get("namespace", "default")
        if labels_of(self.api.get("namespaces", namespace) or {"metadata": {}}).get(names.SCHEDULING) != "true":
            return
        if (
            not self.manager.is_open(names.MANAGER)
            and self.api.get(names.DEPLOYMENTS, *reversed(names.MANAGER)) is None
        ):
            return
        installed = self.api.get(names.DEPLOYMENTS, DEPLOYMENT, names.NAMESPACE)
        if installed is not None and not available(self.api, DEPLOYMENT, names.NAMESPACE):
            raise ApiError(500, "InternalError", REFUSAL)
        mutate(self.api, pod, namespace)


def mutate(api: Api, pod: Object, namespace: str) -> None:
    """Add the toleration and the node affinity that the namespace's offloading asks for."""
    offloading = api.get(names.OFFLOADINGS, "offloading", namespace)
    if offloading is None:
        return
    spec, strategy = pod["spec"], offloading["spec"].get("podOffloadingStrategy", "LocalAndRemote")
    if strategy == "Local":
        return
    tolerations = spec.setdefault("tolerations", [])
    if TOLERATION not in tolerations:
        tolerations.append(dict(TOLERATION))
    chosen = (offloading["spec"].get("clusterSelector") or {}).get("nodeSelectorTerms") or []
    terms = _terms(strategy, chosen)
    if terms:
        _require(spec, terms)


def _terms(strategy: str, chosen: list[Object]) -> list[Object]:
    rule = {"key": names.NODE_TYPE, "operator": "In" if strategy == "Remote" else "NotIn", "values": [names.VIRTUAL]}
    if strategy == "Remote":
        return [_join(term, {"matchExpressions": [rule]}) for term in chosen or [{}]]
    return [*chosen, {"matchExpressions": [rule]}] if chosen else []


def _require(spec: Object, terms: list[Object]) -> None:
    affinity: dict[str, Any] = spec.get("affinity") or {}
    spec["affinity"] = affinity
    node = affinity.setdefault("nodeAffinity", {})
    field = "requiredDuringSchedulingIgnoredDuringExecution"
    old = (node.get(field) or {}).get("nodeSelectorTerms") or [{}]
    node[field] = {"nodeSelectorTerms": [_join(a, b) for a in old for b in terms]}


def _join(a: Object, b: Object) -> Object:
    parts = ("matchExpressions", "matchFields")
    joined = {part: [*(a.get(part) or ()), *(b.get(part) or ())] for part in parts}
    return {part: rules for part, rules in joined.items() if rules}
