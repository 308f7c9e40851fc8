"""The product's own sessions, on a machine of the sandbox and on one with real sshd."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from clients.ssh.command import Secret
from clients.ssh.connection import Timeouts
from clients.ssh.facts import gather
from clients.ssh.probes import exists, file_digest, file_text
from clients.ssh.session import Session
from federation.errors import AuthenticationRejected, CommandFailed, HostKeyMismatch, HostUnreachable
from tests.contract.ssh.backends import REAL, SANDBOX, Loop, Machine, real_machine, sandbox_machine
from tests.contract.ssh.scenarios.words import HOSTILE
from tests.proving.building import Missing
from tests.proving.kubernetes import free_port
from tests.proving.machine import HOME, other_key, private_text, public_line

MEGABYTES = 10_000_000


@pytest.fixture(scope="module", params=[SANDBOX, pytest.param(REAL, marks=pytest.mark.real)])
def machine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Each backend in turn."""
    folder, loop = tmp_path_factory.mktemp("machine"), Loop()
    try:
        with sandbox_machine(loop, folder) if request.param == SANDBOX else real_machine(folder) as made:
            yield made
    except Missing as reason:
        pytest.skip(str(reason))
    finally:
        loop.close()


@pytest.fixture
def session(machine: Machine) -> Iterator[Session]:
    opened = Session(machine.account)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def _told_in_the_table(machine: Machine, record_property: Callable[[str, object], None]) -> None:
    record_property("server", f"SSH: {machine.name}")
    record_property("version", machine.version)


def test_words_arrive_exactly_as_they_are(session: Session) -> None:
    """As the user and as root."""
    words = list(HOSTILE.values())
    for sudo in (False, True):
        found = session.run(["printf", "%s|", *words], sudo=sudo).stdout
        assert found == "".join(f"{word}|" for word in words)


def test_large_outputs_on_both_streams_come_whole(session: Session) -> None:
    """More than the flow-control window on each, one after the other."""
    script = f"head -c {MEGABYTES} /dev/zero >&2; head -c {MEGABYTES} /dev/zero"
    result = session.run(["sh", "-c", script])
    assert (len(result.stdout), len(result.stderr)) == (MEGABYTES, MEGABYTES)


def test_a_failure_names_command_machine_and_last_words(session: Session) -> None:
    """Secrets stay masked."""
    with pytest.raises(CommandFailed, match=r"ended with exit code 7: no luck with \*\*\*") as caught:
        session.run(["sh", "-c", 'echo "no luck with $1" >&2; exit 7', "sh", Secret("hunter2")])
    assert caught.value.exit_code == 7


@pytest.mark.parametrize("size", [10, MEGABYTES])
def test_a_command_that_leaves_its_input_unread_tells_its_own_end(session: Session, size: int) -> None:
    """However much of it was sent by then; and the session lives on."""
    codes = [session.run(["sh", "-c", f"exit {code}"], stdin="x" * size, check=False).exit_code for code in range(20)]
    assert codes == list(range(20))


def test_a_command_that_a_signal_ended_has_no_exit_code(session: Session) -> None:
    """And the session lives on."""
    assert session.run(["sh", "-c", "kill -9 $$"], check=False).exit_code == -1
    assert session.run(["echo", "alive"]).stdout == "alive\n"


def test_a_command_that_is_given_up_goes_on(machine: Machine, session: Session) -> None:
    """Time over means unknown: what was begun may still be done."""
    script = "touch began; sleep 0.5; touch given-up-and-done"
    with pytest.raises(HostUnreachable, match=r"did not answer within 0\.1 s"):
        session.run(["sh", "-c", script], timeout_s=0.1)
    again, path = Session(machine.account), f"{HOME}/given-up-and-done"
    try:
        assert _comes(lambda: gather(again, [exists(path)])[exists(path)])
    finally:
        again.run(["rm", "-f", "began", "given-up-and-done"])
        again.close()


def _comes(condition: Callable[[], bool]) -> bool:
    pause = threading.Event()
    for _ in range(300):
        if condition():
            return True
        pause.wait(0.02)
    return False


def test_the_servers_side_dies_in_the_middle(session: Session) -> None:
    """That is no exit code: the machine is unreachable, and the session is closed."""
    with pytest.raises(HostUnreachable, match="dropped the connection"):
        session.run(["sh", "-c", 'kill -9 "$PPID"; exec sleep 30'])
    assert not session.alive


def test_more_commands_than_sessions_queue(session: Session) -> None:
    """sshd allows ten sessions at once; forty threads share one connection all the same."""
    with ThreadPoolExecutor(40) as threads:
        found = list(threads.map(lambda n: session.run(["sh", "-c", f"sleep 0.02; echo {n}"]).stdout, range(40)))
    assert found == [f"{number}\n" for number in range(40)]


def test_a_file_is_replaced_in_one_move(session: Session) -> None:
    """Text and mode are what was asked for; the same again changes nothing; a missing one is None."""
    path = f"{HOME}/deep/er/it's a file"
    assert session.read_file(path) is None
    assert session.write_file(path, "ünï\n$x", 0o600) is True
    assert session.write_file(path, "ünï\n$x", 0o600) is False
    assert session.write_file(path, "ünï\n$x", 0o640) is True
    assert session.read_file(path) == "ünï\n$x"
    assert session.run(["stat", "-c", "%a %U", path]).stdout == "640 ubuntu\n"
    assert session.run(["ls", "-A", f"{HOME}/deep/er"]).stdout == "it's a file\n"
    session.run(["rm", "-r", f"{HOME}/deep"])


def test_what_may_not_be_read_or_written_is_an_error(session: Session) -> None:
    """It is never taken for absent; root reads and writes it."""
    with pytest.raises(CommandFailed, match="Permission denied"):
        session.read_file("/etc/shadow")
    with pytest.raises(CommandFailed, match="Permission denied"):
        session.write_file("/etc/flotilla-test", "x")
    assert session.write_file("/etc/flotilla-test", "x", sudo=True)
    asked = [file_text("/etc/flotilla-test"), file_digest("/etc/nothing-there")]
    facts = gather(session, asked)
    assert [facts[fact] for fact in asked] == ["x", None]


def test_who_may_not_enter_is_told_apart(machine: Machine) -> None:
    """Another host key, a refused key, an unknown user, a closed port: each has its own error."""
    account = machine.account
    with pytest.raises(HostKeyMismatch, match="another SSH host key"):
        Session(account.but(host_key=public_line(other_key())))
    with pytest.raises(HostKeyMismatch, match="no SSH host key of the pinned type"):
        Session(account.but(host_key="ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDF"))
    with pytest.raises(AuthenticationRejected, match="refuses the key"):
        Session(account.but(private_key=private_text(other_key())))
    with pytest.raises(AuthenticationRejected, match="refuses the key"):
        Session(account.but(user="nosuch"))
    with pytest.raises(HostUnreachable, match="Connection refused"):
        Session(account.but(port=free_port(account.address)))


def test_a_quiet_link_is_kept_alive(machine: Machine) -> None:
    """Probes are answered while a command says nothing."""
    session = Session(machine.account, Timeouts(keepalive_s=1))
    try:
        assert session.run(["sh", "-c", "sleep 2.5; echo done"]).stdout == "done\n"
    finally:
        session.close()
