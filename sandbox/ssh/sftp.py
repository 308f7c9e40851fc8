"""SFTP (and with it scp) over a machine's in-memory files, with the rights of the user who logged in."""

from __future__ import annotations

import asyncio
import errno
import os
import posixpath
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncssh

from sandbox.ssh.filesystem import FileView, Identity, Node

if TYPE_CHECKING:
    from sandbox.gates import Gate
    from sandbox.ssh.host import Host

_BLOCK = 4096
_CODES: dict[int, tuple[Callable[[str], Exception], str]] = {
    **dict.fromkeys((errno.ENOENT, errno.ENOTDIR, errno.EBADF, errno.ELOOP), (asyncssh.SFTPNoSuchFile, "No such file")),
    **dict.fromkeys((errno.EPERM, errno.EACCES), (asyncssh.SFTPPermissionDenied, "Permission denied")),
    **dict.fromkeys((errno.EINVAL, errno.ENAMETOOLONG), (asyncssh.SFTPBadMessage, "Bad message")),
}
"""What OpenSSH's sftp-server makes of the kernel's errors (``errno_to_portable``); everything else is a failure."""
_TYPES = {
    "file": asyncssh.FILEXFER_TYPE_REGULAR,
    "dir": asyncssh.FILEXFER_TYPE_DIRECTORY,
    "link": asyncssh.FILEXFER_TYPE_SYMLINK,
}


@dataclass
class Handle:
    """An open file: its bytes so far, written back when it is closed or asked about."""

    path: str
    data: bytearray
    append: bool
    dirty: bool = False


class _Files:
    """A user's files, whose refusals are those of the protocol."""

    def __init__(self, files: FileView) -> None:
        self._files = files

    def __getattr__(self, name: str) -> Any:
        work = getattr(self._files, name)

        def call(*arguments: Any, **options: Any) -> Any:
            try:
                return work(*arguments, **options)
            except OSError as error:
                raise _refusal(error.errno or 0) from error

        return call


def _refusal(code: int) -> Exception:
    kind, words = _CODES.get(code, (asyncssh.SFTPFailure, "Failure"))
    return kind(words)


class MachineSftp(asyncssh.SFTPServer):
    """One SFTP session. Every change is written to the journal under its verb and path."""

    def __init__(self, chan: Any, host: Host, who: Identity, gate: Gate) -> None:
        super().__init__(chan)
        self._host = host
        self._gate = gate
        self._home = who.home
        self._files = _Files(host.files.view(who))

    def _path(self, path: bytes) -> str:
        return posixpath.normpath(posixpath.join(self._home, path.decode(errors="surrogateescape")))

    async def _pass(self, verb: str, path: str, mutating: bool, size_bytes: int = 0) -> None:
        action = await self._gate("sftp", f"{verb} {path}", mutating, size_bytes)
        if action is None:
            return
        await asyncio.sleep(action.delay_s)
        if action.hang:
            await asyncio.Event().wait()
        if action.reset or action.truncate is not None or action.drop_reply:
            self.connection.abort()
            raise asyncssh.SFTPConnectionLost("Connection reset")
        if action.auth or action.status is not None or action.exit_code is not None:
            raise asyncssh.SFTPFailure(action.stderr or "Failure")

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Handle:
        """Open or make a file."""
        name = self._path(path)
        writing = bool(pflags & asyncssh.FXF_WRITE)
        await self._pass("write" if writing else "read", name, writing)
        there = self._files.exists(name)
        if pflags & asyncssh.FXF_CREAT and there and pflags & asyncssh.FXF_EXCL:
            raise _refusal(errno.EEXIST)
        if writing and (not there or pflags & asyncssh.FXF_TRUNC):
            if not there and not pflags & asyncssh.FXF_CREAT:
                raise _refusal(errno.ENOENT)
            self._files.write(name, b"", attrs.permissions if attrs.permissions is not None else 0o644)
        return Handle(name, bytearray(self._files.read(name)), bool(pflags & asyncssh.FXF_APPEND))

    def read(self, file_obj: Any, offset: int, size: int) -> bytes:
        """Bytes of an open file."""
        return bytes(file_obj.data[offset : offset + size])

    def write(self, file_obj: Any, offset: int, data: bytes) -> int:
        """Change bytes of an open file."""
        at = len(file_obj.data) if file_obj.append else offset
        if at > len(file_obj.data):
            file_obj.data.extend(bytes(at - len(file_obj.data)))
        file_obj.data[at : at + len(data)] = data
        file_obj.dirty = True
        return len(data)

    def _flush(self, handle: Handle) -> None:
        if handle.dirty and self._host.powered:
            self._files.write(handle.path, bytes(handle.data))
            handle.dirty = False
            self._host.changed()

    def close(self, file_obj: Any) -> None:
        """Write back and close."""
        self._flush(file_obj)

    def exit(self) -> None:
        """End of the session: OpenSSH's scp takes a missing exit status for a failure."""
        self.channel.exit(0)

    def fsync(self, file_obj: Any) -> None:
        """Write back."""
        self._flush(file_obj)

    def stat(self, path: bytes) -> asyncssh.SFTPAttrs:
        """Attributes, links followed."""
        return _attributes(self._files.stat(self._path(path)))

    def lstat(self, path: bytes) -> asyncssh.SFTPAttrs:
        """Attributes of the entry itself."""
        return _attributes(self._files.stat(self._path(path), follow=False))

    def fstat(self, file_obj: Any) -> asyncssh.SFTPAttrs:
        """Attributes of an open file."""
        self._flush(file_obj)
        return _attributes(self._files.stat(file_obj.path))

    async def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        """Set mode, owner, time or size."""
        name = self._path(path)
        await self._pass("setstat", name, True)
        self._set(name, attrs)

    async def fsetstat(self, file_obj: Any, attrs: asyncssh.SFTPAttrs) -> None:
        """Set attributes of an open file."""
        if attrs.size is not None:
            file_obj.data[:] = file_obj.data[: attrs.size].ljust(attrs.size, b"\0")
            file_obj.dirty = True
        self._flush(file_obj)
        await self._pass("setstat", file_obj.path, True)
        self._set(file_obj.path, attrs)

    async def lsetstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        """Set attributes."""
        await self.setstat(path, attrs)

    def _set(self, name: str, attrs: asyncssh.SFTPAttrs) -> None:
        if attrs.size is not None:
            self._files.write(name, self._files.read(name)[: attrs.size].ljust(attrs.size, b"\0"))
        if attrs.permissions is not None:
            self._files.chmod(name, attrs.permissions & 0o7777)
        if attrs.uid is not None and attrs.gid is not None:
            self._files.chown(name, attrs.uid, attrs.gid)
        if attrs.mtime is not None:
            self._files.utime(name, attrs.mtime)
        self._host.changed()

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        """Entries of a directory."""
        name = self._path(path)
        await self._pass("list", name, False)
        for each in [".", "..", *self._files.listdir(name)]:
            node = self._files.stat(posixpath.normpath(posixpath.join(name, each)), follow=False)
            yield asyncssh.SFTPName(each.encode(errors="surrogateescape"), attrs=_attributes(node))

    async def remove(self, path: bytes) -> None:
        """Remove a file."""
        await self._pass("remove", self._path(path), True)
        self._files.remove(self._path(path))
        self._host.changed()

    async def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        """Make a directory."""
        await self._pass("mkdir", self._path(path), True)
        self._files.mkdir(self._path(path), attrs.permissions & 0o7777 if attrs.permissions is not None else 0o755)
        self._host.changed()

    async def rmdir(self, path: bytes) -> None:
        """Remove an empty directory."""
        await self._pass("rmdir", self._path(path), True)
        self._files.rmdir(self._path(path))
        self._host.changed()

    def realpath(self, path: bytes) -> bytes:
        """The path without links and dots; only its last part may be missing."""
        name: str = self._files.resolve(self._path(path))
        self._files.stat(posixpath.dirname(name))
        return bytes(os.fsencode(name))

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Move an entry; refuses to replace one, as version 3 of the protocol has it."""
        if self._files.exists(self._path(newpath)):
            raise asyncssh.SFTPFailure("Failure")
        await self.posix_rename(oldpath, newpath)

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Move an entry over whatever file is there, in one step."""
        await self._pass("rename", f"{self._path(oldpath)} {self._path(newpath)}", True)
        self._files.rename(self._path(oldpath), self._path(newpath))
        self._host.changed()

    def readlink(self, path: bytes) -> bytes:
        """Where a link leads."""
        node = self._files.stat(self._path(path), follow=False)
        if node.kind != "link":
            raise _refusal(errno.EINVAL)
        return bytes(node.data)

    async def symlink(self, oldpath: bytes, newpath: bytes) -> None:
        """Make a link; OpenSSH takes the two names in this order from every client, whatever the protocol says."""
        version = self.connection.get_extra_info("client_version", "")
        if not any(name in version for name in ("OpenSSH", "paramiko")):
            oldpath, newpath = newpath, oldpath
        await self._pass("symlink", self._path(newpath), True)
        self._files.symlink(oldpath.decode(), self._path(newpath))
        self._host.changed()

    async def link(self, oldpath: bytes, newpath: bytes) -> None:
        """Hard links are not kept by this file tree."""
        del oldpath, newpath
        raise asyncssh.SFTPOpUnsupported("Operation unsupported")

    def statvfs(self, path: bytes) -> asyncssh.SFTPVFSAttrs:
        """Space of the file system."""
        del path
        total = self._host.machine.flavor.disk_gib * 1024**3 // _BLOCK
        free = max(0, total - self._host.files.used_bytes() // _BLOCK)
        return asyncssh.SFTPVFSAttrs(_BLOCK, _BLOCK, total, free, free, 10**6, 10**6, 10**6, 0, 0, 255)


def _attributes(node: Node) -> asyncssh.SFTPAttrs:
    return asyncssh.SFTPAttrs(
        type=_TYPES[node.kind],
        size=len(node.data),
        uid=node.uid,
        gid=node.gid,
        permissions=node.st_mode,
        atime=int(node.mtime),
        mtime=int(node.mtime),
    )
