"""A machine to log in to: sshd with users, files and processes of its own, on loopback, gone when it is closed.

It shares the kernel with this machine and sees its programs. /etc and whatever folders are named are its own: it reads
ours, and what it writes there is kept aside and dropped with it. /home, /run and what is temporary are empty at its
start. Its processes end with it.
"""

from __future__ import annotations

import shlex
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.proving.building import Missing
from tests.proving.kubernetes import Process, free_port
from tests.proving.sshd import Sshd

USER, UID, HOME = "ubuntu", 1000, "/home/ubuntu"
_TRIES, _STEP_S = 500, 0.02
# As Ubuntu's cloud image has them.
_ENVIRONMENT = (
    'PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/games:/usr/local/games:/snap/bin"\n'
)
_SUDOERS = """Defaults env_reset
Defaults secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin"
root ALL=(ALL:ALL) ALL
ubuntu ALL=(ALL) NOPASSWD:ALL
"""
_PAM = """account required pam_unix.so
session required pam_env.so
session required pam_env.so envfile=/etc/default/locale
session required pam_unix.so
"""
_CONFIG = """ListenAddress {address}:{port}
HostKey /etc/ssh/machine_ed25519
HostKey /etc/ssh/machine_ecdsa
UsePAM yes
PidFile none
KbdInteractiveAuthentication no
PasswordAuthentication no
PermitRootLogin prohibit-password
PrintMotd no
AcceptEnv LANG LC_*
Subsystem sftp /usr/lib/openssh/sftp-server
MaxStartups 100
"""


@dataclass(frozen=True)
class Account:
    """A login as the product's own value is shaped."""

    address: str
    port: int
    user: str
    host_key: str
    private_key: str

    def but(self, **changes: object) -> Account:
        """The same login with other values."""
        return replace(self, **changes)  # type: ignore[arg-type]  # fields by name


def private_text(key: Ed25519PrivateKey | EllipticCurvePrivateKey) -> str:
    """A private key in OpenSSH's format."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()


def public_line(key: Ed25519PrivateKey | EllipticCurvePrivateKey) -> str:
    """The public key as one line."""
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def other_key() -> Ed25519PrivateKey:
    """A key that no server knows."""
    return Ed25519PrivateKey.generate()


class RealMachine:
    """A machine with real sshd; ``account`` is how to log in to it.

    Args:
        sshd: The server.
        folder: For what the machine writes; not below /home, /run or a folder of its own.
        own: Folders besides /etc of which the machine has a copy of its own.
        network: Network namespace that it lives in; ours when left out.
        address: Where sshd listens.
    """

    def __init__(
        self,
        sshd: Sshd,
        folder: Path,
        *,
        own: Sequence[str] = (),
        network: Path | None = None,
        address: str = "127.0.0.1",
    ) -> None:
        self._sshd, self._folder, self._network = sshd, folder, network
        self._own = ("/etc", *own)
        host_key, user_key = other_key(), other_key()
        self._keys: dict[str, Ed25519PrivateKey | EllipticCurvePrivateKey] = {}
        self._keys |= {"ed25519": host_key, "ecdsa": generate_private_key(SECP256R1())}
        self._authorized = public_line(user_key)
        port = free_port("127.0.0.1")
        self.account = Account(address, port, USER, public_line(host_key), private_text(user_key))
        self._process: Process | None = None

    def __enter__(self) -> RealMachine:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def start(self) -> None:
        """Start it and wait until it can be logged in to.

        Raises:
            Missing: It does not start; the message has the last lines of its log.
        """
        for name in self._own:
            for kind in ("upper", "work"):
                self._aside(name, kind).mkdir(parents=True, exist_ok=True)
        self._furnish()
        script = self._folder / "start.sh"
        script.write_text(self._script())
        enter = ["nsenter", f"--net={self._network}"] if self._network else []
        # The machine ends with its process, and that process with us, however we end.
        apart = ["setpriv", "--pdeathsig=KILL", "unshare", "--mount", "--pid", "--uts", "--ipc"]
        apart += ["--fork", "--kill-child=KILL", "--mount-proc"]
        self._process = Process([*enter, *apart, "sh", str(script)], self._folder / "sshd.log")
        self._wait_ready(self._process)

    def close(self) -> None:
        """End it with everything that runs on it."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def written(self, path: str) -> Path:
        """Where a file that the machine wrote below one of its own folders is for us."""
        own = next(name for name in self._own if path.startswith(name))
        return self._aside(own, "upper") / path.removeprefix(own).lstrip("/")

    def _aside(self, name: str, kind: str) -> Path:
        return self._folder / kind / name.strip("/").replace("/", "_")

    def _furnish(self) -> None:
        self._put("/etc/passwd", _with(Path("/etc/passwd"), f"{USER}:x:{UID}:{UID}::{HOME}:/bin/bash"))
        self._put("/etc/group", _with(Path("/etc/group"), f"{USER}:x:{UID}:"))
        self._put("/etc/shadow", _with(Path("/etc/shadow"), f"{USER}:*:19000:0:99999:7:::"), 0o600)
        self._put("/etc/sudoers", _SUDOERS, 0o440)
        self._put("/etc/pam.d/sshd", _PAM)
        self._put("/etc/environment", _ENVIRONMENT)
        self._put("/etc/default/locale", "LANG=C.UTF-8\n")
        self._put("/etc/hostname", "machine\n")
        self._put("/etc/hosts", f"{Path('/etc/hosts').read_text().rstrip()}\n127.0.1.1 machine\n")
        address, port = self.account.address, self.account.port
        self._put("/etc/ssh/machine_config", _CONFIG.format(address=address, port=port))
        for kind, key in self._keys.items():
            self._put(f"/etc/ssh/machine_{kind}", private_text(key), 0o600)
        self._put("/etc/ssh/machine_authorized", f"{self._authorized}\n")

    def _put(self, path: str, text: str, mode: int = 0o644) -> None:
        file = self.written(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)

    def _script(self) -> str:
        mounts = [
            f"mount -t overlay overlay -o lowerdir={name},upperdir={shlex.quote(str(self._aside(name, 'upper')))},"
            f"workdir={shlex.quote(str(self._aside(name, 'work')))} {name}"
            for name in self._own
        ]
        home = f"install -d -o {UID} -g {UID}"
        return "\n".join(
            [
                *(
                    "set -e",
                    *mounts,
                    "mount -t tmpfs -o mode=755 tmpfs /home",
                    "mount -t tmpfs -o mode=755 tmpfs /run",
                    "mkdir /run/sshd",
                ),
                *(f"{home} -m 750 {HOME}", f"{home} -m 700 {HOME}/.ssh", "hostname machine"),
                f"install -o {UID} -g {UID} -m 600 /etc/ssh/machine_authorized {HOME}/.ssh/authorized_keys",
                *(f"mount -t tmpfs -o mode=1777 tmpfs {name}" for name in ("/tmp", "/var/tmp")),
                f"exec {self._sshd.program} -D -e -f /etc/ssh/machine_config\n",
            ]
        )

    def _wait_ready(self, process: Process) -> None:
        pause = threading.Event()
        for _ in range(_TRIES):
            if process.ended():
                raise Missing(f"sshd does not start: {process.tail()}")
            try:
                socket.create_connection((self.account.address, self.account.port), timeout=1).close()
            except OSError:
                pause.wait(_STEP_S)
            else:
                return
        self.close()
        raise Missing(f"sshd does not listen: {process.tail()}")


def _with(file: Path, line: str) -> str:
    """A file of colon-separated entries with one more, in the place of those of the same name or number."""
    fields = line.split(":")
    number = fields[2] if fields[1] == "x" else None
    kept = [
        each
        for each in file.read_text().splitlines()
        if each.split(":")[0] != fields[0] and (number is None or each.split(":")[2] != number)
    ]
    return "\n".join([*kept, line, ""])
