"""kube-vip: addresses that the control-plane machines of a cluster hold between them, one machine at a time.

Source: kube-vip.io, "Static Pods", "DaemonSet", "Architecture": by ARP, elected by a lease; whoever
holds the lease announces the address.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from sandbox.machines import Machine
    from sandbox.sites import Site

STATIC_POD = "/etc/kubernetes/manifests/kube-vip.yaml"
_NAME, _SYSTEM = "kube-vip", "kube-system"


def held(site: Site, machines: Mapping[str, Machine]) -> dict[str, Machine]:
    """Which machine holds which address now: the first control plane that runs kube-vip, its kubelet and its API."""
    found: dict[str, Machine] = {}
    if not site.has_quorum():
        return found
    for member in site.control_planes():
        machine = machines.get(member.machine_id)
        if machine is not None and member.api_runs and member.kubelet_runs:
            for address in _configured(site, machine):
                if machine.source == "inventory" or address in machine.virtual_addresses:
                    found.setdefault(address, machine)
    return found


def _configured(site: Site, machine: Machine) -> set[str]:
    daemon_set = site.cluster.api.get("daemonsets.apps", _NAME, _SYSTEM)
    specs = [daemon_set["spec"]["template"]["spec"]] if daemon_set else []
    files = machine.host.root_files
    if files.exists(STATIC_POD):
        specs.append((yaml.safe_load(files.text(STATIC_POD)) or {}).get("spec") or {})
    return {address for spec in specs for address in _addresses(spec.get("containers") or ())}


def _addresses(containers: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for container in containers:
        settings = {each["name"]: str(each.get("value", "")) for each in container.get("env") or ()}
        if settings.get("cp_enable") == "true" and settings.get("address"):
            yield settings["address"]
