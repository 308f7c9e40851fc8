"""Commands: how they end, what they say, what they are given."""

from __future__ import annotations

import asyncssh

from tests.contract.ssh.observing import Observer, Scenario

_MEGABYTES = 5_000_000


async def exit_codes(see: Observer) -> None:
    async with see.connection() as connection:
        for code in (0, 1, 2, 42, 126, 127, 254, 255):
            await see.run(f"exit {code}", f"exit {code}", on=connection)
        await see.run("last command counts", "false; true", on=connection)
        await see.run("a list stops at the first failure", "false && echo no", on=connection)
        await see.run("a pipe ends as its last", "false | true", on=connection)
        await see.run("negated", "! true", on=connection)
        await see.run("not there", "no-such-program", on=connection)
        await see.run("no such path", "/no/such/program", on=connection)
        await see.run("not executable", "/etc/hostname", on=connection)
        await see.run("a directory", "/etc", on=connection)
        await see.run("nothing to do", ":", on=connection)
        for shell, words in (("bash", ""), ("sh", "sh -c ")):
            await see.run(
                f"{shell}: denied", f"{words}'echo x > /etc/denied'" if words else "echo x > /etc/denied", on=connection
            )
            await see.run(
                f"{shell}: no folder", f"{words}'echo x > no/file'" if words else "echo x > no/file", on=connection
            )
            await see.run(f"{shell}: no file", f"{words}'cat < no'" if words else "cat < no", on=connection)


async def signals(see: Observer) -> None:
    async with see.connection() as connection:
        for name in ("TERM", "KILL", "HUP", "INT", "USR1"):
            await see.run(f"ended by {name}", f"kill -{name} $$", on=connection)
        await see.run("what comes before is told", "echo before; kill -TERM $$; echo after", on=connection)
        await see.run("the connection lives on", "echo alive", on=connection)


async def streams(see: Observer) -> None:
    async with see.connection() as connection:
        await see.run("apart", "echo out; echo err >&2", on=connection)
        await see.run("one into the other", "{ echo out; echo err >&2; } 2>&1", on=connection)
        await see.run("no line end", "printf abc", on=connection)
        await see.run("bytes as they are", r"printf '\0\1\377\200'", on=connection)
        await see.run("silence", "true", on=connection)
        await see.run("much output", f"head -c {_MEGABYTES} /dev/zero", on=connection)
        await see.run("much error output", f"head -c {_MEGABYTES} /dev/zero >&2", on=connection)
        both = f"head -c {_MEGABYTES} /dev/zero; head -c {_MEGABYTES} /dev/zero >&2"
        await see.run("much of both", both, on=connection)


async def input_of_programs(see: Observer) -> None:
    async with see.connection() as connection:
        await see.run("given", "cat", on=connection, input=b"some text\n")
        await see.run("none", "cat", on=connection, stdin=asyncssh.DEVNULL)
        await see.run("much", "wc -c", on=connection, input=b"x" * _MEGABYTES)
        await see.run("much through", "cat", on=connection, input=bytes(range(256)) * 8000)
        await see.run("hardly read", "head -c 1 > /dev/null; echo done", on=connection, input=b"x" * 1000)
        await see.run("read in part", "head -c 3", on=connection, input=b"abcdef")
        await see.run("a script by way of input", "sh -s one", on=connection, input=b'echo "$1" $#; exit 5\n')


async def surroundings(see: Observer) -> None:
    async with see.connection() as connection:
        await see.run("where", "pwd", on=connection)
        await see.run("who", "id -un; id -u; whoami", on=connection)
        await see.run("home", 'echo "$HOME $USER $LOGNAME $SHELL"', on=connection)
        await see.run("path", 'echo "$PATH"', on=connection)
        await see.run("language", 'echo "$LANG [$LC_ALL]"', on=connection)
        await see.run("shell", 'echo "$0"', on=connection)
        await see.run("no terminal", "test -t 0 || echo none", on=connection)
        await see.run("whose connection", 'echo "$SSH_CONNECTION"', on=connection)
        await see.run("which client", 'set -- $SSH_CLIENT; echo "$1 $#"', on=connection)
        await see.run("new files", "umask; touch new; stat -c %a new; rm new", on=connection)
        await see.run("as root", "sudo -n -- id -un", on=connection)
        await see.run("root's path", "sudo -n -- sh -c 'echo $PATH'", on=connection)
        await see.run("root's home", "sudo -n -- sh -c 'echo $HOME $USER $LOGNAME; pwd'", on=connection)
        await see.run("root's exit code", "sudo -n -- sh -c 'exit 9'", on=connection)
        await see.run("root's signal", "sudo -n -- sh -c 'kill -9 $$'", on=connection)
        await see.run("root's missing program", "sudo -n -- no-such-program", on=connection)
        await see.run("root's input", "sudo -n -- cat", on=connection, input=b"through sudo")


async def variables_that_the_client_sends(see: Observer) -> None:
    async with see.connection() as connection:
        sent = {"LANG": "de_DE.UTF-8", "LC_TIME": "C", "SECRET": "x", "PATH": "/nowhere"}
        line = 'echo "$LANG|$LC_TIME|$SECRET"; echo "$PATH" | cut -d: -f1'
        await see.run("those that are let in", line, on=connection, env=sent)


SCENARIOS: tuple[Scenario, ...] = (
    exit_codes,
    signals,
    streams,
    input_of_programs,
    surroundings,
    variables_that_the_client_sends,
)
