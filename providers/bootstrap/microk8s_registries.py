"""What the containerd inside MicroK8s is told of registries: before its first pull, and while it runs.

Its folder of registries comes with the snap, and so does the template of its configuration, from which the service
makes the configuration whenever it starts; both are kept by a refresh. Credentials stand at the end of the template,
between marks, since it is another one in each version. A node that cannot pull does not get ready: what has to be there
before the first pull is laid by the script that installs the snap.

Source: microk8s.io, "How to work with a private registry", "Image registry pull limits"; canonical/microk8s,
microk8s-resources/default-args/certs.d and containerd-template.toml.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from clients.ssh.command import Argv, Secret
from providers.bootstrap.changes import WriteFile
from providers.bootstrap.microk8s_node import CONTAINERD
from providers.bootstrap.registries import RegistryFiles, credentials, hosts_files
from providers.contracts import RegistryAccess

ARGUMENTS = "/var/snap/microk8s/current/args"
HOSTS = f"{ARGUMENTS}/certs.d"
TEMPLATE = f"{ARGUMENTS}/containerd-template.toml"
STAGED = "/run/flotilla/microk8s-registries"
"""Where files wait for the snap, on a file system in memory: a password never reaches the disk twice."""
_STAGED_HOSTS, _STAGED_CREDENTIALS = f"{STAGED}/certs.d", f"{STAGED}/credentials.toml"
_BEGIN, _END = "# Flotilla: credentials of registries", "# Flotilla: end"
_BLOCK = re.compile(rf"\n{_BEGIN}\n.*?{_END}\n", re.DOTALL)
_TABLE = re.compile(r"^\s*\[(plugins\.\S+\.registry)\]\s*$", re.MULTILINE)
_DOCKER = f"{HOSTS}/docker.io/hosts.toml"
_SHIPPED = """server = "https://docker.io"

[host."https://registry-1.docker.io"]
  capabilities = ["pull", "resolve"]
"""
_KEPT = frozenset({f"{HOSTS}/localhost__32000/hosts.toml"})
_RESTART = ("systemctl", "restart", CONTAINERD)


def microk8s_files(registries: Iterable[RegistryAccess], template: str) -> RegistryFiles:
    """What a machine with MicroK8s should have.

    Args:
        registries: Every registry of the cluster.
        template: The template of containerd's configuration as it is now.
    """
    known = tuple(registries)
    files = hosts_files(known, HOSTS)
    if all(each.path != _DOCKER for each in files):
        files = (*files, WriteFile(_DOCKER, _SHIPPED))
    added, plain = _block(known, template), _BLOCK.sub("", template)
    main = WriteFile(TEMPLATE, Secret(plain + added), 0o600 if added else 0o660)
    return RegistryFiles(HOSTS, files, main, TEMPLATE, _RESTART, _KEPT)


def staged_files(registries: Iterable[RegistryAccess]) -> list[WriteFile]:
    """The same, where it waits for the snap; nothing without registries."""
    known = tuple(registries)
    found = [replace(each, path=each.path.replace(HOSTS, _STAGED_HOSTS, 1)) for each in hosts_files(known, HOSTS)]
    return [*found, WriteFile(_STAGED_CREDENTIALS, Secret(_block(known, "")), 0o600)] if found else []


def lay_staged(registries: Iterable[RegistryAccess]) -> list[Argv]:
    """Commands between the snap's installation and the first look whether it is ready; none without registries."""
    known = tuple(registries)
    if not known:
        return []
    append = f"cat {_STAGED_CREDENTIALS} >> {TEMPLATE}"
    secret: list[Argv] = [("chmod", "600", TEMPLATE), ("sh", "-c", append), _RESTART] if _block(known, "") else []
    return [("cp", "-r", _STAGED_HOSTS, ARGUMENTS), *secret, ("rm", "-rf", STAGED)]


def _block(registries: Iterable[RegistryAccess], template: str) -> str:
    table = _TABLE.search(template)
    tables = "".join(credentials(registries, *([table.group(1)] if table else [])))
    return f"\n{_BEGIN}\n{tables}{_END}\n" if tables else ""
