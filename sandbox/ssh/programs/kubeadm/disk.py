"""What kubeadm leaves on a machine's disk: certificates, kubeconfigs, manifests, the kubelet's configuration."""

from __future__ import annotations

from typing import Any

import yaml

from sandbox.ssh.membership import STATIC_PODS
from sandbox.ssh.process import Process
from sandbox.ssh.programs.containers import KUBELET_CONFIG, MANIFESTS, kubelet_problem

ADMIN = "/etc/kubernetes/admin.conf"
KUBELET_CONF = "/etc/kubernetes/kubelet.conf"
CA = "/etc/kubernetes/pki/ca.crt"
_CONTROL_PLANE_CONFS = (ADMIN, "/etc/kubernetes/super-admin.conf")
_COMPONENT_CONFS = ("/etc/kubernetes/controller-manager.conf", "/etc/kubernetes/scheduler.conf")
_PLACEHOLDER = "generated\n"
_CERTIFICATES = (
    *("apiserver.crt", "apiserver.key", "apiserver-kubelet-client.crt", "apiserver-etcd-client.crt", "ca.key"),
    *("front-proxy-ca.crt", "front-proxy-ca.key", "front-proxy-client.crt", "etcd/ca.crt", "etcd/ca.key"),
    *("etcd/server.crt", "sa.key", "sa.pub"),
)
_GONE_AFTER_RESET = (
    *("/etc/kubernetes/manifests", "/etc/kubernetes/pki", *_CONTROL_PLANE_CONFS, *_COMPONENT_CONFS, KUBELET_CONF),
    *("/etc/kubernetes/bootstrap-kubelet.conf", "/var/lib/etcd", "/var/lib/kubelet", "/etc/cni/net.d"),
)


def write_manifests(process: Process, version: str, repository: str) -> None:
    """Static pods of a control plane."""
    for component in STATIC_PODS:
        spec = {
            "hostNetwork": True,
            "containers": [{"name": component, "image": image(component, version, repository)}],
        }
        pod: dict[str, Any] = {"apiVersion": "v1", "kind": "Pod"}
        pod |= {"metadata": {"name": component, "namespace": "kube-system"}, "spec": spec}
        process.host.root_files.install(f"{MANIFESTS}/{component}.yaml", yaml.safe_dump(pod, sort_keys=False), 0o600)
    process.host.root_files.install("/var/lib/etcd/member/wal", _PLACEHOLDER, 0o600)


def image(component: str, version: str, repository: str) -> str:
    """Image of a component; without a repository the runtime's default one is meant."""
    tag = "3.6.5-0" if component == "etcd" else version
    return f"{repository.rstrip('/')}/{component}:{tag}" if repository else f"{component}:{tag}"


def write_certificates(process: Process, ca_pem: str) -> None:
    """The cluster's CA, and the other files of a control plane's certificate folder."""
    files = process.host.root_files
    files.install(CA, ca_pem)
    for name in _CERTIFICATES:
        files.install(f"/etc/kubernetes/pki/{name}", _PLACEHOLDER, 0o600 if name.endswith("key") else 0o644)


def write_kubeconfigs(process: Process, admin: str) -> None:
    """Kubeconfigs of administrators and components."""
    for path in (*_CONTROL_PLANE_CONFS, *_COMPONENT_CONFS):
        process.host.root_files.install(path, admin, 0o600)


async def start_kubelet(process: Process, config: dict[str, Any], kubelet_conf: str, ca_pem: str) -> str:
    """Write the kubelet's files and start it; gives why it does not come up, or nothing."""
    files = process.host.root_files
    files.install(KUBELET_CONFIG, yaml.safe_dump(config, sort_keys=False))
    files.install("/var/lib/kubelet/kubeadm-flags.env", 'KUBELET_KUBEADM_ARGS=""\n')
    files.install(KUBELET_CONF, kubelet_conf, 0o600)
    if ca_pem:
        files.install(CA, ca_pem)
    service = process.host.systemd.known("kubelet.service")
    if service is None:
        return "the kubelet service does not exist"
    await service.stop()
    service.reset_failed()
    await service.start()
    return kubelet_problem(process)


def kubelet_warning(process: Process) -> None:
    """Say so when the kubelet would not start at boot."""
    if process.host.systemd.enabled_state("kubelet.service") != "enabled":
        text = "kubelet service is not enabled, please run 'systemctl enable kubelet.service'"
        process.err(f"\t[WARNING Service-Kubelet]: {text}")


def print_kubelet_failure(process: Process, phase: str) -> int:
    """What kubeadm says when the kubelet stays unhealthy."""
    process.err("[kubelet-check] The kubelet is not healthy after 4m0.000507s")
    process.err("")
    process.err("Unfortunately, an error has occurred, likely caused by:")
    process.err("\t- The kubelet is not running")
    process.err(
        "\t- The kubelet is unhealthy due to a misconfiguration of the node in some way (required cgroups disabled)"
    )
    process.err(
        f"error execution phase {phase}: failed while waiting for the kubelet to start: "
        "The HTTP call equal to 'curl -sSL http://127.0.0.1:10248/healthz' returned error: "
        'Get "http://127.0.0.1:10248/healthz": dial tcp 127.0.0.1:10248: connect: connection refused'
    )
    return 1


def erase(process: Process) -> None:
    """Remove everything above. Safe to repeat."""
    files = process.host.root_files
    for path in _GONE_AFTER_RESET:
        if files.exists(path):
            files.remove_tree(path)
