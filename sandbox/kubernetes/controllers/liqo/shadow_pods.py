"""The provider's side of offloaded pods: a ShadowPod keeps its pod alive even while the consumer is away."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.kubernetes.api import Change
from sandbox.kubernetes.controllers.controller import Key
from sandbox.kubernetes.controllers.liqo import names
from sandbox.kubernetes.controllers.liqo.controller import LiqoController
from sandbox.kubernetes.controllers.objects import deleting, ensure, labels_of, owner_ref
from sandbox.kubernetes.controllers.pods import FINISHED, phase_of
from sandbox.kubernetes.controllers.replicasets import keys_of_owner


class ShadowPods(LiqoController):
    """Makes the pod, makes it again when it is lost, and mirrors its phase."""

    watches = (names.SHADOW_PODS, "pods")

    def keys(self, change: Change) -> Iterable[Key]:
        """A shadow pod, or that of a pod."""
        return keys_of_owner(change, names.SHADOW_PODS, "ShadowPod")

    def reconcile(self, key: Key) -> None:
        """Keep one pod."""
        shadow = self.api.get(names.SHADOW_PODS, key[1], key[0])
        if shadow is None or deleting(shadow):
            return
        known = (shadow.get("status") or {}).get("phase")
        if known in FINISHED:
            return
        labels = labels_of(shadow) | {names.SHADOW_POD: "true"}
        head = {"name": key[1], "namespace": key[0], "labels": labels, "ownerReferences": [owner_ref(shadow)]}
        spec = dict((shadow["spec"] or {}).get("pod") or {})
        pod = ensure(self.api, "pods", {"apiVersion": "v1", "kind": "Pod", "metadata": head, "spec": spec})
        if pod is not None:
            self.api.replace_status(names.SHADOW_PODS, shadow | {"status": {"phase": phase_of(pod)}})
