"""The file tree of a machine, kept in memory: modes, owners and links as POSIX has them.

Nothing reaches the disk of the computer that runs the sandbox, so no path or link can lead out of the tree.
"""

from __future__ import annotations

import base64
import errno
import os
import posixpath
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

Kind = Literal["file", "dir", "link"]
_MAX_LINKS = 40
_TYPE_BITS: Mapping[Kind, int] = {"file": stat.S_IFREG, "dir": stat.S_IFDIR, "link": stat.S_IFLNK}
_READ, _WRITE, _EXECUTE = 4, 2, 1


@dataclass(frozen=True, slots=True)
class Node:
    """One entry: a file's bytes, or a link's target, with its owner and permission bits."""

    kind: Kind
    mode: int
    uid: int = 0
    gid: int = 0
    mtime: float = 0.0
    data: bytes = b""

    @property
    def st_mode(self) -> int:
        """Type and permission bits as stat(2) reports them."""
        return _TYPE_BITS[self.kind] | self.mode


@dataclass(frozen=True)
class Identity:
    """Who touches a file."""

    name: str
    uid: int
    gid: int
    home: str = "/"


ROOT = Identity("root", 0, 0, "/root")


def _refusal(code: int, path: str) -> OSError:
    return OSError(code, os.strerror(code), path)


class FileTree:
    """All entries of one machine, by absolute path, over a shared read-only base image."""

    def __init__(self, base: Mapping[str, Node], clock: Callable[[], float] = time.time) -> None:
        self._base = base
        self._nodes: dict[str, Node] = dict(base)
        self._clock = clock

    def view(self, who: Identity) -> FileView:
        """The tree with the rights of one user."""
        return FileView(self, who)

    def now(self) -> float:
        """Time for a change, in seconds since the epoch."""
        return self._clock()

    def at(self, path: str) -> Node | None:
        """The entry exactly at an absolute, normal path."""
        return self._nodes.get(path)

    def put(self, path: str, node: Node) -> None:
        """Set the entry at a path."""
        self._nodes[path] = node

    def drop(self, path: str) -> None:
        """Remove the entry and everything below it."""
        for each in [p for p in self._nodes if p == path or p.startswith(path + "/")]:
            del self._nodes[each]

    def move(self, source: str, target: str) -> None:
        """Move an entry with everything below it; what was at the target is gone."""
        moved = {p: n for p, n in self._nodes.items() if p == source or p.startswith(source + "/")}
        self.drop(target)
        for path, node in moved.items():
            self._nodes.pop(path, None)
            self._nodes[target + path[len(source) :]] = node

    def names(self, path: str) -> list[str]:
        """Names in a directory, sorted."""
        prefix = "/" if path == "/" else path + "/"
        cut = len(prefix)
        return sorted(p[cut:] for p in self._nodes if p.startswith(prefix) and len(p) > cut and "/" not in p[cut:])

    def used_bytes(self) -> int:
        """Bytes in files."""
        return sum(len(n.data) for n in self._nodes.values())

    def snapshot(self) -> dict[str, Any]:
        """What differs from the base image, as JSON."""
        changed = {p: _dump(n) for p, n in self._nodes.items() if self._base.get(p) is not n}
        return {"changed": changed, "removed": [p for p in self._base if p not in self._nodes]}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Bring back a snapshot; what was there before is forgotten."""
        self._nodes = dict(self._base)
        for path in state["removed"]:
            self._nodes.pop(path, None)
        for path, fields in state["changed"].items():
            self._nodes[path] = _load(fields)


def _dump(node: Node) -> list[Any]:
    return [node.kind, node.mode, node.uid, node.gid, node.mtime, base64.b64encode(node.data).decode()]


def _load(fields: list[Any]) -> Node:
    kind, mode, uid, gid, mtime, data = fields
    return Node(kind, mode, uid, gid, mtime, base64.b64decode(data))


class FileView:
    """File operations with one user's rights; every refusal is an OSError with the errno of the real call."""

    def __init__(self, tree: FileTree, who: Identity) -> None:
        self.tree = tree
        self.who = who

    def resolve(self, path: str, follow: bool = True) -> str:
        """Absolute path with every link on the way replaced; the last one only when ``follow``."""
        todo = [part for part in posixpath.normpath("/" + path).split("/") if part]
        done, links = "", 0
        while todo:
            here = f"{done}/{todo.pop(0)}"
            node = self.tree.at(here)
            if node is None or node.kind != "link" or (not todo and not follow):
                if node is not None and todo:
                    self._need_directory(here, node)
                done = here
                continue
            links += 1
            if links > _MAX_LINKS:
                raise _refusal(errno.ELOOP, path)
            target = posixpath.normpath(posixpath.join(done or "/", node.data.decode()))
            todo = [part for part in target.split("/") if part] + todo
            done = ""
        return done or "/"

    def _need_directory(self, path: str, node: Node) -> None:
        if node.kind != "dir":
            raise _refusal(errno.ENOTDIR, path)
        self._need(path, node, _EXECUTE)

    def allowed(self, node: Node, bits: int) -> bool:
        """Whether the user has the rights (4 read, 2 write, 1 execute)."""
        if self.who.uid == 0:
            return bits != _EXECUTE or node.kind == "dir" or bool(node.mode & 0o111)
        shift = 6 if node.uid == self.who.uid else 3 if node.gid == self.who.gid else 0
        return (node.mode >> shift) & bits == bits

    def _need(self, path: str, node: Node, bits: int) -> None:
        if not self.allowed(node, bits):
            raise _refusal(errno.EACCES, path)

    def _existing(self, path: str, follow: bool = True) -> tuple[str, Node]:
        real = self.resolve(path, follow)
        node = self.tree.at(real)
        if node is None:
            raise _refusal(errno.ENOENT, path)
        return real, node

    def _parent_writable(self, real: str, path: str) -> Node:
        parent = self.tree.at(posixpath.dirname(real))
        if parent is None:
            raise _refusal(errno.ENOENT, path)
        if parent.kind != "dir":
            raise _refusal(errno.ENOTDIR, path)
        self._need(path, parent, _WRITE | _EXECUTE)
        return parent

    def stat(self, path: str, follow: bool = True) -> Node:
        """The entry at a path."""
        return self._existing(path, follow)[1]

    def exists(self, path: str) -> bool:
        """Whether the path leads to something that the user can see."""
        try:
            self.stat(path)
        except OSError:
            return False
        return True

    def is_dir(self, path: str) -> bool:
        """Whether the path leads to a directory."""
        return self.exists(path) and self.stat(path).kind == "dir"

    def can_execute(self, path: str) -> bool:
        """Whether the path is a file which the user may run."""
        return self.exists(path) and self.stat(path).kind == "file" and self.allowed(self.stat(path), _EXECUTE)

    def read(self, path: str) -> bytes:
        """All bytes of a file."""
        _, node = self._existing(path)
        if node.kind == "dir":
            raise _refusal(errno.EISDIR, path)
        self._need(path, node, _READ)
        return node.data

    def text(self, path: str) -> str:
        """A file as UTF-8 text."""
        return self.read(path).decode(errors="replace")

    def write(self, path: str, data: bytes | str, mode: int = 0o644) -> None:
        """Replace a file's content; a new file gets the mode and the user as its owner."""
        payload = data.encode() if isinstance(data, str) else bytes(data)
        real = self.resolve(path)
        node = self.tree.at(real)
        if node is None:
            self._parent_writable(real, path)
            node = Node("file", mode, self.who.uid, self.who.gid)
        elif node.kind == "dir":
            raise _refusal(errno.EISDIR, path)
        else:
            self._need(path, node, _WRITE)
        self.tree.put(real, replace(node, data=payload, mtime=self.tree.now()))

    def append(self, path: str, data: bytes) -> None:
        """Add to the end of a file, which is made when it is missing."""
        real = self.resolve(path)
        node = self.tree.at(real)
        self.write(path, (node.data if node is not None else b"") + data)

    def mkdir(self, path: str, mode: int = 0o755, parents: bool = False) -> None:
        """Make a directory; with ``parents`` also those above it, and an existing one is no error."""
        real = self.resolve(path)
        node = self.tree.at(real)
        if node is not None:
            if parents and node.kind == "dir":
                return
            raise _refusal(errno.EEXIST, path)
        if parents and self.tree.at(posixpath.dirname(real)) is None:
            self.mkdir(posixpath.dirname(real), parents=True)
        self._parent_writable(real, path)
        self.tree.put(real, Node("dir", mode, self.who.uid, self.who.gid, self.tree.now()))

    def install(self, path: str, data: bytes | str, mode: int = 0o644) -> None:
        """Write a file with exactly this mode, with the directories above it."""
        self.mkdir(posixpath.dirname(posixpath.normpath("/" + path)), parents=True)
        self.write(path, data, mode)
        self.chmod(path, mode)

    def listdir(self, path: str) -> list[str]:
        """Names in a directory, sorted."""
        real, node = self._existing(path)
        if node.kind != "dir":
            raise _refusal(errno.ENOTDIR, path)
        self._need(path, node, _READ)
        return self.tree.names(real)

    def walk(self, path: str) -> Iterator[tuple[str, Node]]:
        """The entry and everything below it, parents first; links are not followed."""
        real, node = self._existing(path, follow=False)
        yield path, node
        if node.kind == "dir":
            for name in self.tree.names(real):
                yield from self.walk(posixpath.join(path, name))

    def _removable(self, real: str, node: Node, path: str) -> None:
        parent = self._parent_writable(real, path)
        if parent.mode & 0o1000 and self.who.uid not in (0, node.uid, parent.uid):
            raise _refusal(errno.EPERM, path)

    def remove(self, path: str) -> None:
        """Remove a file or link."""
        real, node = self._existing(path, follow=False)
        if node.kind == "dir":
            raise _refusal(errno.EISDIR, path)
        self._removable(real, node, path)
        self.tree.drop(real)

    def rmdir(self, path: str) -> None:
        """Remove an empty directory."""
        real, node = self._existing(path, follow=False)
        if node.kind != "dir":
            raise _refusal(errno.ENOTDIR, path)
        if self.tree.names(real):
            raise _refusal(errno.ENOTEMPTY, path)
        self._removable(real, node, path)
        self.tree.drop(real)

    def remove_tree(self, path: str) -> None:
        """Remove an entry and everything below it."""
        real, node = self._existing(path, follow=False)
        self._removable(real, node, path)
        self.tree.drop(real)

    def rename(self, source: str, target: str) -> None:
        """Move an entry; a file at the target is replaced in one step, as rename(2) does."""
        old, node = self._existing(source, follow=False)
        new = self.resolve(target, follow=False)
        self._removable(old, node, source)
        self._parent_writable(new, target)
        there = self.tree.at(new)
        if there is not None and (node.kind == "dir") != (there.kind == "dir"):
            raise _refusal(errno.ENOTDIR if node.kind == "dir" else errno.EISDIR, target)
        if old != new and there is not None and there.kind == "dir" and self.tree.names(new):
            raise _refusal(errno.ENOTEMPTY, target)
        if new.startswith(f"{old}/"):
            raise _refusal(errno.EINVAL, target)
        if old != new:
            self.tree.move(old, new)

    def symlink(self, target: str, path: str) -> None:
        """Make a link which points to the target text."""
        real = self.resolve(path, follow=False)
        if self.tree.at(real) is not None:
            raise _refusal(errno.EEXIST, path)
        self._parent_writable(real, path)
        self.tree.put(real, Node("link", 0o777, self.who.uid, self.who.gid, self.tree.now(), target.encode()))

    def _owned(self, path: str) -> tuple[str, Node]:
        real, node = self._existing(path)
        if self.who.uid not in (0, node.uid):
            raise _refusal(errno.EPERM, path)
        return real, node

    def chmod(self, path: str, mode: int) -> None:
        """Set permission bits; only for the owner and root."""
        real, node = self._owned(path)
        self.tree.put(real, replace(node, mode=mode & 0o7777))

    def chown(self, path: str, uid: int, gid: int) -> None:
        """Set owner and group; only for root."""
        real, node = self._existing(path)
        if self.who.uid != 0 and (uid, gid) != (node.uid, node.gid):
            raise _refusal(errno.EPERM, path)
        self.tree.put(real, replace(node, uid=uid, gid=gid))

    def utime(self, path: str, mtime: float) -> None:
        """Set the time of the last change, in seconds since the epoch."""
        real, node = self._owned(path)
        self.tree.put(real, replace(node, mtime=mtime))
