"""Chaos Mesh: where the container runtime of the nodes listens.

Source: chaos-mesh.org, "Install Chaos Mesh using Helm": containerd, and k3s and MicroK8s, which bring their own.
"""

from __future__ import annotations

from typing import Any

from providers.addons.renderers.place import Place, Rendered

_SOCKETS = {
    "kubeadm": "/run/containerd/containerd.sock",
    "k3s": "/run/k3s/containerd/containerd.sock",
    "microk8s": "/var/snap/microk8s/common/run/containerd.sock",
}


def render_chaos_mesh(place: Place) -> Rendered:
    """The runtime's socket, where we made the nodes; for others the chart's own guess, or the author's values."""
    distribution = place.cluster.distribution
    if distribution is None:
        return Rendered()
    daemon: dict[str, Any] = {"runtime": "containerd", "socketPath": _SOCKETS[distribution.type]}
    return Rendered({"chaosDaemon": daemon})
