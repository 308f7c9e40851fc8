"""Where is looked: files, remote disks, user data, objects of clusters, command lines."""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Hay = tuple[str, bytes]
"""Name of a place, and what can be read there."""


def files(folder: Path, without: str = "sandbox") -> Iterator[Hay]:
    """Every file of a home except the sandbox's, which is the world outside."""
    for path in sorted(folder.rglob("*")):
        local = path.relative_to(folder)
        if local.parts[0] != without and path.is_file() and not path.is_symlink():
            yield f"file {local}", path.read_bytes()


def open_to_others(folder: Path) -> list[str]:
    """Files and folders below a home that others than the owner may read or write."""
    loose = stat.S_IRWXG | stat.S_IRWXO
    paths = [path for path in folder.rglob("*") if not path.is_symlink()]
    return sorted(
        f"{path.relative_to(folder)} {path.stat().st_mode & 0o777:o}" for path in paths if path.stat().st_mode & loose
    )


def world(folder: Path) -> Iterator[Hay]:
    """The world on disk: remote disks and journals, user data, and objects of clusters."""
    for path in sorted((folder / "sandbox" / "state").glob("*.json")):
        content = json.loads(path.read_bytes())
        if path.name.startswith("host__"):
            yield from _disk(path.stem.removeprefix("host__"), content)
        yield from _objects(content)
        yield from _user_data(content)


def _disk(machine: str, content: Any) -> Iterator[Hay]:
    for name, record in content["files"]["changed"].items():
        if record and record[0] == "file":
            yield f"disk {name}", base64.b64decode(record[-1])
    yield "disk journal", json.dumps(content["log"]).encode()


def _user_data(content: Any) -> Iterator[Hay]:
    if isinstance(content, dict):
        if isinstance(content.get("user_data"), str) and content["user_data"]:
            yield "user data", content["user_data"].encode()
            with contextlib.suppress(binascii.Error):
                yield "user data", base64.b64decode(content["user_data"])
        content = list(content.values())
    if isinstance(content, list):
        for each in content:
            yield from _user_data(each)


def _objects(content: Any) -> Iterator[Hay]:
    if isinstance(content, dict):
        if "kind" in content and isinstance(content.get("metadata"), dict) and "apiVersion" in content:
            yield f"object {content['kind']} {content['metadata'].get('name')}", json.dumps(content).encode()
            return
        content = list(content.values())
    if isinstance(content, list):
        for each in content:
            yield from _objects(each)
