"""The same conversation with the sandbox's SSH server and with OpenSSH's: what the client promises holds on both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import pytest

from clients.ssh import probes
from clients.ssh.command import Secret
from clients.ssh.facts import gather
from clients.ssh.session import Session
from federation.errors import AuthenticationRejected, CommandFailed, HostKeyMismatch, HostUnreachable
from providers.contracts import Login
from tests.contract.providers.bootstrap_rig import a_sandbox
from tests.networks import reserve_network
from tests.unit.ssh.openssh import SSHD, free_port, openssh_server, other_key, private_text, public_line


@pytest.fixture(scope="module", params=["sandbox", "openssh"])
def login(request, tmp_path_factory) -> Iterator[Login]:
    """A login to a machine of the sandbox, then to a real server."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "sandbox":
        with a_sandbox(folder, reserve_network()) as rig:
            (found,) = rig.logins(1).values()
            yield found
        return
    if not SSHD.exists():
        pytest.skip("needs OpenSSH's sshd")
    with openssh_server(folder) as account:
        yield Login(account.address, account.user, account.host_key, account.private_key, account.port)


@pytest.fixture
def session(login) -> Iterator[Session]:
    """An open session."""
    opened = Session(login)
    yield opened
    opened.close()


@pytest.fixture
def path(session) -> Iterator[str]:
    """A directory on the machine."""
    name = f"/tmp/flotilla test {uuid4()}"
    yield name
    session.run(["rm", "-rf", name], sudo=True)


def test_exit_codes_and_outputs(session):
    """Both streams apart, and the code."""
    result = session.run(["sh", "-c", "echo out; echo err >&2; exit 3"], check=False)
    assert (result.exit_code, result.stdout, result.stderr) == (3, "out\n", "err\n")


def test_words_arrive_exactly(session):
    """Quotes, spaces, newlines, dollars, globs and empty words."""
    words = ["a b", "it's", '"$HOME"', "new\nline", "", "*", "ü", "`id`", "#x", "~", "\\"]
    assert session.run(["printf", "%s|", *words]).stdout == "".join(f"{word}|" for word in words)


def test_sudo_gives_root(session):
    """Without a question for a password."""
    assert session.run(["id", "-u"], sudo=True).stdout == "0\n"


def test_a_command_that_does_not_exist(session):
    """Exit code 127, as shells give."""
    with pytest.raises(CommandFailed, match="not found") as caught:
        session.run(["no-such-program"])
    assert caught.value.exit_code == 127


def test_large_input_and_output(session, path):
    """A megabyte there and back."""
    text = "0123456789abcdef" * 65_536
    session.write_file(f"{path}/big", text, 0o644, sudo=True)
    assert session.read_file(f"{path}/big") == text


def test_files_are_read_and_written(session, path):
    """Missing, new, same, changed; mode and owner as asked."""
    name = f"{path}/deep/file"
    assert session.read_file(name, sudo=True) is None
    assert session.write_file(name, Secret("ünï\n$x"), 0o600, sudo=True) is True
    assert session.write_file(name, Secret("ünï\n$x"), 0o600, sudo=True) is False
    assert session.write_file(name, Secret("ünï\n$x"), 0o640, sudo=True) is True
    assert session.read_file(name, sudo=True) == "ünï\n$x"
    shown = session.run(["stat", "-c", "%a %U", name], sudo=True).stdout
    assert shown == "640 root\n"
    assert session.run(["ls", f"{path}/deep"], sudo=True).stdout == "file\n"


def test_what_cannot_be_read_is_not_missing(session, path):
    """A directory in place of a file is an error."""
    session.run(["mkdir", "-p", path], sudo=True)
    with pytest.raises(CommandFailed):
        session.read_file(path, sudo=True)


def test_facts_in_one_look(session, path):
    """Files, modules, settings and packages, there and not there."""
    name = f"{path}/it's"
    session.write_file(name, "text\n\n", sudo=True)
    present, absent = probes.file_text(name), probes.file_text(f"{path}/none")
    digest, there, module = probes.file_digest(name), probes.exists(name), probes.kernel_module("no_such_module")
    known, unknown = probes.sysctl("net.ipv4.ip_forward"), probes.sysctl("net.no.such.key")
    swap, system, packages = probes.swap_in_use(), probes.operating_system(), probes.packages(["bash", "no-such-pkg"])
    facts = gather(
        session, [present, absent, digest, there, module, known, unknown, swap, system, packages, probes.architecture()]
    )
    assert (facts[present], facts[absent], facts[there], facts[module]) == ("text\n\n", None, True, False)
    assert facts[known] in ("0", "1")
    assert facts[unknown] is None
    assert facts[system].is_debian
    assert "no-such-pkg" not in facts[packages]
    assert isinstance(facts[swap], bool)
    assert len(facts[digest] or "") == 64


def test_another_host_key_is_refused(login):
    """Before anything is sent."""
    with pytest.raises(HostKeyMismatch):
        Session(replace(login, host_key=public_line(other_key())))


def test_another_user_key_is_refused(login):
    """Terminal: asking again does not help."""
    with pytest.raises(AuthenticationRejected):
        Session(replace(login, private_key=private_text(other_key())))


def test_nobody_listening_is_unreachable(login):
    """Retryable: machines come up."""
    with pytest.raises(HostUnreachable):
        Session(replace(login, port=free_port()))


def test_a_command_that_takes_too_long_is_given_up(login):
    """Its effect is unknown, and the session is closed."""
    opened = Session(login)
    with pytest.raises(HostUnreachable):
        opened.run(["sleep", "30"], timeout_s=0.3)
    assert not opened.alive
