"""The inside of a machine: its disk, its packages and services, and the programs that run on it."""

from __future__ import annotations

import asyncio
import posixpath
import uuid
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sandbox.machines import keys_for
from sandbox.ssh.baseimage import base_image
from sandbox.ssh.binary import identify
from sandbox.ssh.filesystem import ROOT, FileTree, FileView, Identity
from sandbox.ssh.kernel import Kernel
from sandbox.ssh.logs import Log
from sandbox.ssh.packages import Packages
from sandbox.ssh.process import DEFAULT_PATH, Completed, Process
from sandbox.ssh.programs import BASE_PROGRAMS, PROGRAMS
from sandbox.ssh.shell import Shell
from sandbox.ssh.signals import PIPE, Signalled
from sandbox.ssh.streams import Buffer, Given
from sandbox.ssh.systemd import Systemd

if TYPE_CHECKING:
    from sandbox.machines import Machine
    from sandbox.world import World

_BASE = base_image(BASE_PROGRAMS)
_STATE_PATHS = (
    *("/etc/kubernetes/admin.conf", "/etc/kubernetes/kubelet.conf", "/etc/kubernetes/manifests", "/etc/kubernetes/pki"),
    *("/var/lib/etcd", "/var/lib/kubelet/config.yaml", "/etc/rancher/k3s", "/var/lib/rancher/k3s"),
    "/var/snap/microk8s",
)
_BOOTED = "/var/lib/cloud/instance/boot-finished"
_CONTROL_PLANE_PORTS = {
    2379: "etcd",
    2380: "etcd",
    6443: "kube-apiserver",
    10257: "kube-controller",
    10259: "kube-scheduler",
}
_NOT_EXECUTABLE, _NOT_FOUND, _BY_SIGNAL = 126, 127, 128
_FIRST_PID = 1000
_LOGIN_PATH = f"{DEFAULT_PATH}:/usr/games:/usr/local/games:/snap/bin"
_BUILTINS = frozenset({"echo", "printf", "kill", "test", "["})
_ANSWER_S = 0.05


class Host:
    """What is on a machine and what runs on it.

    Everything that outlives a power cut is in ``files`` and ``packages``; the rest is gone when the power is.
    """

    def __init__(self, world: World, machine: Machine) -> None:
        self.world = world
        self.machine = machine
        self.files = FileTree(_BASE)
        self.log = Log()
        self.kernel = Kernel(self)
        self.packages = Packages(self)
        self.systemd = Systemd(self)
        self.powered = False
        self._last_pid = _FIRST_PID
        self._resume = False
        self._running: set[asyncio.Task[Any]] = set()
        self._outliving: set[asyncio.Task[None]] = set()

    @property
    def hostname(self) -> str:
        """The machine's own name for itself."""
        files = self.files.view(ROOT)
        return files.text("/etc/hostname").strip() if files.exists("/etc/hostname") else self.machine.name

    @property
    def root_files(self) -> FileView:
        """Files with root's rights."""
        return self.files.view(ROOT)

    def changed(self) -> None:
        """Say that the disk copy of this machine is out of date."""
        self.world.changed(f"host/{self.machine.id}")

    def next_pid(self) -> int:
        """A process id that was not used since power-on."""
        self._last_pid += 1
        return self._last_pid

    def user(self, name: str) -> Identity | None:
        """A user by the name or number in /etc/passwd."""
        for line in self.root_files.text("/etc/passwd").splitlines():
            fields = line.split(":")
            if len(fields) >= 6 and name in (fields[0], fields[2]):
                return Identity(fields[0], int(fields[2]), int(fields[3]), fields[5])
        return None

    def add_user(self, name: str, authorized_keys: list[str]) -> Identity:
        """Make a user with a home; existing ones get the keys added. Safe to repeat."""
        files, who = self.root_files, self.user(name)
        if who is None:
            uid = 1000 + sum(":/home/" in line for line in files.text("/etc/passwd").splitlines())
            who = Identity(name, uid, uid, f"/home/{name}")
            files.append("/etc/passwd", f"{name}:x:{uid}:{uid}::{who.home}:/bin/bash\n".encode())
            files.mkdir(who.home, 0o750, parents=True)
            files.chown(who.home, uid, uid)
        folder = f"{who.home}/.ssh"
        files.mkdir(folder, 0o700, parents=True)
        files.chown(folder, who.uid, who.gid)
        known = self.authorized_keys(name)
        files.append(f"{folder}/authorized_keys", "".join(f"{k}\n" for k in authorized_keys if k not in known).encode())
        files.chmod(f"{folder}/authorized_keys", 0o600)
        files.chown(f"{folder}/authorized_keys", who.uid, who.gid)
        return who

    def authorized_keys(self, name: str) -> list[str]:
        """Public keys that may log in as a user."""
        who, files = self.user(name), self.root_files
        path = f"{who.home}/.ssh/authorized_keys" if who else ""
        if not path or not files.exists(path):
            return []
        return [line.strip() for line in files.text(path).splitlines() if line.strip()[:1] not in ("", "#")]

    async def power_on(self) -> None:
        """Boot: the kernel comes up as /etc says, and enabled services start; after a restore they go on instead."""
        self.powered = True
        if self._resume:
            self._resume = False
            self.systemd.resume()
            return
        self._clear_memory()
        if not self.root_files.exists(_BOOTED):
            self._first_boot()
        self.kernel.boot(str(uuid.uuid4()))
        self.log.add("kernel", f"Linux version on {self.hostname}", "kernel")
        await self.systemd.boot()
        self.changed()

    def _clear_memory(self) -> None:
        files = self.root_files
        for path in ("/run", "/tmp"):  # noqa: S108 - a path of the emulated machine
            for name in files.listdir(path):
                files.remove_tree(f"{path}/{name}")
        files.mkdir("/run/systemd/system", parents=True)

    def _first_boot(self) -> None:
        files, machine = self.root_files, self.machine
        files.write("/etc/hostname", machine.name + "\n")
        files.write("/etc/hosts", f"127.0.0.1 localhost\n127.0.1.1 {machine.name}\n")
        files.write("/etc/machine-id", uuid.uuid5(uuid.NAMESPACE_OID, machine.id).hex + "\n")
        for name in dict.fromkeys(("root", machine.user, *machine.other_users)):
            self.add_user(name, list(keys_for(machine, name)))
        for key in machine.host_keys:
            files.install("/etc/ssh/ssh_host_ed25519_key", key.private, 0o600)
            files.install("/etc/ssh/ssh_host_ed25519_key.pub", f"{key.public} root@{machine.name}\n")
        files.install(_BOOTED, "")

    async def power_off(self) -> None:
        """Everything that runs stops at once; what is on disk stays."""
        self.powered = False
        for task in list(self._running):
            task.cancel()
        await self.systemd.cut()

    def which(self, name: str, process: Process) -> str | None:
        """Path of the file that a user runs by this name."""
        if "/" in name:
            path = process.path(name)
            return path if process.files.can_execute(path) else None
        folders = process.env.get("PATH", DEFAULT_PATH).split(":")
        return next((p for p in (f"{f}/{name}" for f in folders) if process.files.can_execute(p)), None)

    async def execute(self, process: Process) -> int:
        """Run a program to its end and give its exit status, as a shell reports it (126 and 127 included)."""
        name = process.argv[0]
        path = self.which(name, process)
        if path is None:
            there = "/" in name and process.files.exists(process.path(name))
            is_folder = there and process.files.is_dir(process.path(name))
            why = "Is a directory" if is_folder else _why_not(name, there)
            process.err(f"bash: line 1: {name}: {why}")
            return _NOT_EXECUTABLE if there else _NOT_FOUND
        content = self.root_files.read(path)
        if content.startswith(b"#!"):
            script = content.decode(errors="replace").partition("\n")[2]
            return await Shell(process, list(process.argv)).run(script)
        known = identify(content)
        program = PROGRAMS.get(known[0]) if known else None
        if known is None or program is None:
            process.err(f"bash: line 1: {path}: cannot execute binary file: Exec format error")
            return _NOT_EXECUTABLE
        try:
            return await program.run(replace(process, version=known[1]))
        except Signalled as signal:
            if signal.number != PIPE or posixpath.basename(name) in _BUILTINS:
                raise
            return _BY_SIGNAL + PIPE
        except OSError as error:
            return process.fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))

    def login(self, user: str) -> Process:
        """A process as sshd starts one for a user, without streams; raises KeyError for an unknown user."""
        who = self.user(user)
        if who is None:
            raise KeyError(user)
        env = {"PATH": _LOGIN_PATH, "LANG": "C.UTF-8", "SHELL": "/bin/bash"}
        env |= {"HOME": who.home, "USER": who.name, "LOGNAME": who.name}
        return Process(self, who, ("bash",), env, who.home)

    async def run(self, command: str, user: str = "root", stdin: bytes = b"") -> Completed:
        """Run a command line and keep its output, as cloud-init does with ``runcmd``."""
        out, err = Buffer(), Buffer()
        process = replace(self.login(user), stdout=out, stderr=err, stdin=Given(stdin))
        with self.cancelled_by_power_off():
            status = await Shell(process).run(command)
        self.changed()
        return Completed(status, out.text, err.text)

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something to the whole machine once the current program has answered."""
        task = asyncio.get_running_loop().create_task(self._after_a_turn(work))
        self._outliving.add(task)
        task.add_done_callback(self._outliving.discard)

    async def _after_a_turn(self, work: Coroutine[Any, Any, None]) -> None:
        await asyncio.sleep(_ANSWER_S)
        await work

    @contextmanager
    def cancelled_by_power_off(self) -> Iterator[None]:
        """The current task ends when the power is cut."""
        task = asyncio.current_task()
        if task is None:
            yield
            return
        self._running.add(task)
        try:
            yield
        finally:
            self._running.discard(task)

    def listening_ports(self) -> dict[int, str]:
        """TCP ports that are taken, with the program that listens."""
        site = self.world.site_of(self.machine)
        member = site.members[self.machine.id] if site else None
        ports = {22: "sshd"} | {int(port): name for port, name in self.machine.traits.get("listening", {}).items()}
        if member and member.kubelet_runs:
            ports[10250] = "kubelet"
        if site and member and member.api_runs:
            ports |= {
                site.plan.port: "kube-apiserver",
                2379: "etcd",
                2380: "etcd",
                10257: "kube-controller",
                10259: "kube-scheduler",
            }
        return ports

    def resolve(self, name: str) -> str:
        """Address of a host name by /etc/hosts; a name that is not there is given back unchanged."""
        return next(iter(self.addresses_of(name)), name)

    def addresses_of(self, name: str) -> list[str]:
        """Every address that /etc/hosts gives a host name."""
        rows = [line.split("#")[0].split() for line in self.root_files.text("/etc/hosts").splitlines()]
        return [row[0] for row in rows if name in row[1:]]

    def cluster_state(self) -> list[str]:
        """Paths of kubeadm, kubelet, k3s or MicroK8s state still on the machine; empty on a clean one."""
        files = self.root_files
        return [p for p in _STATE_PATHS if files.exists(p) and (not files.is_dir(p) or files.listdir(p))]

    def snapshot(self) -> dict[str, Any]:
        """Disk, packages, services and journal as JSON."""
        return {
            "files": self.files.snapshot(),
            "packages": self.packages.snapshot(),
            "systemd": self.systemd.snapshot(),
            "log": self.log.snapshot(),
            "powered": self.powered,
            "pid": self._last_pid,
        }

    def restore(self, data: Mapping[str, Any]) -> None:
        """Take up what ``snapshot`` gave; nothing is started before ``power_on``, which then goes on with it."""
        self.files.restore(data["files"])
        self.packages.restore(data["packages"])
        self.systemd.restore(data["systemd"])
        self.log.restore(data["log"])
        self._resume, self._last_pid = data["powered"], data["pid"]


def _why_not(name: str, there: bool) -> str:
    if there:
        return "Permission denied"
    return "No such file or directory" if "/" in name else "command not found"
