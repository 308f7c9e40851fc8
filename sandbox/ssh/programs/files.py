"""coreutils that work on files: mkdir, rm, mv, cp, ln, ls, stat, chmod, chown, install, touch, mktemp, find."""

from __future__ import annotations

import fnmatch
import posixpath
import re
import stat as bits
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence

from sandbox.ssh.filesystem import Node
from sandbox.ssh.process import Process
from sandbox.ssh.programs.program import Options, UsageError, parse_options

_OCTAL = re.compile(r"[0-7]{1,4}")
_CLAUSE = re.compile(r"([ugoa]*)([+=-])([rwxXst]*)")
_SHIFTS = {"u": 6, "g": 3, "o": 0}


def parse_mode(text: str, before: int, is_dir: bool = False) -> int | None:
    """Permission bits by ``755`` or ``u+rw,g-w``; None when it is neither."""
    if _OCTAL.fullmatch(text):
        return int(text, 8)
    mode = before
    for clause in text.split(","):
        match = _CLAUSE.fullmatch(clause)
        if match is None:
            return None
        who = "ugo" if not match[1] or "a" in match[1] else match[1]
        for letter in who:
            mode = _apply_clause(mode, _SHIFTS[letter], match[2], match[3], is_dir)
    return mode


def _apply_clause(mode: int, shift: int, operation: str, rights: str, is_dir: bool) -> int:
    execute = "x" in rights or ("X" in rights and (is_dir or mode & 0o111))
    value = (("r" in rights) * 4 + ("w" in rights) * 2 + bool(execute)) << shift
    if operation == "+":
        return mode | value
    return mode & ~value if operation == "-" else (mode & ~(7 << shift)) | value


def _options(process: Process, valued: Sequence[str] = ()) -> Options | None:
    try:
        return parse_options(process.args, valued)
    except UsageError as error:
        process.fail(str(error))
        return None


def _each(process: Process, names: Sequence[str], act: Callable[[str], None], verb: str) -> int:
    status = 0
    for name in names:
        try:
            act(name)
        except OSError as error:
            status = process.fail(f"{verb} '{name}': {error.strerror}")
    return status


def _target(process: Process, source: str, target: str) -> str:
    path = process.path(target)
    return posixpath.join(path, posixpath.basename(source.rstrip("/"))) if process.files.is_dir(path) else path


async def mkdir(process: Process) -> int:
    """Make directories."""
    options = _options(process, ("-m", "--mode"))
    if options is None:
        return 1
    mode = int(options.get("-m", "--mode") or "755", 8)
    parents = options.has("-p", "--parents")
    return _each(
        process,
        options.words,
        lambda name: process.files.mkdir(process.path(name), mode, parents),
        "cannot create directory",
    )


async def rm(process: Process) -> int:
    """Remove files, and with ``-r`` directories."""
    options = _options(process)
    if options is None:
        return 1
    files, force = process.files, options.has("-f", "--force")
    recursive = options.has("-r", "-R", "--recursive")

    def remove(name: str) -> None:
        path = process.path(name)
        if force and files.tree.at(files.resolve(path, follow=False)) is None:
            return
        (files.remove_tree if recursive else files.remove)(path)

    status = _each(process, options.words, remove, "cannot remove")
    if not process.host.cluster_state():
        await process.world.let_go(process.machine)
    return status


async def rmdir(process: Process) -> int:
    """Remove empty directories."""
    return _each(process, process.args, lambda n: process.files.rmdir(process.path(n)), "failed to remove")


async def mv(process: Process) -> int:
    """Move files."""
    options = _options(process, ("-t",))
    if options is None or len(options.words) < 2:
        return process.fail("missing file operand")
    *sources, target = options.words
    return _each(
        process,
        sources,
        lambda name: process.files.rename(process.path(name), _target(process, name, target)),
        "cannot move",
    )


def _copy(process: Process, source: str, target: str, preserve: bool) -> None:
    files = process.files
    for path, node in list(files.walk(files.resolve(source))):
        place = target + path[len(files.resolve(source)) :]
        mode = node.mode if preserve else node.mode & 0o777
        if node.kind == "dir":
            files.mkdir(place, mode, parents=True)
        else:
            files.write(place, files.read(path), mode)
            if preserve:
                files.chmod(place, mode)


async def cp(process: Process) -> int:
    """Copy files, and with ``-r`` or ``-a`` directories."""
    options = _options(process)
    if options is None or len(options.words) < 2:
        return process.fail("missing file operand")
    *sources, target = options.words
    recursive = options.has("-r", "-R", "-a", "--recursive")
    if sources == ["/dev/stdin"]:
        process.files.write(process.path(target), await process.stdin.read())
        return 0
    for name in sources:
        if process.files.is_dir(process.path(name)) and not recursive:
            return process.fail(f"-r not specified; omitting directory '{name}'")
    return _each(
        process,
        sources,
        lambda name: _copy(process, process.path(name), _target(process, name, target), options.has("-a", "-p")),
        "cannot stat",
    )


async def ln(process: Process) -> int:
    """Make symbolic links; hard links are copies."""
    options = _options(process)
    if options is None or len(options.words) != 2:
        return process.fail("missing file operand")
    source, name = options.words
    path = process.path(name) if options.has("-n", "-T") else _target(process, source, name)
    files = process.files
    if files.tree.at(files.resolve(path, follow=False)) is not None:
        if not options.has("-f"):
            return process.fail(f"failed to create link '{name}': File exists")
        files.remove(path)
    if options.has("-s", "--symbolic"):
        return _each(process, [name], lambda _: files.symlink(source, path), "failed to create symbolic link")
    return _each(process, [name], lambda _: files.write(path, files.read(process.path(source))), "failed to link")


def _owner(process: Process, number: int) -> str:
    who = process.host.user(str(number))
    return who.name if who else str(number)


def _long_line(process: Process, name: str, node: Node) -> str:
    stamp = time.strftime("%b %d %H:%M", time.gmtime(node.mtime))
    owner, group = _owner(process, node.uid), _owner(process, node.gid)
    shown = f"{name} -> {node.data.decode()}" if node.kind == "link" else name
    return f"{bits.filemode(node.st_mode)} 1 {owner} {group} {len(node.data):>8} {stamp} {shown}"


async def ls(process: Process) -> int:
    """List names, with ``-l`` with their attributes."""
    options = _options(process)
    if options is None:
        return 2
    status, files = 0, process.files
    for name in options.words or ["."]:
        path = process.path(name)
        try:
            node = files.stat(path, follow=not options.has("-l", "-d"))
            whole = node.kind == "dir" and not options.has("-d")
            names = files.listdir(path) if whole else [name]
        except OSError as error:
            status = process.fail(f"cannot access '{name}': {error.strerror}", 2)
            continue
        for each in names:
            if whole and each.startswith(".") and not options.has("-a", "-A"):
                continue
            shown = files.stat(posixpath.join(path, each) if whole else path, follow=False)
            process.out(_long_line(process, each, shown) if options.has("-l") else each)
    return status


async def stat(process: Process) -> int:
    """Show a file's attributes, in the wanted format."""
    options = _options(process, ("-c", "--format", "--printf"))
    if options is None:
        return 1
    form = (
        options.get("-c", "--format", "--printf")
        or "  File: %n\n  Size: %s\t%F\nAccess: (0%a/%A)  Uid: %u/%U  Gid: %g/%G"
    )

    def show(name: str) -> None:
        node = process.files.stat(process.path(name), follow=options.has("-L"))
        values = {
            "%n": name,
            "%s": str(len(node.data)),
            "%a": f"{node.mode:o}",
            "%A": bits.filemode(node.st_mode),
            "%u": str(node.uid),
            "%g": str(node.gid),
            "%U": _owner(process, node.uid),
            "%G": _owner(process, node.gid),
            "%Y": str(int(node.mtime)),
            "%F": {"dir": "directory", "link": "symbolic link", "file": "regular file"}[node.kind],
        }
        process.out(re.sub(r"%[nsaAugUGYF]", lambda m: values[m[0]], form))

    return _each(process, options.words, show, "cannot statx")


def _tree(process: Process, names: Sequence[str], recursive: bool) -> list[str]:
    paths = [process.path(n) for n in names]
    if not recursive:
        return paths
    return [p for path in paths for p, node in process.files.walk(path) if node.kind != "link"]


async def chmod(process: Process) -> int:
    """Change permission bits."""
    words = [a for a in process.args if a not in ("-R", "--recursive", "-v", "-f")]
    if len(words) < 2:
        return process.fail("missing operand")
    text, *names = words

    def change(path: str) -> None:
        node = process.files.stat(path)
        mode = parse_mode(text, node.mode, node.kind == "dir")
        process.files.chmod(path, node.mode if mode is None else mode)

    if parse_mode(text, 0) is None:
        return process.fail(f"invalid mode: '{text}'")
    return _each(process, _tree(process, names, len(words) < len(process.args)), change, "cannot access")


async def chown(process: Process) -> int:
    """Change owner and group."""
    options = _options(process)
    if options is None or len(options.words) < 2:
        return process.fail("missing operand")
    text, *names = options.words
    owner, _, group = text.replace(".", ":", 1).partition(":")
    user = process.host.user(owner) if owner else None
    if owner and user is None:
        return process.fail(f"invalid user: '{text}'")
    of_group = process.host.user(group) if group else user

    def change(path: str) -> None:
        node = process.files.stat(path)
        gid = of_group.gid if of_group and ":" in text else node.gid
        process.files.chown(path, user.uid if user else node.uid, gid)

    return _each(process, _tree(process, names, options.has("-R", "--recursive")), change, "changing ownership of")


async def install(process: Process) -> int:
    """Copy a file, or make directories, with mode and owner."""
    options = _options(process, ("-m", "--mode", "-o", "--owner", "-g", "--group"))
    if options is None:
        return 1
    mode = int(options.get("-m", "--mode") or "755", 8)
    owner = process.host.user(options.get("-o", "--owner") or process.user.name) or process.user
    group = process.host.user(options.get("-g", "--group") or owner.name) or owner
    files = process.files
    if options.has("-d", "--directory"):
        for name in options.words:
            files.mkdir(process.path(name), mode, parents=True)
            files.chmod(process.path(name), mode)
            files.chown(process.path(name), owner.uid, group.gid)
        return 0
    if len(options.words) != 2:
        return process.fail("missing destination file operand")
    source, name = options.words
    data = await process.stdin.read() if source == "/dev/stdin" else files.read(process.path(source))
    path = _target(process, source, name)
    if options.has("-D"):
        files.mkdir(posixpath.dirname(path), parents=True)
    files.write(path, data, mode)
    files.chmod(path, mode)
    files.chown(path, owner.uid, group.gid)
    return 0


async def touch(process: Process) -> int:
    """Make files, or set their time to now."""
    return _each(
        process,
        [a for a in process.args if not a.startswith("-")],
        lambda name: process.files.append(process.path(name), b""),
        "cannot touch",
    )


async def mktemp(process: Process) -> int:
    """Make a file or directory with a fresh name."""
    options = _options(process, ("-p", "--suffix"))
    if options is None:
        return 1
    folder = options.get("-p") or ("" if options.words else "/tmp")  # noqa: S108 - a path of the emulated machine
    template = options.words[0] if options.words else "tmp.XXXXXXXXXX"
    name = re.sub(r"X{3,}", lambda m: uuid.uuid4().hex[: len(m[0])], template)
    path = posixpath.join(process.cwd, folder, name)
    if options.has("-d", "--directory"):
        process.files.mkdir(path, 0o700)
    else:
        process.files.write(path, b"", 0o600)
    process.out(path)
    return 0


async def readlink(process: Process) -> int:
    """Show where a link leads."""
    options = _options(process)
    if options is None or not options.words:
        return 1
    path = process.path(options.words[0])
    if options.has("-f", "-e", "-m"):
        process.out(process.files.resolve(path))
        return 0
    node = process.files.tree.at(process.files.resolve(path, follow=False))
    if node is None or node.kind != "link":
        return 1
    process.out(node.data.decode())
    return 0


async def find(process: Process) -> int:
    """Walk trees; knows -name, -type, -maxdepth and -delete."""
    roots = [a for a in process.args if not a.startswith("-")][:1] or ["."]
    rest = process.args[process.args.index(roots[0]) + 1 :] if roots[0] in process.args else process.args
    tests = dict(zip(rest[::2], rest[1::2], strict=False))
    kind = {"f": "file", "d": "dir", "l": "link"}.get(tests.get("-type", ""), "")
    start = process.path(roots[0])
    if not process.files.exists(start):
        return process.fail(f"'{roots[0]}': No such file or directory")
    found = []
    for path, node in process.files.walk(start):
        depth = path[len(start) :].count("/")
        if depth > int(tests.get("-maxdepth", 99)) or (kind and node.kind != kind):
            continue
        if fnmatch.fnmatch(posixpath.basename(path), tests.get("-name", "*")):
            found.append(roots[0] + path[len(start) :])
    for name in found:
        if "-delete" in rest:
            process.files.remove_tree(process.path(name))
        else:
            process.out(name)
    return 0


ALL: dict[str, Callable[[Process], Awaitable[int]]] = {
    "chmod": chmod,
    "chown": chown,
    "cp": cp,
    "install": install,
    "ln": ln,
    "mkdir": mkdir,
    "mktemp": mktemp,
    "mv": mv,
    "rm": rm,
    "rmdir": rmdir,
    "touch": touch,
}
READING: dict[str, Callable[[Process], Awaitable[int]]] = {"ls": ls, "readlink": readlink, "stat": stat}
