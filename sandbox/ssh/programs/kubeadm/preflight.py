"""kubeadm's checks of the machine before it changes anything, with the words of the real ones.

Source: kubernetes/kubernetes, cmd/kubeadm/app/preflight/checks.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sandbox.ssh.process import Process
from sandbox.ssh.sockets import CONTAINERD_SOCKET, no_runtime

_MIN_CPUS, _MIN_MEMORY_MIB = 2, 1700
_KUBELET_PORT = 10250
_FORWARD = "/proc/sys/net/ipv4/ip_forward"
_SWAP = (
    "\t[WARNING Swap]: swap is supported for cgroup v2 only. The kubelet must be properly configured to use swap. "
    "Please refer to https://kubernetes.io/docs/concepts/architecture/nodes/#swap-memory, or disable swap on the node"
)
_NO_RUNTIME = (
    "could not connect to the container runtime: failed to create new CRI runtime service: "
    f'validate service connection: validate CRI v1 runtime API for endpoint "unix://{CONTAINERD_SOCKET}": '
    'rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: '
    f'dial unix {CONTAINERD_SOCKET}: connect: no such file or directory"'
)
_SERVER_PORTS = (6443, 10259, 10257)
_MANIFESTS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd")
_MANIFEST_FOLDER = "/etc/kubernetes/manifests"

_ADVICE = (
    "[preflight] If you know what you are doing, you can make a check non-fatal with `--ignore-preflight-errors=...`"
)
_SKEW = (
    "the kubelet version is higher than the control plane version. "
    "This is not a supported version skew and may lead to a malfunctional cluster."
)
_NO_KUBELET = "cannot execute 'kubelet --version': executable file not found in $PATH"

Finding = tuple[str, str]


def version_tuple(version: str) -> tuple[int, ...]:
    """``v1.36.4`` as numbers."""
    return tuple(int(n) for n in re.findall(r"\d+", version)[:3])


def _exists(process: Process, *paths: str) -> Iterator[Finding]:
    for path in paths:
        if process.host.root_files.exists(path):
            yield f"FileAvailable-{path.replace('/', '-')}", f"{path} already exists"


def _size(process: Process) -> Iterator[Finding]:
    flavor = process.machine.flavor
    if flavor.vcpus < _MIN_CPUS:
        yield "NumCPU", f"the number of available CPUs {flavor.vcpus} is less than the required {_MIN_CPUS}"
    if flavor.memory_mib < _MIN_MEMORY_MIB:
        yield "Mem", f"the system RAM ({flavor.memory_mib} MB) is less than the minimum {_MIN_MEMORY_MIB} MB"


def _ports(process: Process, ports: Sequence[int]) -> Iterator[Finding]:
    taken = process.host.listening_ports()
    for port in ports:
        if port in taken:
            yield f"Port-{port}", f"Port {port} is in use"


def _directories(process: Process) -> Iterator[Finding]:
    files = process.host.root_files
    for path in ("/var/lib/etcd",):
        if files.exists(path) and files.listdir(path):
            yield f"DirAvailable-{path.replace('/', '-')}", f"{path} is not empty"


def _node(process: Process) -> Iterator[Finding]:
    if process.user.uid != 0:
        yield "IsPrivilegedUser", "user is not running as root"
    if no_runtime(process):
        yield "CRI", _NO_RUNTIME
    if process.host.kernel.setting("net.ipv4.ip_forward") != "1":
        yield f"FileContent-{_FORWARD.replace('/', '-')}", f"{_FORWARD} contents are not set to 1"


def _kubelet(process: Process, control_plane_version: str) -> Iterator[Finding]:
    installed = process.host.packages.installed.get("kubelet", "")
    if not installed:
        yield "KubeletVersion", f"couldn't get kubelet version: {_NO_KUBELET}"
        return
    version = installed.partition("-")[0]
    if control_plane_version and version_tuple(version)[:2] > version_tuple(control_plane_version)[:2]:
        versions = f'Kubelet version: "{version}" Control plane version: "{control_plane_version.lstrip("v")}"'
        yield "KubeletVersion", f"{_SKEW} {versions}"


def check_init(process: Process, version: str) -> list[Finding]:
    """Errors that keep ``kubeadm init`` from starting."""
    manifests = (f"{_MANIFEST_FOLDER}/{name}.yaml" for name in _MANIFESTS)
    return [
        *_size(process),
        *_ports(process, (*_SERVER_PORTS, _KUBELET_PORT, 2379, 2380)),
        *_exists(process, *manifests),
        *_node(process),
        *_kubelet(process, version),
        *_directories(process),
    ]


def check_join(process: Process, *, control_plane: bool) -> list[Finding]:
    """Errors that keep ``kubeadm join`` from starting."""
    own = [*_size(process), *_ports(process, _SERVER_PORTS), *_directories(process)] if control_plane else []
    return [
        *own,
        *_ports(process, (_KUBELET_PORT,)),
        *_exists(process, "/etc/kubernetes/kubelet.conf", "/etc/kubernetes/pki/ca.crt"),
        *_node(process),
        *_kubelet(process, ""),
    ]


def passed(process: Process, findings: Sequence[Finding], ignored: str) -> bool:
    """Print what was found; True when nothing of it is fatal."""
    names = {name.strip().lower() for name in ignored.split(",")}
    if process.host.kernel.swaps():
        process.err(_SWAP)
    fatal = [f for f in findings if "all" not in names and f[0].lower() not in names]
    for name, text in findings:
        if (name, text) not in fatal:
            process.err(f"\t[WARNING {name}]: {text}")
    if not fatal:
        return True
    process.err("error execution phase preflight: [preflight] Some fatal errors occurred:")
    for name, text in fatal:
        process.err(f"\t[ERROR {name}]: {text}")
    process.err(_ADVICE)
    process.err("To see the stack trace of this error execute with --v=5 or higher")
    return False
