"""k3s's configuration: files, command line and environment, in that order of strength from weak to strong.

Source: docs.k3s.io, "Configuration Options".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from sandbox.ssh.filesystem import FileView
from sandbox.ssh.process import Process

_FILE, _FOLDER = "/etc/rancher/k3s/config.yaml", "/etc/rancher/k3s/config.yaml.d"
_REGISTRIES = "/etc/rancher/k3s/registries.yaml"
_ENVIRONMENT = {
    "K3S_TOKEN": "token",
    "K3S_URL": "server",
    "K3S_NODE_NAME": "node-name",
    "K3S_KUBECONFIG_MODE": "write-kubeconfig-mode",
    "K3S_TOKEN_FILE": "token-file",
    "K3S_CLUSTER_INIT": "cluster-init",
}
_REPEATED = {"tls-san", "disable", "node-label", "node-taint", "node-ip", "node-external-ip"}
_SHORT = {"-t": "token", "-s": "server", "-c": "config"}
_KNOWN = _REPEATED | {
    *("token", "server", "cluster-cidr", "service-cidr", "node-name", "flannel-backend", "cluster-init", "token-file"),
    *("write-kubeconfig-mode", "write-kubeconfig", "agent-token", "cluster-dns", "cluster-domain", "https-listen-port"),
    *(
        "advertise-address",
        "bind-address",
        "data-dir",
        "debug",
        "secrets-encryption",
        "selinux",
        "snapshotter",
        "config",
    ),
    *("disable-cloud-controller", "disable-network-policy", "disable-kube-proxy", "disable-helm-controller", "v"),
    *("kubelet-arg", "kube-apiserver-arg", "kube-controller-manager-arg", "kube-scheduler-arg", "kube-proxy-arg"),
    *(
        "etcd-arg",
        "snapshotter",
        "etcd-snapshot-schedule-cron",
        "etcd-snapshot-retention",
        "flannel-iface",
        "flannel-external-ip",
    ),
    *("egress-selector-mode", "datastore-endpoint", "with-node-id", "protect-kernel-defaults", "resolv-conf"),
    *("private-registry", "system-default-registry", "pause-image", "prefer-bundled-bin", "embedded-registry", "log"),
}


class BadConfiguration(Exception):
    """What k3s says before it ends because of its configuration."""


@dataclass(frozen=True)
class Settings:
    """Options by name; those that may be given repeatedly are lists."""

    values: Mapping[str, Any]

    def text(self, name: str, default: str = "") -> str:
        """One value."""
        value = self.values.get(name)
        value = value[0] if isinstance(value, list) and value else value
        return default if value in (None, [], "") else str(value)

    def many(self, name: str) -> list[str]:
        """All values; commas separate several in one."""
        value = self.values.get(name) or []
        rows = value if isinstance(value, list) else [value]
        return [part for row in rows for part in str(row).split(",") if part]

    def on(self, name: str) -> bool:
        """Whether a switch is on."""
        return str(self.values.get(name, "")).lower() in ("true", "1", "yes")


def read(process: Process) -> Settings:
    """All options that this call has; raises BadConfiguration."""
    values: dict[str, Any] = {}
    files = process.host.root_files
    paths = [_FILE] if files.exists(_FILE) else []
    if files.is_dir(_FOLDER):
        paths += [f"{_FOLDER}/{n}" for n in files.listdir(_FOLDER) if n.endswith((".yaml", ".yml"))]
    for path in paths:
        try:
            document = yaml.safe_load(files.text(path)) or {}
        except yaml.YAMLError as error:
            raise BadConfiguration(f"{path}: {error}") from error
        if not isinstance(document, dict):
            raise BadConfiguration(f"{path}: cannot unmarshal into map")
        values |= document
    _check_registries(files)
    environment = {name: process.env[key] for key, name in _ENVIRONMENT.items() if process.env.get(key)}
    merged = values | environment | _command_line(process.args[1:])
    unknown = sorted(set(merged) - _KNOWN)
    if unknown:
        raise BadConfiguration(f"flag provided but not defined: -{unknown[0]}")
    return Settings(merged)


def _check_registries(files: FileView) -> None:
    """Source: docs.k3s.io, "Private Registry Configuration": mirrors and configs, each by host."""
    if not files.exists(_REGISTRIES):
        return
    try:
        document = yaml.safe_load(files.text(_REGISTRIES)) or {}
    except yaml.YAMLError as error:
        raise BadConfiguration(f"failed to load private registry configuration: {error}") from error
    if not isinstance(document, dict) or not set(document) <= {"mirrors", "configs"}:
        raise BadConfiguration("failed to load private registry configuration: unknown field")


def _command_line(args: list[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    rest = list(args)
    while rest:
        word = rest.pop(0)
        match = re.fullmatch(r"--([a-z0-9-]+)(?:=(.*))?", word, re.DOTALL)
        name, value = (match[1], match[2]) if match else (_SHORT.get(word, word.lstrip("-")), None)
        if value is None:
            value = rest.pop(0) if rest and not rest[0].startswith("-") else "true"
        if name in _REPEATED:
            values.setdefault(name, []).append(value)
        else:
            values[name] = value
    return values
