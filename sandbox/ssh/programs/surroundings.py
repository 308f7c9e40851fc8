"""Programs that run others, or tell about user and machine: sudo, sh, env, id, uname, free, df, date, sleep, test."""

from __future__ import annotations

import asyncio
import posixpath
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from sandbox.ssh.baseimage import KERNEL
from sandbox.ssh.process import DEFAULT_PATH, Process
from sandbox.ssh.programs.program import UsageError, parse_options
from sandbox.ssh.shell import Exit, Shell
from sandbox.ssh.signals import SERVER_PID, SHELL_PID, TERM, Signalled, number_of

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_TIMED_OUT = 124
_SECURE_PATH = f"{DEFAULT_PATH}:/snap/bin"
_UNITS = {"s": 1, "m": 60, "h": 3600}


def split_sudo(args: Sequence[str]) -> tuple[str, dict[str, str], list[str], bool]:
    """Target user, environment, command and whether a shell is wanted, from sudo's arguments."""
    user, env, rest, shell = "root", {}, list(args), False
    while rest and (rest[0].startswith("-") or _ASSIGNMENT.fullmatch(rest[0])):
        word = rest.pop(0)
        if word == "--":
            break
        if word in ("-u", "--user", "-g", "--group"):
            value = rest.pop(0) if rest else ""
            user = value if word in ("-u", "--user") else user
        elif word.startswith("--user="):
            user = word.partition("=")[2]
        elif word in ("-i", "-s"):
            shell = True
        elif not word.startswith("-"):
            name, _, value = word.partition("=")
            env[name] = value
    return user, env, rest, shell


async def sudo(process: Process) -> int:
    """Run a command as another user; users of group sudo need no password, as on cloud images."""
    user, env, command, shell = split_sudo(process.args)
    who = process.host.user(user)
    if who is None:
        return process.fail(f"unknown user {user}")
    trusted = process.user.uid == 0 or (process.user.uid == 1000 and process.machine.traits.get("sudo", True))
    if not trusted and not _sudoer(process):
        return process.fail("a password is required")
    kept = {k: v for k, v in process.env.items() if "-E" in process.args or k in ("LANG", "TERM")}
    home = {
        "PATH": _SECURE_PATH,
        "HOME": who.home,
        "USER": who.name,
        "LOGNAME": who.name,
        "SUDO_USER": process.user.name,
    }
    if shell or not command:
        if not command and not shell:
            return process.fail("usage: sudo [-n] [-u user] [VAR=value] command")
        command = ["sh", "-c", " ".join(command)] if command else ["sh"]
    run = replace(process, user=who, env={**kept, **home, **env}, argv=command)
    if "/" not in command[0] and process.host.which(command[0], run) is None:
        return process.fail(f"{command[0]}: command not found")
    return await process.host.execute(run)


def _sudoer(process: Process) -> bool:
    files = process.host.root_files
    rules = [files.text(f"/etc/sudoers.d/{name}") for name in files.listdir("/etc/sudoers.d")]
    return any(re.search(rf"^{re.escape(process.user.name)}\s.*NOPASSWD", rule, re.MULTILINE) for rule in rules)


async def sh(process: Process) -> int:
    """Run a line (-c), a script file, or the lines of the input one after the other."""
    flags, words = _shell_options(process.args)
    shell = Shell(replace(process, env=dict(process.env)), words if any("c" in f for f in flags) else words or ["sh"])
    shell.stop_on_error = any("e" in f for f in flags)
    if any("c" in f for f in flags):
        shell.arguments = words[1:] or ["sh"]
        return await shell.run(words[0]) if words else process.fail("-c: option requires an argument", 2)
    if words and words[0] != "-" and "-s" not in flags:
        return await shell.run(process.files.text(process.path(words[0])))
    shell.arguments = ["sh", *(word for word in words if word != "-")]
    while line := await process.stdin.readline():
        try:
            shell.status = await shell.run_line(line.decode(errors="replace"))
        except Exit as leave:
            return leave.status
    return shell.status


def _shell_options(args: Sequence[str]) -> tuple[list[str], list[str]]:
    """Options of a shell, which end at the first word that is none, and what follows them."""
    rest = list(args)
    flags = []
    while rest and re.fullmatch(r"-[a-z]+", rest[0]):
        flags.append(rest.pop(0))
        if flags[-1].endswith("o") and rest:
            rest.pop(0)
    return flags, rest[1:] if rest[:1] == ["--"] else rest


async def env(process: Process) -> int:
    """Run a command with another environment, or print it."""
    rest, environment = process.args, dict(process.env)
    while rest and (rest[0].startswith("-") or _ASSIGNMENT.fullmatch(rest[0])):
        word, rest = rest[0], rest[1:]
        if word == "-i":
            environment = {}
        elif not word.startswith("-"):
            name, _, value = word.partition("=")
            environment[name] = value
    if rest:
        return await process.host.execute(replace(process, argv=rest, env=environment))
    for name, value in environment.items():
        process.out(f"{name}={value}")
    return 0


async def timeout(process: Process) -> int:
    """Run a command for at most a duration."""
    try:
        options = parse_options(process.args[:1])
    except UsageError as error:
        return process.fail(str(error))
    words = process.args if options.words else process.args[1:]
    while words and words[0].startswith("-"):
        words = words[1:]
    if len(words) < 2:
        return process.fail("missing operand", 125)
    try:
        async with asyncio.timeout(seconds(words[0])):
            return await process.run(words[1:])
    except TimeoutError:
        return _TIMED_OUT


def seconds(text: str) -> float:
    """A duration such as 5, 2m or 0.5s, in seconds."""
    match = re.fullmatch(r"(\d*\.?\d+)([smh]?)", text)
    if match is None:
        raise OSError(0, f"invalid time interval '{text}'")
    return float(match[1]) * _UNITS.get(match[2], 1)


async def sleep(process: Process) -> int:
    """Wait."""
    await asyncio.sleep(sum(seconds(a) for a in process.args))
    return 0


async def passthrough(process: Process) -> int:
    """Run the command that the arguments name: nohup, setsid, nice without options."""
    rest = process.args
    while rest and rest[0].startswith("-"):
        rest = rest[1:]
    return await process.run(rest) if rest else process.fail("missing operand", 125)


async def xargs(process: Process) -> int:
    """Run a command with the words of the input as further arguments."""
    options = [a for a in process.args if a.startswith("-")]
    command = process.args[len(options) :] or ["echo"]
    words = (await process.stdin.read()).decode(errors="replace").split()
    return await process.run([*command, *words]) if words or "-r" not in options else 0


async def identity(process: Process) -> int:
    """Print user and group."""
    options = parse_options(process.args)
    who = process.host.user(options.words[0]) if options.words else process.user
    if who is None:
        return process.fail(f"'{options.words[0]}': no such user")
    if options.has("-u", "-g"):
        number = who.uid if options.has("-u") else who.gid
        process.out(who.name if options.has("-n") else str(number))
    else:
        process.out(f"uid={who.uid}({who.name}) gid={who.gid}({who.name}) groups={who.gid}({who.name})")
    return 0


async def whoami(process: Process) -> int:
    """Print the user's name."""
    process.out(process.user.name)
    return 0


async def hostname(process: Process) -> int:
    """Print the host name, or set it until the next boot."""
    options = parse_options(process.args)
    if options.words:
        process.files.write("/etc/hostname", options.words[0] + "\n")
        return 0
    process.out(process.machine.private_address if options.has("-I", "-i") else process.host.hostname)
    return 0


async def hostnamectl(process: Process) -> int:
    """Print or set the host name."""
    words = parse_options(process.args).words
    if words[:1] in (["set-hostname"], ["hostname"]) and len(words) > 1:
        process.files.write("/etc/hostname", words[1] + "\n")
        return 0
    process.out(process.host.hostname if words[:1] == ["hostname"] else f" Static hostname: {process.host.hostname}")
    return 0


async def uname(process: Process) -> int:
    """Print facts of the kernel."""
    facts = {
        "-s": "Linux",
        "-n": process.host.hostname,
        "-r": KERNEL,
        "-v": "#88-Ubuntu SMP",
        "-m": process.machine.traits.get("architecture", "x86_64"),
        "-o": "GNU/Linux",
    }
    flags = parse_options(process.args).flags
    wanted = facts if flags & {"-a", "--all"} else {f: facts[f] for f in facts if f in flags} or {"-s": "Linux"}
    process.out(" ".join(wanted.values()))
    return 0


async def nproc(process: Process) -> int:
    """Print the number of processors."""
    process.out(str(process.machine.flavor.vcpus))
    return 0


async def free(process: Process) -> int:
    """Print memory."""
    mib = process.machine.flavor.memory_mib
    flags = parse_options(process.args).flags
    factor = 1 if flags & {"-m", "--mebi"} else 1024**2 if flags & {"-b", "--bytes"} else 1024
    total = mib * factor
    process.out("               total        used        free      shared  buff/cache   available")
    process.out(f"Mem:     {total} {total // 10} {total * 8 // 10} 0 {total // 10} {total * 85 // 100}")
    process.out(f"Swap:    {len(process.host.kernel.swaps()) * 2048 * factor} 0 0")
    return 0


async def df(process: Process) -> int:
    """Print disk space."""
    options = parse_options(process.args, ("--output", "-B", "--block-size"))
    total = process.machine.flavor.disk_gib * 1024**2
    used = 2 * 1024**2 + process.host.files.used_bytes() // 1024
    form = options.get("--output")
    if form is not None:
        columns = {
            "avail": total - used,
            "size": total,
            "used": used,
            "pcent": f"{used * 100 // max(1, total)}%",
            "target": "/",
        }
        process.out(" ".join(c.capitalize() for c in form.split(",")))
        process.out(" ".join(str(columns.get(c, "-")) for c in form.split(",")))
        return 0
    process.out("Filesystem     1K-blocks    Used Available Use% Mounted on")
    process.out(f"/dev/vda1 {total} {used} {total - used} {used * 100 // max(1, total)}% /")
    return 0


async def date(process: Process) -> int:
    """Print the time in UTC."""
    form = next((a[1:] for a in process.args if a.startswith("+")), "%a %b %d %H:%M:%S UTC %Y")
    now = time.time() + process.machine.traits.get("clock_offset_s", 0.0)
    process.out(time.strftime(form.replace("%s", str(int(now))), time.gmtime(now)))
    return 0


async def uptime(process: Process) -> int:
    """Print since when the machine runs."""
    process.out(" up 1 min,  1 user,  load average: 0.00, 0.00, 0.00")
    return 0


async def which(process: Process) -> int:
    """Print paths of programs."""
    found = [process.host.which(name, process) for name in process.args]
    for path in found:
        if path:
            process.out(path)
    return int(None in found)


async def succeed(process: Process) -> int:
    """Do nothing, successfully."""
    del process
    return 0


async def refuse(process: Process) -> int:
    """Do nothing, unsuccessfully."""
    del process
    return 1


async def kill_self(process: Process) -> int:
    """End by a signal, as ``kill -TERM $$`` does to a shell: the exit status is 128 and the signal's number."""
    words = [a.lstrip("-") for a in process.args]
    whom = words[-1] if words else ""
    if whom not in (SHELL_PID, SERVER_PID):
        return process.fail(f"({whom}) - No such process")
    raise Signalled(number_of(words[0]) if len(words) > 1 else TERM, server=whom == SERVER_PID)


_FILE_TESTS: dict[str, Callable[[Process, str], bool]] = {
    "-e": lambda p, n: p.files.exists(n),
    "-f": lambda p, n: p.files.exists(n) and p.files.stat(n).kind == "file",
    "-d": lambda p, n: p.files.is_dir(n),
    "-x": lambda p, n: p.files.exists(n) and p.files.allowed(p.files.stat(n), 1),
    "-r": lambda p, n: p.files.exists(n) and p.files.allowed(p.files.stat(n), 4),
    "-w": lambda p, n: p.files.exists(n) and p.files.allowed(p.files.stat(n), 2),
    "-s": lambda p, n: p.files.exists(n) and bool(p.files.stat(n).data),
    "-L": lambda p, n: (
        p.files.tree.at(p.files.resolve(n, follow=False)) is not None and p.files.stat(n, follow=False).kind == "link"
    ),
}
_TEXT_TESTS: dict[str, Callable[[str], bool]] = {"-n": bool, "-z": lambda text: not text}
_COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "=": lambda a, b: a == b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "-eq": lambda a, b: int(a) == int(b),
    "-ne": lambda a, b: int(a) != int(b),
    "-gt": lambda a, b: int(a) > int(b),
    "-ge": lambda a, b: int(a) >= int(b),
    "-lt": lambda a, b: int(a) < int(b),
    "-le": lambda a, b: int(a) <= int(b),
}


async def test(process: Process) -> int:
    """Evaluate one condition, or several joined with -a and -o."""
    words = process.args
    if process.name in ("[", "[[") and words:
        words = words[:-1]
    try:
        return int(not _condition(process, words))
    except (KeyError, ValueError):
        return process.fail(f"{' '.join(words)}: unexpected operator", 2)


def _condition(process: Process, words: Sequence[str]) -> bool:
    if words[:1] == ["!"]:
        return not _condition(process, words[1:])
    for joint, whole in (("-o", any), ("-a", all)):
        if joint in words[1:]:
            at = list(words).index(joint, 1)
            return whole((_condition(process, words[:at]), _condition(process, words[at + 1 :])))
    if len(words) == 3:
        return _COMPARISONS[words[1]](words[0], words[2])
    if len(words) == 2:
        if words[0] == "-t":
            return process.terminal
        if words[0] in _TEXT_TESTS:
            return _TEXT_TESTS[words[0]](words[1])
        return _FILE_TESTS[words[0]](process, process.path(words[1]))
    return bool(words and words[0])


async def dirname(process: Process) -> int:
    """Print the directory part of each path."""
    for name in process.args:
        process.out(posixpath.dirname(name.rstrip("/")) or ("/" if name.startswith("/") else "."))
    return 0


async def basename(process: Process) -> int:
    """Print the last part of a path, without a suffix when one is given."""
    name, *suffix = process.args or [""]
    process.out(posixpath.basename(name.rstrip("/")).removesuffix(suffix[0] if suffix else ""))
    return 0
