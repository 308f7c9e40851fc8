"""A little of cloud-init: what a ``#cloud-config`` document makes of a machine at its first boot.

Source: cloudinit.readthedocs.io, modules hostname, users and groups, ssh, write files, package update, runcmd.
"""

from __future__ import annotations

import base64
import shlex
from dataclasses import dataclass, field
from typing import Any

import yaml

from sandbox.machines import HostKey, Json, Machine
from sandbox.pacing import Pacing

FINISHED = "/var/lib/cloud/instance/boot-finished"


@dataclass(frozen=True)
class CloudConfig:
    """What is understood of a document; ``error`` says why it could not be read at all."""

    hostname: str = ""
    authorized_keys: list[str] = field(default_factory=list)
    users: dict[str, list[str]] = field(default_factory=dict)
    host_key: HostKey | None = None
    files: list[Json] = field(default_factory=list)
    packages: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    error: str = ""


def parse(text: str) -> CloudConfig:
    """Read user data; anything but a ``#cloud-config`` document is taken for a script to run."""
    if not text.strip():
        return CloudConfig()
    if not text.startswith("#cloud-config"):
        return CloudConfig(commands=[text] if text.startswith("#!") else [])
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        return CloudConfig(error=f"Failed loading yaml blob. {error}")
    if not isinstance(data, dict):
        return CloudConfig(error="Failed loading yaml blob. Yaml load allows (dict) root types")
    private = (data.get("ssh_keys") or {}).get("ed25519_private")
    return CloudConfig(
        hostname=str(data.get("hostname") or data.get("fqdn") or ""),
        authorized_keys=list(data.get("ssh_authorized_keys") or []),
        users=_users(data.get("users")),
        host_key=HostKey(private) if private else None,
        files=[row for row in data.get("write_files") or [] if isinstance(row, dict)],
        packages=[_package(entry) for entry in data.get("packages") or []],
        commands=[_command(entry) for entry in [*(data.get("bootcmd") or []), *(data.get("runcmd") or [])]],
    )


def _users(entries: Any) -> dict[str, list[str]]:
    rows = [row for row in entries or [] if isinstance(row, dict) and row.get("name")]
    return {str(row["name"]): [str(key) for key in row.get("ssh_authorized_keys") or []] for row in rows}


def _package(entry: Any) -> str:
    return "=".join(str(part) for part in entry) if isinstance(entry, list) else str(entry)


def _command(entry: Any) -> str:
    return shlex.join(str(word) for word in entry) if isinstance(entry, list) else str(entry)


def prepare(machine: Machine, config: CloudConfig) -> None:
    """Names, users and host keys: what has to stand before anyone can log in."""
    machine.name = config.hostname.partition(".")[0] or machine.name
    machine.authorized_keys += [key for key in config.authorized_keys if key not in machine.authorized_keys]
    for name, keys in config.users.items():
        if name == machine.user:
            machine.authorized_keys += keys
        else:
            machine.other_users[name] = keys
    if config.host_key is not None:
        machine.host_keys = [config.host_key]


def finished(machine: Machine) -> bool:
    """Whether the first boot's work is done."""
    return bool(machine.host.root_files.exists(FINISHED))


async def finish(machine: Machine, pacing: Pacing) -> None:
    """Files, packages and commands of the first boot, in that order; failures are noted and do not stop it."""
    config, files = parse(machine.user_data), machine.host.root_files
    if files.exists(FINISHED):
        files.remove(FINISHED)
    machine.host.log.add("cloud-init", config.error or "running modules for final", "cloud-init")
    await pacing.pause("cloudinit")
    for row in config.files:
        _write(files, row)
    if config.packages:
        await machine.host.run("apt-get update && apt-get install -y " + shlex.join(config.packages))
    for command in config.commands:
        done = await machine.host.run(command)
        if done.exit_status:
            machine.host.log.add("cloud-init", f"runcmd failed with {done.exit_status}: {command}", "cloud-init")
    output = ["Cloud-init v. 24.4 running 'modules:final'"]
    if machine.traits.get("boot") == "cloud-init-error":
        machine.host.log.add("cloud-init", FAILED_MODULE, "cloud-init")
        output.append(FAILED_MODULE)
    files.install("/var/log/cloud-init-output.log", "\n".join([*output, "Cloud-init v. 24.4 finished"]) + "\n")
    files.install(FINISHED, "finished\n")
    machine.host.changed()


def _write(files: Any, row: Json) -> None:
    content = str(row.get("content") or "")
    encoded = str(row.get("encoding") or "") in ("b64", "base64")
    data = base64.b64decode(content) if encoded else content.encode()
    mode = int(str(row.get("permissions") or "0644"), 8)
    path = str(row["path"])
    files.mkdir(path.rsplit("/", maxsplit=1)[0] or "/", parents=True)
    if row.get("append"):
        files.append(path, data)
    else:
        files.install(path, data, mode)


_PANIC = (
    '[    1.402117] VFS: Cannot open root device "LABEL=cloudimg-rootfs" or unknown-block(0,0): error -6',
    "[    1.403310] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)",
    "[    1.404002] ---[ end Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0) ]---",
)
FAILED_MODULE = "Failed to run module package-update-upgrade-install (Running apt-get update failed)"
"""What cloud-init says when a module of it fails; ``status`` is error from then on, and the machine boots on."""


def console_text(machine: Machine, fingerprints: bool = True) -> str:
    """What the serial console shows after boot: cloud-init prints the host keys there."""
    lines = [f"[    0.000000] Linux version 6.8.0-generic ({machine.image})", f"{machine.name} login: "]
    if machine.traits.get("boot") == "panic":
        return "\n".join([lines[0], *_PANIC]) + "\n"
    if fingerprints and machine.booted_once:
        lines.append("-----BEGIN SSH HOST KEY KEYS-----")
        lines += [f"{key.public} root@{machine.name}" for key in machine.host_keys]
        lines.append("-----END SSH HOST KEY KEYS-----")
        lines.append("Cloud-init v. 24.4 finished at boot. Datasource DataSourceOpenStackLocal.")
    return "\n".join(lines) + "\n"
