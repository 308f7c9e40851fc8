"""What kubeadm puts into a cluster: kube-proxy and CoreDNS. Source: kubernetes, cmd/kubeadm/app/phases/addons."""

from __future__ import annotations

from typing import Any

from sandbox.ssh.membership import Workload, install, install_dns

COREFILE = """\
.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success cluster.local
       disable denial cluster.local
    }
    loop
    reload
    loadbalance
}
"""


def install_addons(cluster: Any, version: str, repository: str) -> None:
    """Both, from an image repository of one's own where there is one. Safe to repeat."""
    prefix = f"{repository.rstrip('/')}/" if repository else ""
    install(cluster.api, Workload("kube-proxy", f"{prefix}kube-proxy:{version}", "DaemonSet"))
    install(cluster.api, Workload("coredns", f"{prefix}coredns:v1.12.4", replicas=2))
    install_dns(cluster.api, cluster.service_cidr, COREFILE)
