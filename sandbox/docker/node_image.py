"""What is in a node image of kind: Kubernetes' programs in one version, and the manifests that kind applies.

Source: kind v0.31, images/base and pkg/build/nodeimage: files below /kind.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sandbox.ssh.catalogue import Package, kubernetes, ubuntu

if TYPE_CHECKING:
    from sandbox.ssh.host import Host

_TAG = re.compile(r"(?:.*/)?node:(v(1\.\d+)\.\d+)(?:@sha256:[0-9a-f]{64})?")
_PROGRAMS = ("kubernetes-cni", "cri-tools", "kubectl", "kubelet", "kubeadm")
_MANIFESTS = {
    "default-cni.yaml": """\
apiVersion: v1
kind: ServiceAccount
metadata: {name: kindnet, namespace: kube-system}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: kindnet, namespace: kube-system, labels: {app: kindnet}}
spec:
  selector: {matchLabels: {app: kindnet}}
  template:
    metadata: {labels: {app: kindnet}}
    spec:
      hostNetwork: true
      tolerations: [{operator: Exists}]
      serviceAccountName: kindnet
      containers:
      - {name: kindnet-cni, image: "docker.io/kindest/kindnetd:v20251212-v0.29.0-alpha-105-g20ccfc88"}
""",
    "default-storage.yaml": """\
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: standard
  annotations: {storageclass.kubernetes.io/is-default-class: "true"}
provisioner: rancher.io/local-path
volumeBindingMode: WaitForFirstConsumer
reclaimPolicy: Delete
""",
}


def packages_of(image: str) -> list[Package]:
    """What a node image holds; nothing when there is no such image."""
    match = _TAG.fullmatch(image)
    repository = kubernetes(f"core:/stable:/v{match[2]}/deb") if match else None
    if match is None or repository is None:
        return []
    found = [ubuntu("").packages["containerd"][0]]
    for name in _PROGRAMS:
        offered = repository.packages[name]
        found += [each for each in offered if len(offered) == 1 or each.program_version == match[1]]
    return found if len(found) == len(_PROGRAMS) + 1 else []


async def install(host: Host, image: str) -> None:
    """Make a machine that is on into a node that kind has begun."""
    files = host.root_files
    files.install("/etc/sysctl.d/10-kind.conf", "net.ipv4.ip_forward=1\n")
    host.kernel.set("net.ipv4.ip_forward", "1")
    for package in packages_of(image):
        await host.packages.install(package)
    host.systemd.enable("kubelet.service")
    for name, text in _MANIFESTS.items():
        files.install(f"/kind/manifests/{name}", text)
    match = _TAG.fullmatch(image)
    files.install("/kind/version", f"{match[1]}\n" if match else "")
