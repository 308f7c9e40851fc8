"""Packages that apt repositories offer: those of Ubuntu that a provisioner asks for, and those of Kubernetes.

Source: layout of the community package repositories of Kubernetes (one per minor version, ``core:/stable:/v1.36/deb``)
and Ubuntu 24.04's archive; versions are plausible, not a mirror.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_CONTAINERD_UNIT = """[Unit]
Description=containerd container runtime

[Service]
Type=notify
ExecStart=/usr/bin/containerd
Restart=always

[Install]
WantedBy=multi-user.target
"""
_KUBELET_UNIT = """[Unit]
Description=kubelet: The Kubernetes Node Agent

[Service]
Type=simple
ExecStart=/usr/bin/kubelet
Restart=always
StartLimitInterval=0
RestartSec=10

[Install]
WantedBy=multi-user.target
"""


@dataclass(frozen=True)
class Package:
    """One version of one package. ``starts`` names the units that its installation enables and starts."""

    name: str
    version: str
    binaries: Sequence[str] = ()
    program_version: str = ""
    units: Mapping[str, str] | None = None
    starts: Sequence[str] = ()
    depends: Sequence[str] = ()


@dataclass(frozen=True)
class Repository:
    """Packages of one source, newest version first."""

    uri: str
    packages: Mapping[str, Sequence[Package]]


_PLAIN_UBUNTU = {
    "apt-transport-https": "2.8.3",
    "ca-certificates": "20240203",
    "chrony": "4.5-1ubuntu4.2",
    "conntrack": "1:1.4.8-1ubuntu1",
    "curl": "8.5.0-2ubuntu10.6",
    "ebtables": "2.0.11-6build1",
    "ethtool": "1:6.7-1build1",
    "gnupg": "2.4.4-2ubuntu17.3",
    "gpg": "2.4.4-2ubuntu17.3",
    "iptables": "1.8.10-3ubuntu2",
    "ipvsadm": "1:1.31-1ubuntu0.1",
    "jq": "1.7.1-3ubuntu0.24.04.1",
    "nfs-common": "1:2.6.4-3ubuntu5.1",
    "open-iscsi": "2.1.9-3ubuntu5.4",
    "python3": "3.12.3-0ubuntu2",
    "runc": "1.3.3-0ubuntu1~24.04.2",
    "snapd": "2.72+ubuntu24.04",
    "socat": "1.8.0.0-4build3",
    "software-properties-common": "0.99.49.3",
    "tar": "1.35+dfsg-3build1",
    "ufw": "0.36.2-6",
    "wireguard-tools": "1.0.20210914-1ubuntu4",
}
#: Packages which a fresh image has.
PREINSTALLED = ("ca-certificates", "curl", "gpg", "gnupg", "iptables", "python3", "snapd", "tar", "ufw", "ethtool")
_PATCHES = range(5)
_MINORS = {"1.34": range(8), "1.35": range(6), "1.36": _PATCHES, "1.37": _PATCHES}
_KUBERNETES_PATH = re.compile(r"core:/stable:/v(1\.\d+)/deb")


def ubuntu(uri: str) -> Repository:
    """The archive of Ubuntu 24.04."""
    packages = {n: [Package(n, v)] for n, v in _PLAIN_UBUNTU.items()}
    for name, version in (("containerd", "1.7.28-0ubuntu1~24.04.1"), ("containerd.io", "1.7.28-1~ubuntu.24.04~noble")):
        packages[name] = [
            Package(
                name,
                version,
                ("containerd", "ctr"),
                "1.7.28",
                {"containerd.service": _CONTAINERD_UNIT},
                ("containerd.service",),
                ("runc",) if name == "containerd" else (),
            )
        ]
    return Repository(uri, {name: tuple(versions) for name, versions in packages.items()})


def kubernetes(uri: str) -> Repository | None:
    """The repository of one minor version; None when the path names none that exists."""
    match = _KUBERNETES_PATH.search(uri)
    if match is None or match[1] not in _MINORS:
        return None
    minor = match[1]
    newest_first = sorted(_MINORS[minor], reverse=True)
    releases = [(f"{minor}.{patch}-1.1", f"v{minor}.{patch}") for patch in newest_first]
    return Repository(
        uri,
        {
            "kubeadm": [Package("kubeadm", v, ("kubeadm",), r, depends=("cri-tools",)) for v, r in releases],
            "kubectl": [Package("kubectl", v, ("kubectl",), r) for v, r in releases],
            "kubelet": [
                Package("kubelet", v, ("kubelet",), r, {"kubelet.service": _KUBELET_UNIT}, (), ("kubernetes-cni",))
                for v, r in releases
            ],
            "cri-tools": [Package("cri-tools", f"{minor}.0-1.1", ("crictl",), f"v{minor}.0")],
            "kubernetes-cni": [Package("kubernetes-cni", "1.8.0-1.1")],
        },
    )
