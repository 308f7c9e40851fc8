"""Logging in to machines of the sandbox with paramiko, host keys checked."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import paramiko

from tests.contract.sandbox.process import SandboxProcess


def host_key(text: str) -> paramiko.Ed25519Key:
    """A public host key as paramiko wants it."""
    return paramiko.Ed25519Key(data=base64.b64decode(text.split()[1]))


@contextmanager
def login(
    address: str, private_key: str, key: str, user: str = "ubuntu", timeout_s: float = 10.0
) -> Iterator[paramiko.SSHClient]:
    """A connection to port 2222 that accepts only the given host key."""
    client = paramiko.SSHClient()
    client.get_host_keys().add(f"[{address}]:2222", "ssh-ed25519", host_key(key))
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    pkey = paramiko.Ed25519Key.from_private_key(io.StringIO(private_key))
    limits: dict[str, Any] = {"timeout": timeout_s, "banner_timeout": timeout_s, "auth_timeout": timeout_s}
    try:
        client.connect(address, 2222, user, pkey=pkey, allow_agent=False, look_for_keys=False, **limits)
        yield client
    finally:
        client.close()


@contextmanager
def host(sandbox: SandboxProcess, name: str, inventory: str = "ffi", timeout_s: float = 10.0) -> Iterator[Any]:
    """A connection to an inventory host with the credentials that control prints."""
    listed = sandbox.get("credentials")["inventories"][inventory]
    row = next(row for row in listed["hosts"] if row["name"] == name)
    with login(row["address"], listed["private_key"], row["host_keys"][0], listed["user"], timeout_s) as client:
        yield client


def run(client: paramiko.SSHClient, command: str) -> tuple[int, str]:
    """Exit code and standard output with standard error of a command."""
    _, out, err = client.exec_command(command, timeout=60)
    text = out.read().decode() + err.read().decode()
    return out.channel.recv_exit_status(), text
