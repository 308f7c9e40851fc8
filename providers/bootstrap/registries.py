"""Files that tell the container runtime of a node about registries: what they hold, and which are no longer wanted.

Source: containerd, docs/hosts.md and docs/cri/registry.md (credentials are read from the configuration only, which
a ``config_path`` beside them allows); docs.k3s.io, "Private Registry Configuration".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from clients.ssh.command import Secret
from federation.spec.registries import host_of_url
from providers.bootstrap.changes import WriteFile
from providers.contracts import RegistryAccess

CONTAINERD_CONFIG = "/etc/containerd/config.toml"
CONTAINERD_HOSTS = "/etc/containerd/certs.d"
K3S_REGISTRIES = "/etc/rancher/k3s/registries.yaml"
K3S_AUTHORITIES = "/etc/rancher/k3s/registries.d"
_PLUGIN = 'plugins."io.containerd.grpc.v1.cri".registry'
_SERVERS = {"docker.io": "https://registry-1.docker.io"}
"""Registries that answer at another host than the one in names of images."""


@dataclass(frozen=True)
class RegistryFiles:
    """What a machine should have of registries.

    Attributes:
        folder: Holds nothing but what is in ``files``: anything else in it is removed.
        files: Read at each pull.
        main: Read when the runtime starts; None when it should not be there.
        main_path: Where it is.
        restart: Makes the runtime read it. Pods run on: their shims are processes of their own.
        kept: Files in the folder that are the distribution's, and stay as they are.
    """

    folder: str
    files: tuple[WriteFile, ...]
    main: WriteFile | None
    main_path: str
    restart: tuple[str, ...]
    kept: frozenset[str] = frozenset()

    @property
    def wanted(self) -> tuple[WriteFile, ...]:
        """Every file; the one that needs a restart last."""
        return (*self.files, *([self.main] if self.main else []))


def containerd_files(registries: Iterable[RegistryAccess], config: str) -> RegistryFiles:
    """For a containerd of its own.

    Args:
        registries: Every registry of the cluster.
        config: The rest of the configuration.
    """
    known = {each.host: each for each in registries}
    text = config
    if known:
        text += f'\n[{_PLUGIN}]\n  config_path = "{CONTAINERD_HOSTS}"\n' + "".join(credentials(known.values()))
    main = WriteFile(CONTAINERD_CONFIG, Secret(text), 0o600 if known else 0o644)
    files = hosts_files(known.values(), CONTAINERD_HOSTS)
    return RegistryFiles(CONTAINERD_HOSTS, files, main, CONTAINERD_CONFIG, ("systemctl", "restart", "containerd"))


def credentials(registries: Iterable[RegistryAccess], plugin: str = _PLUGIN) -> Iterator[str]:
    """Tables of containerd's configuration with the credentials of registries, below the plugin's own."""
    for each in registries:
        if each.login:
            user, password = _quoted(each.login.username), _quoted(each.login.password)
            yield f"[{plugin}.configs.{_quoted(each.host)}.auth]\n  username = {user}\n  password = {password}\n"


def hosts_files(registries: Iterable[RegistryAccess], folder: str) -> tuple[WriteFile, ...]:
    """Authorities, mirrors and servers of registries, in a folder that containerd is told of."""
    known = {each.host: each for each in registries}
    return (*_authorities(known.values(), folder), *_hosts_files(known, folder))


def _hosts_files(known: Mapping[str, RegistryAccess], folder: str) -> Iterator[WriteFile]:
    for host, each in known.items():
        lines = [] if host == "*" else [f"server = {_quoted(_SERVERS.get(host, f'https://{host}'))}"]
        if each.ca:
            lines.append(f"ca = {_quoted(_authority(folder, host))}")
        for url in each.mirrors:
            mirror = known.get(host_of_url(url))
            lines += ["", f"[host.{_quoted(url)}]", '  capabilities = ["pull", "resolve"]']
            if mirror and mirror.ca:
                lines.append(f"  ca = {_quoted(_authority(folder, mirror.host))}")
        yield WriteFile(f"{folder}/{_folder(host)}/hosts.toml", "\n".join(lines) + "\n")


def k3s_files(registries: Iterable[RegistryAccess], service: str) -> RegistryFiles:
    """For the containerd inside k3s, which writes its files itself.

    Args:
        registries: Every registry of the cluster.
        service: The unit on this machine.
    """
    known = tuple(registries)
    configs = {each.host: found for each in known if (found := _k3s_config(each))}
    mirrors = {each.host: {"endpoint": list(each.mirrors)} for each in known if each.mirrors}
    text = yaml.safe_dump({"mirrors": mirrors, "configs": configs}, sort_keys=False)
    main = WriteFile(K3S_REGISTRIES, Secret(text), 0o600) if known else None
    restart = ("systemctl", "restart", "--no-block", service)
    return RegistryFiles(K3S_AUTHORITIES, tuple(_authorities(known, K3S_AUTHORITIES)), main, K3S_REGISTRIES, restart)


def _k3s_config(registry: RegistryAccess) -> dict[str, Any]:
    login, config = registry.login, dict[str, Any]()
    if login:
        config["auth"] = {"username": login.username, "password": login.password}
    if registry.ca:
        config["tls"] = {"ca_file": _authority(K3S_AUTHORITIES, registry.host)}
    return config


def _authorities(registries: Iterable[RegistryAccess], folder: str) -> Iterator[WriteFile]:
    for each in registries:
        if each.ca:
            yield WriteFile(_authority(folder, each.host), each.ca.strip() + "\n")


def _authority(folder: str, host: str) -> str:
    return f"{folder}/{_folder(host)}/ca.crt"


def _folder(host: str) -> str:
    return "_default" if host == "*" else host


def _quoted(text: str) -> str:
    """A basic string of TOML. JSON escapes the same way, but for DEL, which neither host nor password may hold bare."""
    return json.dumps(text).replace("\x7f", "\\u007f")
