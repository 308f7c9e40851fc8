"""What a provisioner does to a machine before it runs kubeadm or k3s."""

from __future__ import annotations

import shlex

from tests.contract.ssh.conftest import execute

REPOSITORY = "https://packages.example/core:/stable:/v1.36/deb"
RELEASES = "https://releases.example/k3s-io/k3s/releases/download"
VERSION = "v1.36.4"
K3S = "v1.36.4+k3s1"

_CONFIG = """
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: {version}
clusterName: lab
controlPlaneEndpoint: {endpoint}
networking: {{podSubnet: 10.10.0.0/16, serviceSubnet: 10.110.0.0/16}}
apiServer: {{certSANs: [{public}]}}
"""
_UNIT = """[Unit]
Description=Lightweight Kubernetes
[Install]
WantedBy=multi-user.target
[Service]
Type=notify
Restart=always
RestartSec=5s
ExecStartPre=-/sbin/modprobe br_netfilter
ExecStart=/usr/local/bin/k3s {role}
"""


def write(path: str, text: str) -> str:
    """A command that writes a file as root."""
    return f"sudo mkdir -p $(dirname {path}) && printf %s {shlex.quote(text)} | sudo tee {path} > /dev/null"


async def run_all(lab, machine, commands: list[str]) -> str:
    """Run commands that all have to succeed; gives the last one's output."""

    def all_of_them(client) -> str:
        out = ""
        for command in commands:
            status, out, err = execute(client, command)
            assert status == 0, f"{command}: {status}\n{out}{err}"
        return out

    return await lab.talk(machine, all_of_them)


PREPARATION = [
    write("/etc/modules-load.d/k8s.conf", "overlay\nbr_netfilter\n"),
    "sudo modprobe overlay && sudo modprobe br_netfilter",
    write("/etc/sysctl.d/k8s.conf", "net.ipv4.ip_forward = 1\n"),
    "sudo sysctl --system",
    "sudo swapoff -a",
    f"curl -fsSL {REPOSITORY}/Release.key | sudo tee /etc/apt/keyrings/kubernetes.asc > /dev/null",
    write(
        "/etc/apt/sources.list.d/kubernetes.list",
        f"deb [signed-by=/etc/apt/keyrings/kubernetes.asc] {REPOSITORY}/ /\n",
    ),
    "sudo apt-get update",
    "sudo DEBIAN_FRONTEND=noninteractive apt-get install -y containerd kubelet=1.36.4-1.1 kubeadm=1.36.4-1.1 kubectl",
    "sudo apt-mark hold kubelet kubeadm kubectl",
    "sudo systemctl enable --now kubelet",
]


async def prepare(lab, machine) -> None:
    """Make a machine ready for kubeadm."""
    await run_all(lab, machine, PREPARATION)


async def init(lab, machine, endpoint: str = "") -> str:
    """Run kubeadm init and give the command that joins workers."""
    text = _CONFIG.format(
        version=VERSION, public=machine.public_address, endpoint=endpoint or f"{machine.private_address}:6443"
    )
    await run_all(lab, machine, [write("/root/kubeadm.yaml", text), "sudo kubeadm init --config /root/kubeadm.yaml"])
    return (await run_all(lab, machine, ["sudo kubeadm token create --print-join-command"])).strip()


async def install_k3s(lab, machine) -> None:
    """Download k3s, check its digest and put it in place."""
    quoted = K3S.replace("+", "%2B")
    await run_all(
        lab,
        machine,
        [
            f"curl -fsSL -o k3s {RELEASES}/{quoted}/k3s && curl -fsSL -o sums {RELEASES}/{quoted}/sha256sum-amd64.txt",
            "grep ' k3s$' sums | sha256sum -c -",
            "sudo install -m 755 k3s /usr/local/bin/k3s",
        ],
    )


async def start_k3s(lab, machine, role: str, config: str, block: bool = True) -> tuple[int, str, str]:
    """Write unit and configuration, and start."""
    unit = "k3s" if role == "server" else "k3s-agent"
    await run_all(
        lab,
        machine,
        [
            write("/etc/rancher/k3s/config.yaml", config),
            write(f"/etc/systemd/system/{unit}.service", _UNIT.format(role=role)),
            "sudo systemctl daemon-reload",
        ],
    )
    wait = "" if block else "--no-block "
    return await lab.run(machine, f"sudo systemctl enable {unit} && sudo systemctl start {wait}{unit}")
