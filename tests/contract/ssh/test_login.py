"""Logging in, running commands and moving files, as paramiko and OpenSSH's own clients do it."""

from __future__ import annotations

import asyncio
import io
import shutil
import subprocess
from pathlib import Path

import paramiko
import pytest

from sandbox.faults import Action, Rule
from sandbox.machines import new_key
from tests.contract.ssh.conftest import execute, until

NEEDS_SSH = pytest.mark.skipif(shutil.which("ssh") is None, reason="no OpenSSH client here")
MEGABYTES = 5_000_000


async def test_a_command_gives_output_error_output_and_exit_status(lab):
    """Streams stay apart and the status arrives."""
    machine = await lab.machine()
    assert await lab.run(machine, "echo out; echo err >&2; exit 7") == (7, "out\n", "err\n")


async def test_stdin_reaches_the_program(lab):
    """What is written before the end of input is what the program reads."""
    machine = await lab.machine()
    assert (await lab.run(machine, "cat | wc -c", stdin=b"x" * 100_000))[1] == "100000\n"


async def test_five_megabytes_of_output_arrive_whole(lab):
    """Flow control does not lose or cut bytes."""
    machine = await lab.machine()
    status, out, _ = await lab.run(machine, f"head -c {MEGABYTES} /dev/zero")
    assert (status, len(out)) == (0, MEGABYTES)


async def test_a_program_ended_by_a_signal_is_told_as_a_signal(lab):
    """Without a status, clients report -1, as with a real sshd."""
    machine = await lab.machine()
    assert (await lab.run(machine, "kill -TERM $$"))[0] == -1


async def test_a_key_that_is_not_authorized_is_refused(lab):
    """Authentication fails, it does not hang."""
    machine = await lab.machine()
    with pytest.raises(paramiko.AuthenticationException):
        await lab.talk(machine, lambda client: None, key=new_key())


async def test_an_unknown_user_is_refused(lab):
    """Users are those of the machine's own /etc/passwd."""
    machine = await lab.machine()
    with pytest.raises(paramiko.AuthenticationException):
        await lab.run(machine, "true", user="nosuch")


async def test_removing_a_key_on_the_machine_locks_its_owner_out(lab):
    """authorized_keys is a file of the machine, not a setting of the server."""
    machine = await lab.machine()
    await lab.run(machine, "rm ~/.ssh/authorized_keys")
    with pytest.raises(paramiko.AuthenticationException):
        await lab.run(machine, "true")
    assert (await lab.run(machine, "whoami", user="root"))[1] == "root\n"


async def test_a_client_that_pinned_another_host_key_does_not_connect(lab):
    """The server shows the machine's own key."""
    machine = await lab.machine()
    with pytest.raises(paramiko.BadHostKeyException):
        await lab.talk(machine, lambda client: None, trust=new_key())


async def test_ten_commands_run_at_once_on_one_connection(lab):
    """Channels of one transport do not disturb each other."""
    machine = await lab.machine()

    def many(client: paramiko.SSHClient) -> list[str]:
        channels = [client.exec_command(f"cat; echo {n}") for n in range(10)]
        for channel_in, _, _ in reversed(channels):
            channel_in.channel.shutdown_write()
        return [out.read().decode().strip() for _, out, _ in channels]

    assert await lab.talk(machine, many) == [str(n) for n in range(10)]


async def test_fifty_machines_answer_at_once(lab):
    """Each on its own address, with its own host key and host name."""
    machines = [await lab.machine() for _ in range(50)]
    answers = await asyncio.gather(*(lab.run(machine, "hostname") for machine in machines))
    assert [out.strip() for _, out, _ in answers] == [machine.name for machine in machines]


def _files(client: paramiko.SSHClient, machine_path: str, payload: bytes) -> dict[str, object]:
    with client.open_sftp() as sftp:
        sftp.putfo(io.BytesIO(payload), f"{machine_path}.part")
        sftp.chmod(f"{machine_path}.part", 0o600)
        sftp.posix_rename(f"{machine_path}.part", machine_path)
        got = io.BytesIO()
        sftp.getfo(machine_path, got)
        attributes = sftp.stat(machine_path)
        mode = (attributes.st_mode or 0) & 0o777
        return {"same": got.getvalue() == payload, "mode": mode, "names": sftp.listdir(".")}


async def test_sftp_uploads_renames_and_downloads(lab):
    """Three megabytes go up, take their place in one step and come back the same."""
    machine = await lab.machine()
    seen = await lab.talk(machine, lambda c: _files(c, "big.bin", bytes(range(256)) * 12_000))
    assert seen["same"]
    assert seen["mode"] == 0o600
    assert sorted(seen["names"]) == [".ssh", "big.bin"]
    assert (await lab.run(machine, "stat -c '%s %a %U' big.bin"))[1] == "3072000 600 ubuntu\n"


async def test_sftp_posix_rename_replaces_and_plain_rename_does_not(lab):
    """Version 3 rename refuses an existing target."""
    machine = await lab.machine()

    def rename(client: paramiko.SSHClient) -> bytes:
        with client.open_sftp() as sftp:
            sftp.putfo(io.BytesIO(b"old"), "f")
            sftp.putfo(io.BytesIO(b"new"), "f.tmp")
            with pytest.raises(OSError, match="Failure"):
                sftp.rename("f.tmp", "f")
            sftp.posix_rename("f.tmp", "f")
            with sftp.open("f") as file:
                return file.read()

    assert await lab.talk(machine, rename) == b"new"


async def test_sftp_cannot_leave_the_machine_or_its_users_rights(lab):
    """Dots stop at the machine's root, and system files are root's."""
    machine = await lab.machine()

    def probe(client: paramiko.SSHClient) -> str:
        with client.open_sftp() as sftp:
            with pytest.raises(PermissionError):
                sftp.putfo(io.BytesIO(b"x"), "/etc/evil")
            with pytest.raises(FileNotFoundError):
                sftp.stat("../../../../../../nowhere")
            return sftp.normalize("../../../..")

    assert await lab.talk(machine, probe) == "/"


async def test_each_command_is_counted_as_reading_or_changing(lab):
    """The journal tells what would have changed the machine."""
    machine = await lab.machine()
    lab.world.journal.reset()

    def both(client: paramiko.SSHClient) -> None:
        execute(client, "sudo cat /etc/hosts && grep -c local /etc/hosts 2>/dev/null")
        execute(client, "sudo -n sh -c 'echo x > /etc/x'")
        with client.open_sftp() as sftp:
            sftp.putfo(io.BytesIO(b"x"), "f")

    await lab.talk(machine, both)
    changing = [(e.method, e.path) for e in lab.world.journal.entries("ssh", mutating=True)]
    assert changing == [("exec", "sudo -n sh -c 'echo x > /etc/x'"), ("sftp", "write /home/ubuntu/f")]


@pytest.mark.parametrize(
    ("method", "action", "expected"),
    [
        ("connect", Action(reset=True), paramiko.SSHException),
        ("auth", Action(auth=True), paramiko.AuthenticationException),
    ],
)
async def test_a_fault_on_the_way_in_is_felt_by_the_client(lab, method, action, expected):
    """Refused keys and cut connections look as they do with a real server."""
    machine = await lab.machine()
    lab.world.faults.add(Rule(action, wire="ssh", target=machine.name, method=method, count=1))
    with pytest.raises((expected, ConnectionError, EOFError)):
        await lab.run(machine, "true")
    assert (await lab.run(machine, "true"))[0] == 0


async def test_a_fault_answers_in_the_programs_place(lab):
    """The command is not run; its status and error output are the rule's."""
    machine = await lab.machine()
    action = Action(exit_code=100, stderr="E: Could not get lock\n")
    lab.world.faults.add(Rule(action, wire="ssh", target="*", method="exec", path="^touch", count=1))
    assert await lab.run(machine, "touch f") == (100, "", "E: Could not get lock\n")
    assert (await lab.run(machine, "test -e f"))[0] == 1


async def test_a_reply_that_is_lost_leaves_the_work_done(lab):
    """Dropping the reply cuts the connection after the command ran."""
    machine = await lab.machine()
    lab.world.faults.add(Rule(Action(drop_reply=True), wire="ssh", method="exec", path="^touch", count=1))
    assert (await lab.run(machine, "touch f"))[0] == -1
    assert (await lab.run(machine, "test -e f"))[0] == 0


async def test_a_machine_without_power_refuses_connections_and_forgets_tmp(lab):
    """After a power cut the disk is as it was and /tmp is empty."""
    machine = await lab.machine()
    await lab.run(machine, "touch /tmp/t; touch keep")
    await lab.world.power_off(machine)
    with pytest.raises(paramiko.ssh_exception.NoValidConnectionsError):
        await lab.run(machine, "true")
    await lab.world.boot(machine)
    assert (await lab.run(machine, "ls /tmp . "))[1] == "keep\n"


async def test_a_power_cut_ends_running_commands(lab):
    """A client that waits sees its connection go."""
    machine = await lab.machine()
    waiting = asyncio.create_task(lab.run(machine, "sleep 3600"))
    await until(lambda: any(entry.method == "exec" for entry in lab.world.journal.entries("ssh")))
    await lab.world.power_off(machine)
    assert (await waiting)[0] == -1


def _openssh(lab, machine, folder: Path) -> list[str]:
    key, known = folder / "key", folder / "known_hosts"
    key.write_text(lab.key.private)
    key.chmod(0o600)
    known.write_text(f"[{machine.public_address}]:2222 {machine.host_keys[0].public}\n")
    return [
        "-i",
        str(key),
        "-o",
        f"UserKnownHostsFile={known}",
        "-o",
        "StrictHostKeyChecking=yes",
        "-o",
        "BatchMode=yes",
    ]


def _run(argv: list[str], text: str = "") -> subprocess.CompletedProcess:
    return subprocess.run(argv, input=text, capture_output=True, text=True, timeout=60, check=False)


@NEEDS_SSH
async def test_the_real_ssh_client_logs_in_and_runs_commands(lab, tmp_path):
    """With strict host key checking, a command and a loop of lines."""
    machine = await lab.machine()
    argv = ["ssh", "-p", "2222", *_openssh(lab, machine, tmp_path), f"ubuntu@{machine.public_address}"]
    one = await lab.in_thread(lambda: _run([*argv, "echo hi; exit 3"]))
    assert (one.returncode, one.stdout) == (3, "hi\n")
    script = "cd /etc\npwd\nfalse\necho $?\nexit\n"
    loop = await lab.in_thread(lambda: _run(argv, script))
    assert loop.stdout == "/etc\n1\n"


@NEEDS_SSH
@pytest.mark.parametrize("protocol", ["-O", "-s"])
async def test_the_real_scp_client_copies_both_ways(lab, tmp_path, protocol):
    """By the old protocol and over SFTP."""
    machine = await lab.machine()
    options = ["scp", protocol, "-P", "2222", *_openssh(lab, machine, tmp_path)]
    source, back = tmp_path / "source", tmp_path / "back"
    source.write_bytes(b"payload" * 1000)
    remote = f"ubuntu@{machine.public_address}:copy"
    for pair in ([str(source), remote], [remote, str(back)]):
        done = await lab.in_thread(lambda argv=[*options, *pair]: _run(argv))
        assert done.returncode == 0, done.stderr
    assert back.read_bytes() == source.read_bytes()
