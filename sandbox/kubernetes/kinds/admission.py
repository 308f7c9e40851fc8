"""Admission of pods: their account and their priority have to exist, and the quotas of their namespace to allow them.

Source: kubernetes.io, "Admission Controllers", ServiceAccount and Priority.
"""

from __future__ import annotations

from sandbox.kubernetes.api import ApiError, Object
from sandbox.kubernetes.errors import forbidden
from sandbox.kubernetes.kinds.quotas import over_quota
from sandbox.kubernetes.store import Store

_PRIORITIES = "priorityclasses.scheduling.k8s.io"
_MADE_LATER = "default"  # a controller makes it, and a real server waits for that
_ALWAYS_THERE: dict[str, Object] = {
    "system-node-critical": {"value": 2000001000},
    "system-cluster-critical": {"value": 2000000000},
}


class PodAdmission:
    """Looks at new pods by what is in a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def check(self, pod: Object) -> None:
        """Let a pod pass whose account and priority exist, and that is within the quotas.

        Raises:
            ApiError: 403.
        """
        spec, metadata = pod.get("spec") or {}, pod["metadata"]
        account, namespace = spec.get("serviceAccountName") or _MADE_LATER, metadata.get("namespace", "")
        if account != _MADE_LATER and self._store.get("serviceaccounts", (namespace, account)) is None:
            detail = f"error looking up service account {namespace}/{account}: serviceaccount"
            raise _refused(metadata, f'{detail} "{account}" not found')
        name = spec.get("priorityClassName")
        if name and self._class(name) is None:
            raise _refused(metadata, f"no PriorityClass with name {name} was found")
        quotas = self._in_namespace("resourcequotas", namespace)
        over = over_quota(quotas, self._in_namespace("pods", namespace), pod) if quotas else None
        if over is not None:
            raise _refused(metadata, over)

    def _in_namespace(self, resource: str, namespace: str) -> list[Object]:
        return [each for each in self._store.objects(resource) if each["metadata"].get("namespace") == namespace]

    def complete(self, pod: Object) -> None:
        """Give a pod the priority of its class, or of the one that holds for all."""
        spec = pod["spec"]
        found = self._class(spec.get("priorityClassName", ""))
        if found is None:
            found = next((each for each in self._store.objects(_PRIORITIES) if each.get("globalDefault")), {})
            spec.update({"priorityClassName": found["metadata"]["name"]} if found else {})
        spec["priority"] = found.get("value", 0)
        spec["preemptionPolicy"] = found.get("preemptionPolicy", "PreemptLowerPriority")

    def _class(self, name: str) -> Object | None:
        return self._store.get(_PRIORITIES, ("", name)) or _ALWAYS_THERE.get(name)


def _refused(metadata: Object, detail: str) -> ApiError:
    return forbidden("pods", "", metadata.get("name", ""), detail)
