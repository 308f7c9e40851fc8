"""One service of a machine: its processes, its state as ``systemctl show`` names it, and its restarts."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.ssh.filesystem import ROOT
from sandbox.ssh.process import DEFAULT_PATH, Process
from sandbox.ssh.streams import Lines
from sandbox.ssh.unitfile import ExecLine, UnitFile

if TYPE_CHECKING:
    from sandbox.ssh.host import Host

log = logging.getLogger(__name__)
_RESTART_LEAST_S, _RESTART_MOST_S = 0.05, 30.0
_RUNNING = {"active", "activating", "reloading"}
_KILLED = 15
_ABORTED = 134


@dataclass
class State:
    """What systemd remembers of a unit; strings are those of ``systemctl show``."""

    active: str = "inactive"
    sub: str = "dead"
    result: str = "success"
    main_pid: int = 0
    exit_code: int = 0
    exit_status: int = 0
    restarts: int = 0

    @property
    def running(self) -> bool:
        """Whether it is up or coming up."""
        return self.active in _RUNNING


@dataclass
class Service:
    """A loaded service unit."""

    host: Host
    name: str
    file: UnitFile
    state: State = field(default_factory=State)
    transient: bool = False
    collect: bool = False
    _came_up: bool = False
    _task: asyncio.Task[None] | None = None
    _settled: asyncio.Event = field(default_factory=asyncio.Event)
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    def log(self, message: str, identifier: str = "systemd") -> None:
        """Add a line to the unit's journal."""
        self.host.log.add(self.name, message, identifier)

    @property
    def description(self) -> str:
        """What the unit calls itself."""
        return self.file.get("Unit", "Description", self.name)

    def begin(self) -> None:
        """Start it in the background; nothing happens when it is up or coming up."""
        if self.state.running and self._task is not None:
            if self.state.sub != "auto-restart":
                return
            self._task.cancel()
        self.state = State("activating", "start", restarts=self.state.restarts)
        self._settled, self._ended, self._came_up = asyncio.Event(), asyncio.Event(), False
        self.log(f"Starting {self.name} - {self.description}...")
        self._task = asyncio.get_running_loop().create_task(self._life(), name=f"{self.host.machine.id}:{self.name}")

    async def start(self) -> bool:
        """Start it and wait until it is up or has failed to; True also when it has ended well, or fails later."""
        self.begin()
        await self._settled.wait()
        return self._came_up

    async def wait_end(self) -> None:
        """Wait until its processes have ended."""
        await self._ended.wait()

    async def stop(self) -> None:
        """End its processes; nothing happens when it is down."""
        was_up = self.state.running
        await self._cancel()
        if was_up:
            for line in self.file.commands("ExecStop"):
                await self._spawn(line)
            self.log(f"Stopped {self.name} - {self.description}.")
        if self.state.active != "failed":
            self.state = State(restarts=0)

    async def cut(self) -> None:
        """The power is gone: its processes end without a word."""
        await self._cancel()
        self.state = State()

    def reset_failed(self) -> None:
        """Forget a failure."""
        if self.state.active == "failed":
            self.state = State()

    async def _cancel(self) -> None:
        task, self._task = self._task, None
        if task is not None and not task.done():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.shield(asyncio.gather(task, return_exceptions=True))
        self._settled.set()
        self._ended.set()

    async def _life(self) -> None:
        pause_s = max(_RESTART_LEAST_S, self.host.world.delay("systemd.restart"))
        while True:
            status = await self._survived()
            self._finish(status)
            self._came_up = self._came_up or status == 0
            self._settled.set()
            if not self._restarts_after(status):
                break
            self.state.active, self.state.sub = "activating", "auto-restart"
            self.host.changed()
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _RESTART_MOST_S)
            self.state.restarts += 1
            self.log(f"{self.name}: Scheduled restart job, restart counter is at {self.state.restarts}.")
        self._ended.set()
        self.host.changed()

    async def _survived(self) -> int:
        """Its exit status; a defect of an emulated program counts as its crash, and is told."""
        try:
            return await self._once()
        except Exception as error:
            log.exception("%s: the program of %s has a defect", self.host.machine.name, self.name)
            self.log(f"{type(error).__name__}: {error}")
            return _ABORTED

    def _restarts_after(self, status: int) -> bool:
        return self.file.restarts == "always" or (self.file.restarts == "on-failure" and status != 0)

    async def _once(self) -> int:
        kind = self.file.type
        for line in self.file.commands("ExecStartPre"):
            status = await self._spawn(line)
            if status and not line.ignore_failure:
                return status
        status = 0
        for line in self.file.commands("ExecStart"):
            self.state.main_pid = self.host.next_pid()
            if kind in ("simple", "exec", "idle", "forking"):
                self._up()
            status = await self._spawn(line)
            if status and not line.ignore_failure:
                return status
        return 0 if status and self.file.commands("ExecStart")[-1].ignore_failure else status

    def _up(self) -> None:
        self.state.active, self.state.sub = "active", "running"
        self.log(f"Started {self.name} - {self.description}.")
        self._came_up = True
        self._settled.set()
        self.host.changed()

    async def _spawn(self, line: ExecLine) -> int:
        name = line.argv[0].rpartition("/")[2]
        lines = Lines(lambda text: self.log(text, name))
        process = Process(
            host=self.host,
            user=self.host.user(self.file.get("Service", "User", "root")) or ROOT,
            argv=line.argv,
            env=self._environment(),
            cwd=self.file.get("Service", "WorkingDirectory", "/"),
            stdout=lines,
            stderr=lines,
            unit=self.name,
            notify_ready=self._up if self.file.type == "notify" else lambda: None,
        )
        try:
            return await self.host.execute(process)
        finally:
            lines.flush()

    def _environment(self) -> dict[str, str]:
        env = {"PATH": DEFAULT_PATH, "INVOCATION_ID": self.host.machine.id}
        for word in self.file.words("Service", "Environment"):
            name, _, value = word.partition("=")
            env[name] = value
        for word in self.file.words("Service", "EnvironmentFile"):
            env |= self._environment_file(word)
        return env

    def _environment_file(self, word: str) -> Mapping[str, str]:
        files = self.host.files.view(ROOT)
        path = word.removeprefix("-")
        if not files.exists(path):
            return {}
        pairs = (line.partition("=") for line in files.text(path).splitlines() if line.strip()[:1] not in ("", "#"))
        return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}

    def _finish(self, status: int) -> None:
        state = self.state
        state.exit_code, state.exit_status, state.main_pid = 1, status, 0
        if status:
            state.active, state.sub, state.result = "failed", "failed", "exit-code"
            self.log(f"{self.name}: Main process exited, code=exited, status={status}/{_word(status)}")
            self.log(f"{self.name}: Failed with result 'exit-code'.")
        elif self.file.remains:
            state.active, state.sub = "active", "exited"
            self.log(f"Finished {self.name} - {self.description}.")
        else:
            state.active, state.sub = "inactive", "dead"
            self.log(f"{self.name}: Deactivated successfully.")

    def properties(self) -> dict[str, str]:
        """What ``systemctl show`` prints of its run."""
        state = self.state
        return {
            "Id": self.name,
            "Description": self.description,
            "Type": self.file.type,
            "Restart": self.file.restarts,
            "RemainAfterExit": "yes" if self.file.remains else "no",
            "ActiveState": state.active,
            "SubState": state.sub,
            "Result": state.result,
            "MainPID": str(state.main_pid),
            "ExecMainPID": str(state.main_pid),
            "ExecMainCode": str(state.exit_code),
            "ExecMainStatus": str(state.exit_status),
            "NRestarts": str(state.restarts),
            "Transient": "yes" if self.transient else "no",
        }

    def snapshot(self) -> dict[str, Any]:
        """Its state as JSON."""
        return vars(self.state).copy()

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up a state; a run that cannot be taken up again counts as killed."""
        self.state = State(**state)
        if self.state.running and self.state.sub != "exited" and (self.transient or self.file.type == "oneshot"):
            self.state = State("failed", "failed", "signal", 0, 2, _KILLED)


def _word(status: int) -> str:
    return {1: "FAILURE", 2: "INVALIDARGUMENT", 203: "EXEC", 127: "n/a"}.get(status, "n/a")
