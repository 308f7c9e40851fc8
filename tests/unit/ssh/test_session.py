"""Sessions against a real OpenSSH server."""

from __future__ import annotations

import os
import socket
import stat
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from clients.ssh.command import Secret
from clients.ssh.connection import Timeouts
from clients.ssh.files import replace_argv
from clients.ssh.session import Session
from federation.errors import (
    AuthenticationRejected,
    CommandFailed,
    HostKeyMismatch,
    HostUnreachable,
    SpecInvalid,
)
from tests.unit.ssh.openssh import free_port, other_key, private_text, public_line


def test_run_gives_exit_code_and_both_outputs(session):
    """Exit code, standard output and standard error come back apart."""
    result = session.run(["sh", "-c", "echo out; echo err >&2; exit 3"], check=False)
    assert (result.exit_code, result.stdout, result.stderr) == (3, "out\n", "err\n")


def test_words_arrive_exactly_as_they_are(session):
    """Quotes, spaces, newlines, dollars and empty words need no care by the caller."""
    words = ["a b", "it's", '"$HOME"', "new\nline", "", "*", "ü", "-n", "`id`"]
    assert session.run(["printf", "%s|", *words]).stdout == "".join(f"{word}|" for word in words)


def test_a_failing_command_raises_with_its_last_words(session):
    """The error carries exit code and output, and names command and machine."""
    with pytest.raises(CommandFailed, match=r"@127\.0\.0\.1:\d+, 'sh -c .* ended with exit code 7: no luck") as caught:
        session.run(["sh", "-c", "echo no luck >&2; exit 7"])
    assert caught.value.exit_code == 7
    assert caught.value.log_tail == "no luck"


def test_secrets_show_neither_in_errors_nor_in_logs(session, caplog):
    """A Secret word and a Secret input are masked wherever the command shows up."""
    caplog.set_level("DEBUG")
    with pytest.raises(CommandFailed) as caught:
        session.run(["sh", "-c", 'cat >&2; echo "$1" >&2; exit 1', "sh", Secret("hunter2")], stdin=Secret("swordfish"))
    shown = f"{caught.value!r} {caught.value} {caught.value.log_tail} {caplog.text} {Secret('hunter2')!r}"
    assert "***" in caught.value.log_tail
    assert "hunter2" not in shown
    assert "swordfish" not in shown


def test_standard_input_is_sent_and_closed(session):
    """A program that reads to the end of its input ends."""
    assert session.run(["wc", "-c"], stdin="é" * 500_000).stdout.strip() == "1000000"


def test_no_standard_input_is_an_empty_one(session):
    """A program that reads when nothing was given sees the end at once."""
    assert session.run(["cat"]).stdout == ""


def test_large_outputs_on_both_streams_come_whole(session):
    """Ten megabytes on each stream, more than the flow-control window, do not block each other."""
    script = "head -c 10000000 /dev/zero | tr '\\0' a >&2; head -c 10000000 /dev/zero | tr '\\0' b"
    result = session.run(["sh", "-c", script])
    assert (len(result.stdout), len(result.stderr)) == (10_000_000, 10_000_000)


def test_a_command_that_a_signal_ended_has_no_exit_code(session):
    """A killed command is a failure with exit code -1, and the session lives on."""
    with pytest.raises(CommandFailed) as caught:
        session.run(["sh", "-c", "kill -9 $$"])
    assert caught.value.exit_code == -1
    assert session.run(["true"]).exit_code == 0


def test_time_over_means_unreachable_and_closes_the_session(session):
    """After a timeout nobody knows what the command did: the error is retryable."""
    with pytest.raises(HostUnreachable, match=r"did not answer within 0\.2 s"):
        session.run(["sleep", "30"], timeout_s=0.2)
    assert not session.alive


def test_a_lost_connection_means_unreachable(session):
    """The server's side of the connection dies in the middle of a command."""
    with pytest.raises(HostUnreachable, match="dropped the connection"):
        session.run(["sh", "-c", 'kill -9 "$PPID"; exec sleep 30'])
    with pytest.raises(HostUnreachable):
        session.run(["true"])


def test_many_threads_share_one_session(session):
    """More commands at once than the server allows channels: they queue."""
    with ThreadPoolExecutor(24) as threads:
        results = list(threads.map(lambda n: session.run(["sh", "-c", f"sleep 0.05; echo {n}"]).stdout, range(24)))
    assert results == [f"{n}\n" for n in range(24)]


def test_another_host_key_is_a_mismatch(account):
    """The server proves another key of the pinned type: nothing is sent to it."""
    with pytest.raises(HostKeyMismatch, match="another SSH host key"):
        Session(account.but(host_key=public_line(other_key())))


def test_a_pinned_key_of_a_type_that_the_server_lacks_is_a_mismatch(account):
    """Another type of key than the pinned one is never accepted instead."""
    rsa = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDF"
    with pytest.raises(HostKeyMismatch, match="no SSH host key of the pinned type"):
        Session(account.but(host_key=rsa))


def test_an_unknown_private_key_is_rejected(account):
    """A refused key is terminal."""
    with pytest.raises(AuthenticationRejected, match="refuses the key"):
        Session(account.but(private_key=private_text(other_key())))


def test_an_unreadable_private_key_says_what_to_give(account):
    """A broken key is the user's to correct, and is not shown."""
    with pytest.raises(SpecInvalid, match="OpenSSH key") as caught:
        Session(account.but(private_key="-----BEGIN nonsense"))
    assert "nonsense" not in str(caught.value)


def test_an_unreadable_host_key_says_what_to_give(account):
    """A pinned key without its second word is refused before connecting."""
    with pytest.raises(SpecInvalid, match="ssh-ed25519"):
        Session(account.but(host_key="AAAA"))


def test_a_refused_port_is_unreachable(account):
    """Nobody listens."""
    with pytest.raises(HostUnreachable, match="Connection refused"):
        Session(account.but(port=free_port()))


def test_a_silent_server_is_unreachable(account):
    """A port that accepts and says nothing is given up after the handshake's time."""
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(HostUnreachable):
        Session(account.but(port=silent.getsockname()[1]), Timeouts(handshake_s=0.1))


def test_a_server_that_hangs_up_is_asked_three_times(account, caplog):
    """A dropped handshake is tried again, as when sshd sheds load; the library's tracebacks stay out of the log."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        accepted = []

        def hang_up() -> None:
            for _ in range(3):
                connection, _ = server.accept()
                accepted.append(connection)
                connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(HostUnreachable, match="dropped"):
            Session(account.but(port=server.getsockname()[1]))
        thread.join()
    assert len(accepted) == 3
    assert caplog.text == ""


def test_a_missing_file_is_none(session, tmp_path):
    """No file is not an empty file."""
    assert session.read_file(str(tmp_path / "none")) is None


def test_an_unreadable_file_is_an_error_and_not_missing(session, tmp_path):
    """A directory cannot be read: that is never taken for absence."""
    with pytest.raises(CommandFailed):
        session.read_file(str(tmp_path))


def test_a_written_file_has_text_and_mode(session, tmp_path):
    """Directories are made; the mode holds from the first moment."""
    path = tmp_path / "a" / "b c"
    assert session.write_file(str(path), "ünï\n$x", 0o640, sudo=True) is True
    assert path.read_text() == "ünï\n$x"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o755
    assert session.read_file(str(path)) == "ünï\n$x"
    assert os.listdir(path.parent) == ["b c"]


def test_the_same_file_is_not_written_again(session, tmp_path):
    """Same text and mode: untouched down to the inode."""
    path = tmp_path / "file"
    session.write_file(str(path), "same")
    before = path.stat()
    assert session.write_file(str(path), "same") is False
    after = path.stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_mode) == (before.st_ino, before.st_mtime_ns, before.st_mode)
    assert session.write_file(str(path), "same", 0o600) is True
    assert session.write_file(str(path), "other", 0o600) is True


def test_a_stream_cut_short_leaves_the_old_file(session, tmp_path):
    """The length is checked before the move: half a file never replaces a whole one."""
    path = tmp_path / "file"
    path.write_text("old")
    argv = ["sh", "-c", *_replace(path, "new and longer")]
    assert session.run(argv, stdin="new and", check=False).exit_code != 0
    assert path.read_text() == "old"


def _replace(path: Path, text: str) -> Sequence[str | Secret]:
    return replace_argv(str(path), text, 0o644)[2:]


def test_what_follows_a_replacement_runs_after_it(session, tmp_path):
    """The follow-up sees the new file."""
    path = tmp_path / "file"
    session.replace_file(str(path), Secret("new"), 0o600, then=["cp", str(path), f"{path}.seen"])
    assert (tmp_path / "file.seen").read_text() == "new"
