"""A running program: its arguments, its surroundings, and what it may call."""

from __future__ import annotations

import posixpath
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sandbox.ssh.filesystem import FileView, Identity
from sandbox.ssh.streams import Buffer, Discard, Given, Sink, Source

if TYPE_CHECKING:
    from sandbox.machines import Machine
    from sandbox.ssh.host import Host
    from sandbox.world import World

Program = Callable[["Process"], Awaitable[int]]
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Completed:
    """What a finished program left behind."""

    exit_status: int
    stdout: str
    stderr: str


def _nothing() -> None:
    """Default of ``notify_ready``: nobody waits."""


@dataclass
class Process:
    """One program run by one user.

    Attributes:
        version: That of the binary which was started.
        terminal: Whether its streams are a terminal.
    """

    host: Host
    user: Identity
    argv: Sequence[str] = ()
    env: dict[str, str] = field(default_factory=dict)
    cwd: str = "/"
    stdin: Source = field(default_factory=Given)
    stdout: Sink = field(default_factory=Discard)
    stderr: Sink = field(default_factory=Discard)
    version: str = ""
    unit: str | None = None
    terminal: bool = False
    notify_ready: Callable[[], None] = _nothing

    @property
    def name(self) -> str:
        """The program's name as it calls itself in messages."""
        return posixpath.basename(self.argv[0]) if self.argv else "sh"

    @property
    def args(self) -> list[str]:
        """Arguments after the program's name."""
        return list(self.argv[1:])

    @property
    def machine(self) -> Machine:
        """The machine it runs on."""
        return self.host.machine

    @property
    def world(self) -> World:
        """The world."""
        return self.host.world

    @property
    def files(self) -> FileView:
        """Files with the user's rights."""
        return self.host.files.view(self.user)

    def path(self, name: str) -> str:
        """A path as the program means it, made absolute."""
        return posixpath.join(self.cwd, name)

    def out(self, text: str) -> None:
        """Print a line."""
        self.stdout.write(text.encode() + b"\n")

    def err(self, text: str) -> None:
        """Print a line of error output."""
        self.stderr.write(text.encode() + b"\n")

    def fail(self, text: str, status: int = 1) -> int:
        """Print ``name: text`` as an error and give the exit status back."""
        self.err(f"{self.name}: {text}")
        return status

    def child(self, argv: Sequence[str]) -> Process:
        """A process with the same surroundings and other arguments."""
        return replace(self, argv=argv, env=dict(self.env), notify_ready=_nothing)

    async def run(self, argv: Sequence[str]) -> int:
        """Run another program in the same surroundings, to its end."""
        return await self.host.execute(self.child(argv))

    async def capture(self, argv: Sequence[str]) -> Completed:
        """Run another program and keep its output."""
        out, err = Buffer(), Buffer()
        status = await self.host.execute(replace(self.child(argv), stdout=out, stderr=err, stdin=Given()))
        return Completed(status, out.text, err.text)

    async def pause(self, name: str) -> None:
        """Wait as long as a named slow thing takes."""
        await self.world.pause(name)
