"""A real OpenSSH server on loopback for the length of a test session."""

from __future__ import annotations

import getpass
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

SSHD = Path("/usr/sbin/sshd")


@dataclass(frozen=True)
class Account:
    """A login as the product's own value is shaped."""

    address: str
    port: int
    user: str
    host_key: str
    private_key: str

    def but(self, **changes) -> Account:
        """The same login with other values."""
        return replace(self, **changes)


def private_text(key: Ed25519PrivateKey | EllipticCurvePrivateKey) -> str:
    """A private key in OpenSSH's format."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()


def public_line(key: Ed25519PrivateKey | EllipticCurvePrivateKey) -> str:
    """The public key as one line."""
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def other_key() -> Ed25519PrivateKey:
    """A key that no server knows."""
    return Ed25519PrivateKey.generate()


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def openssh_server(folder: Path) -> Iterator[Account]:
    """Run sshd with an Ed25519 and an ECDSA host key; yields a login pinned to the Ed25519 one."""
    Path("/run/sshd").mkdir(exist_ok=True)
    host_key, second_key, user_key = Ed25519PrivateKey.generate(), generate_private_key(SECP256R1()), other_key()
    for name, key in (("host", host_key), ("second", second_key)):
        (folder / name).write_text(private_text(key))
        (folder / name).chmod(0o600)
    (folder / "authorized").write_text(public_line(user_key) + "\n")
    port = free_port()
    (folder / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nHostKey {folder}/second\nUsePAM no\n"
        f"AuthorizedKeysFile {folder}/authorized\nStrictModes no\nPidFile none\nPermitRootLogin yes\nMaxStartups 100\n"
    )
    server = subprocess.Popen([SSHD, "-D", "-e", "-f", folder / "config"], stderr=subprocess.DEVNULL)
    try:
        wait_for_port(port)
        yield Account("127.0.0.1", port, getpass.getuser(), public_line(host_key), private_text(user_key))
    finally:
        server.terminate()
        server.wait(timeout=10)


def wait_for_port(port: int) -> None:
    """Return when something listens; fails after ten seconds."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"nothing listens on port {port}")
