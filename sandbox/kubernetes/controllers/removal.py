"""The last step of a pod's deletion, which only its kubelet or the collector of lost pods may take."""

from __future__ import annotations

from sandbox.kubernetes.api import Api, Object


def remove_pod(api: Api, pod: Object) -> None:
    """Remove a pod without grace; finalizers still hold it."""
    api.delete("pods", pod["metadata"]["name"], pod["metadata"]["namespace"], grace_s=0)
