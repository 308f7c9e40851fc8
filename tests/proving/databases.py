"""PostgreSQL and Redis from Debian's packages: own data folders, on loopback, not as services of the system."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.proving.building import Missing, cache_folder
from tests.proving.debian import SYSTEM_PATH, install, program
from tests.proving.kubernetes import free_port

_HOST, _USER = "127.0.0.1", "flotilla"
_PACKAGES = {"postgres": "postgresql", "redis-server": "redis-server"}
_TRIES, _STEP_S = 300, 0.1


@dataclass(frozen=True)
class Running:
    """A server that was started here."""

    pid: int
    port: int
    version: str
    folder: str
    password: str = ""


@dataclass(frozen=True)
class Databases:
    """Both servers."""

    postgresql: Running
    redis: Running

    def url(self, database: str) -> str:
        """A PostgreSQL URL as the registry takes it."""
        return f"postgresql+psycopg://{_USER}:{self.postgresql.password}@{_HOST}:{self.postgresql.port}/{database}"


def find() -> Databases:
    """The servers that run.

    Raises:
        Missing: One of them does not.
    """
    return Databases(_found("postgresql"), _found("redis"))


def up(say: Callable[[str], None] = print) -> None:
    """Install what is missing and start what does not run.

    Raises:
        Missing: It cannot be had here.
    """
    missing = [package for name, package in _PACKAGES.items() if _where(name) is None]
    if missing:
        install(missing, say)
    for name, start in (("postgresql", _start_postgresql), ("redis", _start_redis)):
        try:
            _found(name)
        except Missing:
            running = start()
            say(f"{running.version} on port {running.port}")
            _kept(name).parent.mkdir(parents=True, exist_ok=True)
            _kept(name).write_text(json.dumps(asdict(running)))


def down() -> None:
    """End what was started, with its data."""
    for name in ("postgresql", "redis"):
        if not _kept(name).exists():
            continue
        running = Running(**json.loads(_kept(name).read_text()))
        if _is_ours(running):
            os.kill(running.pid, signal.SIGINT)
            _until(lambda gone=running: not _is_ours(gone), f"{name} does not end")  # type: ignore[misc]  # a bound value
        shutil.rmtree(running.folder, ignore_errors=True)
        _kept(name).unlink()


def _kept(name: str) -> Path:
    return cache_folder().parent / "databases" / f"{name}.json"


def _found(name: str) -> Running:
    try:
        running = Running(**json.loads(_kept(name).read_text()))
    except FileNotFoundError:
        raise Missing(f"{name} was not started; `make proving-ground` starts it") from None
    if not (_is_ours(running) and _answers(running.port)):
        raise Missing(f"{name} does not run any more; `make proving-ground` starts it")
    return running


def _is_ours(running: Running) -> bool:
    """Whether the process is still the one that was started: its folder is in its command line or is where it works."""
    try:
        words = Path(f"/proc/{running.pid}/cmdline").read_bytes().decode(errors="replace")
        return running.folder in words or os.readlink(f"/proc/{running.pid}/cwd").startswith(running.folder)
    except OSError:
        return False


def _answers(port: int) -> bool:
    try:
        socket.create_connection((_HOST, port), timeout=5).close()
    except OSError:
        return False
    return True


def _until(condition: Callable[[], bool], complaint: str) -> None:
    pause = threading.Event()
    for _ in range(_TRIES):
        if condition():
            return
        pause.wait(_STEP_S)
    raise Missing(complaint)


def _where(name: str) -> str | None:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return shutil.which(name, path=":".join([*map(str, folders), SYSTEM_PATH]))


def _needed(name: str) -> str:
    return _where(name) or program(name)


def _start_postgresql() -> Running:
    # Not below a home folder: the system's user for PostgreSQL could not reach it there.
    folder = Path(tempfile.mkdtemp(prefix="flotilla-postgresql-"))
    as_user: list[str] = []
    secret = folder / "password"
    data, port, password = folder / "data", free_port(_HOST), secrets.token_hex(16)
    secret.touch(mode=0o600)
    secret.write_text(f"{password}\n")
    if os.geteuid() == 0:
        for path in (folder, secret):
            shutil.chown(path, "postgres", "postgres")
        as_user = [program("setpriv"), "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    words = [f"--pwfile={secret}", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    _run([*as_user, _needed("initdb"), f"--pgdata={data}", f"--username={_USER}", *words])
    settings = {"listen_addresses": _HOST, "port": port, "unix_socket_directories": folder, "fsync": "off"}
    flags = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    pid = _begin([*as_user, _needed("postgres"), "-D", str(data), *flags], folder)
    _until(lambda: _answers(port), f"PostgreSQL does not start: {_tail(folder)}")
    return Running(
        pid, port, f"PostgreSQL {_run([_needed('postgres'), '--version']).split()[2]}", str(folder), password
    )


def _start_redis() -> Running:
    folder, port = Path(tempfile.mkdtemp(prefix="flotilla-redis-")), free_port(_HOST)
    flags = ["--bind", _HOST, "--port", str(port), "--dir", str(folder), "--save", "", "--appendonly", "no"]
    pid = _begin([_needed("redis-server"), *flags], folder)
    _until(lambda: _answers(port), f"Redis does not start: {_tail(folder)}")
    version = next(word for word in _run([_needed("redis-server"), "--version"]).split() if word.startswith("v="))
    return Running(pid, port, f"Redis {version.removeprefix('v=')}", str(folder))


def _run(argv: Sequence[str]) -> str:
    run = subprocess.run(argv, capture_output=True, text=True, check=False, cwd="/")
    if run.returncode:
        raise Missing(f"{' '.join(argv[:4])} failed: {run.stderr[-400:]}")
    return run.stdout


def _begin(argv: Sequence[str], folder: Path) -> int:
    with (folder / "log").open("wb") as sink:
        return subprocess.Popen(argv, stdout=sink, stderr=sink, start_new_session=True, cwd=folder).pid


def _tail(folder: Path) -> str:
    return (folder / "log").read_text(errors="replace")[-300:]
