"""Takes a distribution off a machine that stays."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Sequence
from typing import Any

from clients.ssh import probes
from clients.ssh.command import Argv, render_command
from clients.ssh.facts import Fact, gather
from clients.ssh.session import Session
from clients.ssh.units import state_of
from federation.spec.catalogue import DistributionDefinition
from providers.bootstrap import microk8s_config, microk8s_node
from providers.bootstrap.changes import Change, LongStep, Run, WriteFile, advance, carry_out
from providers.bootstrap.host import FSTAB, MODULES_FILE, SYSCTL_FILE, with_swap
from providers.bootstrap.host_names import HOSTS, without_names
from providers.bootstrap.k3s_node import DOWNLOAD_UNIT
from providers.bootstrap.kube_vip import KEPT_FILE
from providers.bootstrap.kubeadm_node import INIT_UNIT, JOIN_UNIT
from providers.bootstrap.ownership import STATE_DIRECTORY, mark_fact
from providers.bootstrap.registries import CONTAINERD_HOSTS
from providers.contracts import Done, Progress, Waiting

RETIRE_UNIT = "flotilla-retire"
_NETWORK = (
    "/etc/cni/net.d",
    "/var/lib/cni",
    "/run/flannel",
    "/var/lib/calico",
    "/run/calico",
    "/run/cilium",
)
_INTERFACES = ("cni0", "flannel.1", "vxlan.calico", "cilium_vxlan", "cilium_host")
_OUR_STATE = (f"{STATE_DIRECTORY}/settled", f"{STATE_DIRECTORY}/kubeadm.yaml", KEPT_FILE, "/run/flotilla")


def retire_kubeadm(session: Session, definition: DistributionDefinition) -> Progress:
    """Reset, stop the kubelet, and remove packages that were held and files that were written."""
    held = definition.pinned_packages
    gone = ("/etc/kubernetes", "/var/lib/kubelet", "/var/lib/etcd", CONTAINERD_HOSTS, *_NETWORK)
    commands: list[Argv] = [
        *(("systemctl", "stop", f"{unit}.service") for unit in (INIT_UNIT, JOIN_UNIT)),
        ("kubeadm", "reset", "--force"),
        ("systemctl", "disable", "--now", "kubelet"),
        ("apt-mark", "unhold", *held),
        ("apt-get", "-o", "DPkg::Lock::Timeout=300", "purge", "-y", *held),
    ]
    return _retire(session, definition, commands, gone, held)


def retire_k3s(session: Session, definition: DistributionDefinition, services: Sequence[str]) -> Progress:
    """Stop services and pods, and remove the program, its data and its units."""
    units = tuple(f"/etc/systemd/system/{service}.service" for service in services)
    binary = (definition.binary.path,) if definition.binary else ()
    data = (
        "/etc/rancher/k3s",
        "/etc/rancher/node",
        "/usr/local/lib/flotilla",
        "/var/lib/rancher/k3s",
        "/var/lib/kubelet",
        "/run/k3s",
    )
    commands: list[Argv] = [
        ("systemctl", "stop", f"{DOWNLOAD_UNIT}.service"),
        *(("systemctl", "disable", "--now", service) for service in services),
        *(("systemctl", "kill", "--signal=SIGKILL", f"{service}.service") for service in services),
        ("systemctl", "stop", "kubepods.slice"),
    ]
    return _retire(session, definition, commands, (*data, *units, *binary, *_NETWORK), ())


def retire_microk8s(session: Session, definition: DistributionDefinition) -> Progress:
    """Leave the cluster and remove the snap with its data; a snap that cannot be removed is not taken apart."""
    name = definition.snap.name if definition.snap else "microk8s"
    commands: list[Argv] = [
        *(("systemctl", "stop", f"{unit}.service") for unit in (microk8s_node.INIT_UNIT, microk8s_node.JOIN_UNIT)),
        (microk8s_node.MICROK8S, "leave"),
    ]
    gone = (microk8s_node.MICROK8S, microk8s_config.CONFIG_FILE, f"/var/snap/{name}")
    return _retire(session, definition, commands, gone, (), required=[("snap", "remove", "--purge", name)])


def _retire(
    session: Session,
    definition: DistributionDefinition,
    commands: Sequence[Argv],
    gone: Sequence[str],
    held: Sequence[str],
    required: Sequence[Argv] = (),
) -> Progress:
    """Everything as one unit; the mark goes last, so that a retirement that was cut off is taken up again."""
    unit, mark, mounts = probes.unit(f"{RETIRE_UNIT}.service"), mark_fact(), probes.file_text("/proc/mounts")
    fstab, installed, hosts = probes.file_text(FSTAB), probes.packages(held), probes.file_text(HOSTS)
    there = {path: probes.exists(path) for path in (*gone, *_our_files(definition))}
    asked: list[Fact[Any]] = [unit, mark, mounts, fstab, installed, hosts, *there.values()]
    facts = gather(session, asked)
    if facts[mark] is None:
        return Done("not ours")
    if any(facts[fact] for fact in there.values()) or facts[installed]:
        paths = (*gone, *_our_files(definition))
        script = retirement_script(commands, mounted_below(facts[mounts] or "", gone), paths, required)
        step = LongStep(RETIRE_UNIT, ("sh", "-c", script), "leaving the cluster", "LeaveFailed")
        return advance(session, step, state_of(facts[unit]))
    carry_out(session, _last_changes(facts[fstab] or "", facts[hosts] or ""))
    return Waiting("the mark to go", poll_s=0.0)


def _last_changes(fstab: str, hosts: str) -> list[Change]:
    restored, nameless = with_swap(fstab), without_names(hosts)
    names: list[Change] = [WriteFile(HOSTS, nameless)] if nameless != hosts else []
    swap: list[Change] = [WriteFile(FSTAB, restored), Run(("swapon", "-a"))] if restored != fstab else []
    stop = Run(("sh", "-c", f"systemctl stop {RETIRE_UNIT}.service; systemctl daemon-reload"))
    return [*swap, *names, stop, Run(("rm", "-rf", STATE_DIRECTORY + "/node.json", *_OUR_STATE))]


def _our_files(definition: DistributionDefinition) -> tuple[str, ...]:
    source = definition.source
    repository = (source.list_file, source.key_file) if source else ()
    return (MODULES_FILE, SYSCTL_FILE, *(each.path for each in definition.files), *repository)


def mounted_below(mounts: str, directories: Sequence[str]) -> list[str]:
    """Mount points in or below the directories, deepest first. Source: proc(5), the second field of /proc/mounts."""
    points = {fields[1] for fields in map(str.split, mounts.splitlines()) if len(fields) > 1}
    below = [point for point in points if any(_is_below(point, directory) for directory in directories)]
    return sorted(below, key=lambda point: (-point.count("/"), point))


def _is_below(path: str, directory: str) -> bool:
    return posixpath.commonpath((path, directory)) == directory if path.startswith("/") else False


def retirement_script(
    commands: Sequence[Argv], mounts: Sequence[str], paths: Sequence[str], required: Sequence[Argv] = ()
) -> str:
    """A script that goes on past what is gone already, and fails when a required command does or a file stays."""
    demanded = [f"{render_command(command)} || exit 1" for command in required]
    tolerated = [f"{render_command(command)} || true" for command in commands]
    unmount = [f"umount -- {shlex.quote(point)} || true" for point in mounts]
    links = [f"ip link delete {name} 2>/dev/null || true" for name in _INTERFACES]
    return "\n".join([*tolerated, *demanded, *unmount, *links, render_command(("rm", "-rf", "--", *paths))])
