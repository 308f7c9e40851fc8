"""Files over SFTP."""

from __future__ import annotations

from typing import Any

import asyncssh

from tests.contract.ssh.observing import Observer, Scenario

_PAYLOAD = bytes(range(256)) * 12_000


async def _read(sftp: Any, path: str) -> bytes:
    async with sftp.open(path, "rb") as file:
        return bytes(await file.read())


async def _write(sftp: Any, path: str, data: bytes, flags: int | str = "wb", **attributes: int) -> None:
    async with sftp.open(path, flags, asyncssh.SFTPAttrs(**attributes)) as file:
        await file.write(data)


async def _names(sftp: Any) -> list[str]:
    return sorted(await sftp.listdir("."))


async def _look(sftp: Any, path: str, follow: bool = True) -> dict[str, Any]:
    seen = await (sftp.stat(path) if follow else sftp.lstat(path))
    return {"mode": oct(seen.permissions), "size": None if seen.permissions & 0o40000 else seen.size, "uid": seen.uid}


async def putting_and_getting(see: Observer) -> None:
    async with see.connection() as connection, connection.start_sftp_client() as sftp:
        see.note("version of the protocol", version=sftp.version)
        await see.attempt("put", _write(sftp, "big", _PAYLOAD))
        await see.attempt("get", _read(sftp, "big"))
        await see.attempt("stat", _look(sftp, "big"))
        await see.attempt("overwritten by less", _write(sftp, "big", b"short"))
        await see.attempt("less is there", _read(sftp, "big"))
        await see.attempt("appended", _write(sftp, "big", b" and more", "ab"))
        await see.attempt("more is there", _read(sftp, "big"))
        await see.attempt("exclusive where one is", _write(sftp, "big", b"x", "xb"))
        await see.attempt("exclusive where none is", _write(sftp, "new", b"x", "xb"))
        await see.attempt("with a mode", _write(sftp, "private", b"x", "wb", permissions=0o600))
        await see.attempt("has the mode", _look(sftp, "private"))
        await see.attempt("in the middle", _patch(sftp))
        await see.attempt("holes are zeros", _read(sftp, "holes"))
        await see.attempt("empty", _write(sftp, "empty", b""))
        await see.attempt("stat of empty", _look(sftp, "empty"))
        for name in ("big", "new", "private", "holes", "empty"):
            await sftp.remove(name)


async def _patch(sftp: Any) -> None:
    async with sftp.open("holes", "wb") as file:
        await file.write(b"abc", 0)
        await file.write(b"xyz", 10)


async def refusals(see: Observer) -> None:
    async with see.connection() as connection, connection.start_sftp_client() as sftp:
        await sftp.mkdir("folder")
        await _write(sftp, "folder/file", b"x")
        await see.attempt("read what is missing", _read(sftp, "missing"))
        await see.attempt("stat what is missing", _look(sftp, "missing"))
        await see.attempt("write below a missing folder", _write(sftp, "missing/file", b"x"))
        await see.attempt("write below a file", _write(sftp, "folder/file/more", b"x"))
        await see.attempt("write where it is denied", _write(sftp, "/etc/denied", b"x"))
        await see.attempt("change where it is denied", _write(sftp, "/etc/hostname", b"x"))
        await see.attempt("read what is denied", _read(sftp, "/etc/shadow"))
        await see.attempt("list what is denied", sftp.listdir("/root"))
        await see.attempt("list what is missing", sftp.listdir("missing"))
        await see.attempt("list a file", sftp.listdir("folder/file"))
        await see.attempt("read a folder", _read(sftp, "folder"))
        await see.attempt("write a folder", _write(sftp, "folder", b"x"))
        await see.attempt("remove a folder as a file", sftp.remove("folder"))
        await see.attempt("remove a file as a folder", sftp.rmdir("folder/file"))
        await see.attempt("remove a folder that is not empty", sftp.rmdir("folder"))
        await see.attempt("remove what is missing", sftp.remove("missing"))
        await see.attempt("remove a missing folder", sftp.rmdir("missing"))
        await see.attempt("remove what is denied", sftp.remove("/etc/hostname"))
        await see.attempt("make a folder that is there", sftp.mkdir("folder"))
        await see.attempt("make a folder below a missing one", sftp.mkdir("missing/folder"))
        await see.attempt("make a folder where it is denied", sftp.mkdir("/etc/folder"))
        await see.attempt("change the mode of what is root's", sftp.chmod("/etc/hostname", 0o777))
        await see.attempt("give a file away", sftp.chown("folder/file", 0, 0))
        await see.attempt("change the mode of what is missing", sftp.chmod("missing", 0o600))
        await sftp.remove("folder/file")
        await sftp.rmdir("folder")


async def renaming(see: Observer) -> None:
    async with see.connection() as connection, connection.start_sftp_client() as sftp:
        for name in ("a", "b", "c"):
            await _write(sftp, name, name.encode())
        await sftp.mkdir("full")
        await _write(sftp, "full/file", b"x")
        await sftp.mkdir("bare")
        await see.attempt("to a free name", sftp.rename("a", "d"))
        await see.attempt("over a file", sftp.rename("d", "b"))
        await see.attempt("both are there still", _names(sftp))
        await see.attempt("atomically over a file", sftp.posix_rename("d", "b"))
        await see.attempt("it took its place", _read(sftp, "b"))
        await see.attempt("what is missing", sftp.rename("missing", "e"))
        await see.attempt("atomically what is missing", sftp.posix_rename("missing", "e"))
        await see.attempt("below a missing folder", sftp.posix_rename("b", "missing/b"))
        await see.attempt("where it is denied", sftp.posix_rename("b", "/home/b"))
        await see.attempt("a file over a folder", sftp.posix_rename("b", "bare"))
        await see.attempt("a folder over a file", sftp.posix_rename("bare", "b"))
        await see.attempt("a folder over a full one", sftp.posix_rename("bare", "full"))
        await see.attempt("a folder over a bare one", sftp.posix_rename("full", "bare"))
        await see.attempt("a folder into itself", sftp.posix_rename("bare", "bare/inside"))
        await see.attempt("onto itself", sftp.posix_rename("b", "b"))
        await see.attempt("what is there", _names(sftp))
        for name in ("b", "c", "bare/file"):
            await sftp.remove(name)
        await sftp.rmdir("bare")


async def attributes(see: Observer) -> None:
    async with see.connection() as connection, connection.start_sftp_client() as sftp:
        await _write(sftp, "file", b"12345")
        await see.attempt("chmod", sftp.chmod("file", 0o4755))
        await see.attempt("mode", _look(sftp, "file"))
        await see.attempt("cut", sftp.truncate("file", 2))
        await see.attempt("is shorter", _read(sftp, "file"))
        await see.attempt("stretched", sftp.truncate("file", 4))
        await see.attempt("is longer", _read(sftp, "file"))
        await see.attempt("times", sftp.utime("file", (1_000_000_000, 1_000_000_001)))
        await see.attempt("time", _time(sftp, "file"))
        await see.attempt("folder", sftp.mkdir("folder", asyncssh.SFTPAttrs(permissions=0o700)))
        await see.attempt("mode of the folder", _look(sftp, "folder"))
        await see.attempt("plain folder", sftp.mkdir("plain"))
        await see.attempt("mode of the plain folder", _look(sftp, "plain"))
        await see.attempt("names", _names(sftp))
        await see.attempt("is a folder", sftp.isdir("folder"))
        await see.attempt("root's folder", _look(sftp, "/etc"))
        await sftp.remove("file")
        await sftp.rmdir("folder")
        await sftp.rmdir("plain")


async def _time(sftp: Any, path: str) -> int:
    return int((await sftp.stat(path)).mtime)


async def paths_and_links(see: Observer) -> None:
    async with see.connection() as connection, connection.start_sftp_client() as sftp:
        await _write(sftp, "file", b"text")
        for path in (".", "..", "/", "file", "missing", "missing/deeper", "/etc/../etc/./hostname", "/../.."):
            await see.attempt(f"real path of {path}", sftp.realpath(path))
        await see.attempt("link", sftp.symlink("file", "link"))
        await see.attempt("where it leads", sftp.readlink("link"))
        await see.attempt("read through it", _read(sftp, "link"))
        await see.attempt("the link itself", _kind(sftp, "link"))
        await see.attempt("link where one is", sftp.symlink("file", "link"))
        await see.attempt("link to nothing", sftp.symlink("missing", "dangling"))
        await see.attempt("read through nothing", _read(sftp, "dangling"))
        await see.attempt("stat through nothing", _look(sftp, "dangling"))
        await see.attempt("what is no link", sftp.readlink("file"))
        await see.attempt("a loop", sftp.symlink("loop", "loop"))
        await see.attempt("read a loop", _read(sftp, "loop"))
        for name in ("link", "dangling", "loop", "file"):
            await see.attempt(f"remove {name}", sftp.remove(name))


async def _kind(sftp: Any, path: str) -> str:
    return oct((await sftp.lstat(path)).permissions & 0o170000)


SCENARIOS: tuple[Scenario, ...] = (putting_and_getting, refusals, renaming, attributes, paths_and_links)
