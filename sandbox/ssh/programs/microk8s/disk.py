"""Where MicroK8s keeps what on a machine, and the arguments of its services.

Source: canonical/microk8s, snap/hooks/install, scripts/generate-cni.sh, microk8s-resources/default-args.
"""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from sandbox.ssh.filesystem import FileView

DATA, COMMON = "/var/snap/microk8s/current", "/var/snap/microk8s/common"
ARGS, CERTS, CREDENTIALS, LOCKS = (f"{DATA}/{name}" for name in ("args", "certs", "credentials", "var/lock"))
TOKENS = f"{CREDENTIALS}/cluster-tokens.txt"
PERSISTENT_TOKENS = f"{CREDENTIALS}/persistent-cluster-tokens.txt"
CLIENT_CONFIG = f"{CREDENTIALS}/client.config"
CA, REMOTE_CA, SERVER, CSR = (
    f"{CERTS}/{name}" for name in ("ca.crt", "ca.remote.crt", "server.crt", "csr.conf.template")
)
WORKER_LOCK, NO_REISSUE_LOCK = f"{LOCKS}/clustered.lock", f"{LOCKS}/no-cert-reissue"
DATASTORE = f"{DATA}/var/kubernetes/backend/cluster.crt"
BINARY = "/snap/bin/microk8s"
CONFIGURATIONS = ("/etc/microk8s.yaml", "/root/snap/microk8s/common/.microk8s.yaml", f"{COMMON}/.microk8s.yaml")
API_PORT, AGENT_PORT = 16443, 25000

Json = dict[str, Any]
_ADDRESS_TYPES = "--kubelet-preferred-address-types=InternalIP,Hostname,InternalDNS,ExternalDNS,ExternalIP"
_DEFAULTS: Mapping[str, Sequence[str]] = {
    "kube-apiserver": (
        "--service-cluster-ip-range=10.152.183.0/24",
        "--authorization-mode=AlwaysAllow",
        f"--secure-port={API_PORT}",
    ),
    "kubelet": (
        "--fail-swap-on=false",
        '--node-labels="microk8s.io/cluster=true,node.kubernetes.io/microk8s-controlplane=microk8s-controlplane"',
    ),
    "kube-proxy": ("--cluster-cidr=10.1.0.0/16",),
    "kube-controller-manager": ("--use-service-account-credentials",),
    "cluster-agent": (f"--bind 0.0.0.0:{AGENT_PORT}", "--timeout 240"),
    "cni-env": (
        "CNI=calico",
        "IPv4_SUPPORT=true",
        "IPv4_CLUSTER_CIDR=10.1.0.0/16",
        "IPv4_SERVICE_CIDR=10.152.183.0/24",
    ),
}
_EXTRA = {
    "extraKubeAPIServerArgs": "kube-apiserver",
    "extraKubeletArgs": "kubelet",
    "extraKubeProxyArgs": "kube-proxy",
    "extraKubeControllerManagerArgs": "kube-controller-manager",
    "extraMicroK8sClusterAgentArgs": "cluster-agent",
    "extraCNIEnv": "cni-env",
}
HOSTS, CONTAINERD_TEMPLATE = f"{ARGS}/certs.d", f"{ARGS}/containerd-template.toml"
_REGISTRIES = {
    "docker.io": 'server = "https://docker.io"\n\n'
    '[host."https://registry-1.docker.io"]\n  capabilities = ["pull", "resolve"]\n',
    "localhost__32000": 'server = "http://localhost:32000"\n\n'
    '[host."http://localhost:32000"]\n  capabilities = ["pull", "resolve"]\n',
}
_CONTAINERD = """version = 2
oom_score = 0

[plugins]
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "${SNAPSHOTTER}"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "${SNAP_DATA}/args/certs.d"
"""
_FIRST_WITH_ADDRESSES = (1, 28)
_CSR = "[ alt_names ]\n{names}\n#MOREIPS\n"


class BadConfiguration(Exception):
    """Why the install hook fails because of a launch configuration."""


def write_defaults(files: FileView, version: str) -> None:
    """The arguments that a fresh installation of this version has."""
    minor = tuple(int(part) for part in version.removeprefix("v").split(".")[:2])
    for name, lines in _DEFAULTS.items():
        more = (_ADDRESS_TYPES,) if name == "kube-apiserver" and minor >= _FIRST_WITH_ADDRESSES else ()
        files.install(f"{ARGS}/{name}", "".join(f"{line}\n" for line in (*lines, *more)), 0o660)
    for name, text in _REGISTRIES.items():
        files.install(f"{HOSTS}/{name}/hosts.toml", text, 0o660)
    files.install(CONTAINERD_TEMPLATE, _CONTAINERD, 0o660)
    write_names(files, ())


def containerd_problem(files: FileView) -> str:
    """Why containerd would not start with what is made of its template; empty when it would."""
    try:
        tomllib.loads(files.text(CONTAINERD_TEMPLATE))
    except tomllib.TOMLDecodeError as error:
        return f"containerd: failed to load TOML: {ARGS}/containerd.toml: {error}"
    return ""


def write_names(files: FileView, names: Sequence[str]) -> None:
    """The names that the server's certificate has to cover beside its addresses."""
    fixed = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "127.0.0.1", "10.152.183.1")
    is_address = re.compile(r"[\d.]+|.*:.*")
    rows = [f"{'IP' if is_address.fullmatch(n) else 'DNS'}.{i} = {n}" for i, n in enumerate((*fixed, *names))]
    files.install(CSR, _CSR.format(names="\n".join(rows)))


def names_of(files: FileView) -> list[str]:
    """What ``write_names`` wrote, or an administrator."""
    return [
        line.partition("=")[2].strip() for line in files.text(CSR).splitlines() if re.match(r"(IP|DNS)\.\d+ =", line)
    ]


def launch_configuration(files: FileView) -> Json:
    """The first launch configuration that is found; the snap's own when there is none.

    Source: canonical/microk8s-cluster-agent, pkg/k8sinit/schema.go.
    """
    path = next((path for path in CONFIGURATIONS if files.exists(path)), None)
    if path is None:
        return {"version": "0.1.0", "addons": [{"name": "dns"}]}
    try:
        content = yaml.safe_load(files.text(path)) or {}
    except yaml.YAMLError as error:
        raise BadConfiguration(f"could not parse configuration: yaml: {error}") from error
    version = str(content.get("version", ""))
    if re.fullmatch(r"0\.[12]\.0", version) is None:
        raise BadConfiguration(
            f'could not parse config file version "{version}": could not parse "{version}" as version'
        )
    return dict(content)


def apply(files: FileView, configuration: Json) -> None:
    """What the launcher does before the services start, and the CIDRs in the arguments that follow from it."""
    for key, name in _EXTRA.items():
        for option, value in (configuration.get(key) or {}).items():
            set_argument(files, name, option, value)
    if configuration.get("extraSANs") is not None:
        write_names(files, [str(each) for each in configuration["extraSANs"]])
    token = configuration.get("persistentClusterToken")
    if token:
        files.install(PERSISTENT_TOKENS, f"{token}\n", 0o600)
    pods, services = argument(files, "cni-env", "IPv4_CLUSTER_CIDR"), argument(files, "cni-env", "IPv4_SERVICE_CIDR")
    set_argument(files, "kube-controller-manager", "--cluster-cidr", pods)
    set_argument(files, "kube-controller-manager", "--service-cluster-ip-range", services)
    set_argument(files, "kube-apiserver", "--service-cluster-ip-range", services)
    set_argument(files, "kube-proxy", "--cluster-cidr", pods)


def argument(files: FileView, service: str, name: str) -> str:
    """One argument of a service; empty when it is not set. Written with ``=`` or with a space."""
    path = f"{ARGS}/{service}"
    for line in files.text(path).splitlines() if files.exists(path) else ():
        key, separator, value = line.partition("=" if "=" in line.partition(" ")[0] else " ")
        if separator and key.strip() == name:
            return "".join(shlex.split(value))
    return ""


def set_argument(files: FileView, service: str, name: str, value: object) -> None:
    """Set one argument of a service; None takes it away."""
    path = f"{ARGS}/{service}"
    lines = files.text(path).splitlines() if files.exists(path) else []
    kept = [line for line in lines if re.split(r"[= ]", line, maxsplit=1)[0] != name]
    text = str(value).lower() if isinstance(value, bool) else value
    files.install(path, "".join(f"{line}\n" for line in [*kept, *([] if value is None else [f"{name}={text}"])]), 0o660)
