"""The table of all programs that an emulated machine can run."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.ssh.programs import daemons, files, surroundings, text
from sandbox.ssh.programs.program import Program, always

PROGRAMS: Mapping[str, Program] = {
    **{name: Program(run) for name, run in files.ALL.items()},
    **{name: Program(run, always) for name, run in files.READING.items()},
    "[": Program(surroundings.test, always),
    "base64": Program(text.base64, always),
    "bash": Program(surroundings.sh),
    "cat": Program(text.cat, always),
    "cut": Program(text.cut, always),
    "daemon": Program(daemons.forever, base=False),
    "date": Program(surroundings.date, always),
    "df": Program(surroundings.df, always),
    "echo": Program(text.echo, always),
    "env": Program(surroundings.env),
    "false": Program(surroundings.refuse, always),
    "find": Program(files.find, lambda argv: "-delete" not in argv),
    "free": Program(surroundings.free, always),
    "grep": Program(text.grep, always),
    "head": Program(text.head, always),
    "hostname": Program(surroundings.hostname, lambda argv: all(a.startswith("-") for a in argv[1:])),
    "hostnamectl": Program(surroundings.hostnamectl, lambda argv: len(argv) < 3),
    "id": Program(surroundings.identity, always),
    "kill": Program(surroundings.kill_self),
    "nice": Program(surroundings.passthrough),
    "nohup": Program(surroundings.passthrough),
    "nproc": Program(surroundings.nproc, always),
    "printf": Program(text.printf, always),
    "sed": Program(text.sed, lambda argv: not any(a.startswith(("-i", "--in-place")) for a in argv)),
    "setsid": Program(surroundings.passthrough),
    "sh": Program(surroundings.sh),
    "sha256sum": Program(text.sha256sum, always),
    "sleep": Program(surroundings.sleep, always),
    "sort": Program(text.sort, always),
    "sudo": Program(surroundings.sudo),
    "sync": Program(surroundings.succeed, always),
    "tail": Program(text.tail, always),
    "tee": Program(text.tee),
    "test": Program(surroundings.test, always),
    "timeout": Program(surroundings.timeout),
    "tr": Program(text.tr, always),
    "true": Program(surroundings.succeed, always),
    "uname": Program(surroundings.uname, always),
    "uptime": Program(surroundings.uptime, always),
    "wc": Program(text.wc, always),
    "which": Program(surroundings.which, always),
    "whoami": Program(surroundings.whoami, always),
    "xargs": Program(surroundings.xargs),
}
BASE_PROGRAMS = tuple(name for name, program in PROGRAMS.items() if program.base)
