"""Quotas of a namespace, as far as they are about pods.

Source: kubernetes.io, "Resource Quotas"; k8s.io/apiserver/pkg/admission/plugin/resourcequota.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.kinds.pod_checks import amount_of

_FINISHED = ("Succeeded", "Failed")
_SHORT = {"cpu": "requests.cpu", "memory": "requests.memory", "count/pods": "pods"}


def over_quota(quotas: Iterable[Object], pods: Iterable[Object], pod: Object) -> str | None:
    """Why a namespace's quotas do not admit a pod, as the API words it; None when they do."""
    used = [each for each in pods if (each.get("status") or {}).get("phase") not in _FINISHED]
    for quota in sorted(quotas, key=lambda each: str(each["metadata"]["name"])):
        hard = (quota.get("spec") or {}).get("hard") or {}
        over = {
            name: (_need(pod, name), sum(_need(each, name) for each in used), limit)
            for name, limit in hard.items()
            if _need(pod, name) + sum(_need(each, name) for each in used) > amount_of(limit)
        }
        if over:
            wanted, taken, most = (
                ",".join(f"{name}={_shown(over[name][index])}" for name in sorted(over)) for index in range(3)
            )
            return f"exceeded quota: {quota['metadata']['name']}, requested: {wanted}, used: {taken}, limited: {most}"
    return None


def _need(pod: Object, name: str) -> float:
    """How much of a quota's resource a pod takes; nothing of those that are about other kinds."""
    name = _SHORT.get(name, name)
    if name == "pods":
        return 1.0
    section, _, resource = name.partition(".")
    if section not in ("requests", "limits"):
        return 0.0
    containers = pod["spec"].get("containers") or ()
    found = [((each.get("resources") or {}).get(section) or {}).get(resource, "0") for each in containers]
    return float(sum(amount_of(each) for each in found))


def _shown(amount: Any) -> str:
    return f"{amount:g}" if isinstance(amount, float) else str(amount)
