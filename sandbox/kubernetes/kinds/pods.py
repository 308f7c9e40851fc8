"""What the usual admission plugins and the strategy of pods add to a new pod.

Source: kubernetes.io, "Admission Controllers" (ServiceAccount, DefaultTolerationSeconds, Priority) and "Pod Quality of
Service Classes".
"""

from __future__ import annotations

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.names import generate

_ACCOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
_PREFIX = "kube-api-access-"
_TOKEN_LIFE_S = 3607
_QOS_GUARANTEED = {"cpu", "memory"}
_NOT_HERE = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


def begin_pod(obj: Object) -> None:
    """Complete a new pod."""
    spec = obj["spec"]
    spec.setdefault("serviceAccountName", "default")
    spec.setdefault("serviceAccount", spec["serviceAccountName"])
    if spec.get("automountServiceAccountToken") is not False:
        _mount_account(spec)
    tolerate_short_absence(spec)
    obj["status"] = {**(obj.get("status") or {}), "phase": "Pending", "qosClass": quality(spec)}


def tolerate_short_absence(spec: Object) -> None:
    """Let a pod stay for a while on a node that does not report."""
    tolerations = spec.setdefault("tolerations", [])
    for key in _NOT_HERE:
        if not any(toleration.get("key") in {key, None} for toleration in tolerations):
            tolerations.append({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300})


def _mount_account(spec: Object) -> None:
    name = generate(_PREFIX)
    mounted = False
    for container in (*(spec.get("initContainers") or []), *(spec.get("containers") or [])):
        mounts = container.setdefault("volumeMounts", [])
        if not any(mount.get("mountPath") == _ACCOUNT_PATH for mount in mounts):
            mounts.append({"name": name, "readOnly": True, "mountPath": _ACCOUNT_PATH})
            mounted = True
    if mounted:
        spec.setdefault("volumes", []).append({"name": name, "projected": _projected()})


def _projected() -> Object:
    namespace = {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
    return {
        "sources": [
            {"serviceAccountToken": {"expirationSeconds": _TOKEN_LIFE_S, "path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {"downwardAPI": {"items": [namespace]}},
        ],
        "defaultMode": 420,
    }


def quality(spec: Object) -> str:
    """The quality of service class."""
    containers = (*(spec.get("initContainers") or []), *(spec.get("containers") or []))
    resources = [container.get("resources") or {} for container in containers]
    if not any(entry.get("requests") or entry.get("limits") for entry in resources):
        return "BestEffort"
    same = all(
        set(entry.get("limits") or {}) >= _QOS_GUARANTEED and entry.get("requests") == entry.get("limits")
        for entry in resources
    )
    return "Guaranteed" if same else "Burstable"
