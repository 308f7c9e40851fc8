"""One machine over SSH: run commands, read and write files."""

from __future__ import annotations

import logging
import select
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import paramiko
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from clients import fence
from clients.round_trip import RoundTrip
from clients.ssh.command import Argv, Secret, Word, redact, render_command, render_masked, reveal, secrets_of
from clients.ssh.connection import Login, Timeouts, open_transport, place_of
from clients.ssh.files import is_missing, is_same, look_argv, read_argv, replace_argv
from federation.errors import CommandFailed, HostUnreachable

_log = logging.getLogger(__name__)
_CHUNK = 65536
_CHANNELS = 8  # sshd's MaxSessions allows ten per connection
_TAIL = 2000
_COMMAND_TRIPS = 10


@dataclass(frozen=True)
class Result:
    """What a command gave back. ``exit_code`` is -1 when a signal ended it."""

    exit_code: int
    stdout: str = field(repr=False)
    stderr: str = field(repr=False)


class Session:
    """A logged-in connection to one machine; may be shared between threads.

    Commands need a POSIX shell as the user's login shell, and with ``sudo`` a sudo that asks for no password.
    Everything may raise HostUnreachable, after which the effect of a command is unknown and the session is closed.
    """

    def __init__(self, login: Login, timeouts: Timeouts | None = None) -> None:
        self._timeouts = timeouts or Timeouts()
        self.place = place_of(login)
        self.address = login.address
        self._is_root = login.user == "root"
        self._slots = threading.BoundedSemaphore(_CHANNELS)
        self.round_trip = RoundTrip()
        self._transport = open_transport(login, self._timeouts)

    @property
    def alive(self) -> bool:
        """Whether the connection still stands, as far as is known."""
        return bool(self._transport.is_active())

    def close(self) -> None:
        """Hang up; repeating it is no error."""
        self._transport.close()

    def run(
        self,
        argv: Argv,
        *,
        sudo: bool = False,
        stdin: Word | None = None,
        check: bool = True,
        timeout_s: float = 60.0,
    ) -> Result:
        """Run a command to its end.

        Args:
            argv: Words; each reaches the program exactly as it is.
            sudo: As root.
            stdin: Text for its standard input, which is closed after it; empty when left out.
            check: Raise when the exit code is not 0.
            timeout_s: Seconds until the command is given up, and some round trips; it may go on remotely.

        Raises:
            CommandFailed: Exit code not 0 and ``check``; the message is redacted.
            HostUnreachable: Link lost or time over: the effect is unknown.
        """
        line = render_command(argv, sudo=sudo and not self._is_root)
        limit_s = self.round_trip.allow(timeout_s, _COMMAND_TRIPS)
        with self.round_trip.measured():
            result = self._execute(line, "" if stdin is None else reveal(stdin), limit_s)
        _log.debug("ran on %s: %s -> %d", self.place, redact(render_masked(argv)), result.exit_code)
        if check and result.exit_code != 0:
            hidden = (*secrets_of(argv), *((stdin.value,) if isinstance(stdin, Secret) else ()))
            raise failure(self.place, argv, result, hidden)
        return result

    def read_file(self, path: str, *, sudo: bool = False) -> str | None:
        """The text of a file, None when there is no such file.

        Raises:
            CommandFailed: There is one but it cannot be read, for example for want of rights.
        """
        argv = read_argv(path)
        result = self.run(argv, sudo=sudo, check=False)
        if is_missing(result.exit_code, result.stderr):
            return None
        if result.exit_code != 0:
            raise failure(self.place, argv, result)
        return result.stdout

    def write_file(self, path: str, text: Word, mode: int = 0o644, *, sudo: bool = False) -> bool:
        """Give a file this text and mode; a file that has them is left alone.

        The new file takes the old one's place in one move: a reader sees one or the other, whenever the link breaks.

        Returns:
            Whether anything was changed.
        """
        if is_same(self.run(look_argv(path), sudo=sudo).stdout, text, mode):
            return False
        self.replace_file(path, text, mode, sudo=sudo)
        return True

    def replace_file(self, path: str, text: Word, mode: int = 0o644, *, then: Argv = (), sudo: bool = False) -> None:
        """Write a file whatever it holds, then run ``then`` (such as a restart) even if the link breaks in between."""
        self.run(replace_argv(path, text, mode, then), sudo=sudo, stdin=text)

    def _execute(self, line: str, stdin: str, timeout_s: float) -> Result:
        deadline = time.monotonic() + timeout_s
        try:
            with self._channel(timeout_s) as channel:
                fence.ask()  # last of all: to open a channel takes round trips, and a frozen run may wake up in one
                channel.exec_command(line)
                self._feed(channel, stdin)
                stdout, stderr = _read_all(channel, deadline)
                exit_code = self._exit_code(channel, deadline)
        except (paramiko.SSHException, EOFError, OSError) as error:
            self.close()
            over = isinstance(error, TimeoutError)
            what = f"did not answer within {timeout_s:g} s" if over else "dropped the connection"
            raise HostUnreachable(f"{self.place} {what}") from error
        return Result(exit_code, stdout.decode(errors="replace"), stderr.decode(errors="replace"))

    def _feed(self, channel: paramiko.Channel, stdin: str) -> None:
        """Give a command its input; one that has ended before it read all of it tells itself why."""
        try:
            channel.sendall(stdin.encode())
        except OSError:
            if not (channel.closed and self.alive):
                raise
        channel.shutdown_write()

    @contextmanager
    def _channel(self, timeout_s: float) -> Iterator[paramiko.Channel]:
        if not self._slots.acquire(timeout=timeout_s):
            raise TimeoutError("no free channel")
        try:
            with self._opened(timeout_s) as channel:
                channel.settimeout(timeout_s)
                yield channel
        finally:
            self._slots.release()

    def _opened(self, timeout_s: float) -> paramiko.Channel:
        """A channel; when the server has none free, the places of ended commands are waited for.

        sshd counts a session until its program is reaped, which is later than its client has heard of the end.
        """
        policy = Retrying(
            retry=retry_if_exception(self._is_full),
            stop=stop_after_delay(timeout_s),
            wait=wait_random_exponential(multiplier=0.02, max=1.0),
            reraise=True,
        )
        return policy(self._transport.open_session, timeout=min(timeout_s, self._timeouts.auth_s))

    def _is_full(self, error: BaseException) -> bool:
        """Whether the server refused a channel; of several refusals at once paramiko says only of one what it was."""
        refused = isinstance(error, paramiko.ChannelException) or str(error) == "Unable to open channel."
        return refused and self.alive

    def _exit_code(self, channel: paramiko.Channel, deadline: float) -> int:
        """The exit code; a channel that closes without one was ended by a signal, or with the whole connection."""
        if not channel.status_event.wait(max(0.0, deadline - time.monotonic())):
            raise TimeoutError("no exit status")
        if channel.exit_status == -1 and not self.alive:
            raise EOFError("connection lost")
        return channel.exit_status


def failure(place: str, argv: Argv, result: Result, secrets: tuple[str, ...] = ()) -> CommandFailed:
    """The error of a command that ended with an exit code other than 0, with everything secret masked."""
    tail = redact((result.stderr.strip() or result.stdout.strip())[-_TAIL:], secrets)
    command = redact(render_masked(argv), secrets)
    last_line = tail.rsplit("\n", 1)[-1]
    short = command if len(command) <= 120 else f"{command[:119]}…"
    return CommandFailed(
        f"on {place}, '{short}' ended with exit code {result.exit_code}: {last_line[:200]}",
        exit_code=result.exit_code,
        log_tail=tail,
    )


def _read_all(channel: paramiko.Channel, deadline: float) -> tuple[bytes, bytes]:
    """Both outputs to their ends; they share one flow-control window, so both are emptied as they come."""
    stdout, stderr = bytearray(), bytearray()
    poller = select.poll()
    poller.register(channel.fileno(), select.POLLIN)
    while not (channel.eof_received or channel.closed):
        if not poller.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise TimeoutError("output")
        _drain(channel, stdout, stderr)
    _drain(channel, stdout, stderr)
    return bytes(stdout), bytes(stderr)


def _drain(channel: paramiko.Channel, stdout: bytearray, stderr: bytearray) -> None:
    while channel.recv_ready():
        stdout += channel.recv(_CHUNK)
    while channel.recv_stderr_ready():
        stderr += channel.recv_stderr(_CHUNK)
