"""A small path language over objects: ``spec.containers[].ports[].protocol``; ``name!`` makes an absent map."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.kubernetes.api import Object


def holders(obj: Object, path: str) -> Iterator[tuple[Object, str, str]]:
    """Every map that holds the last field of a path, with that field's name and its concrete path."""
    *above, last = path.split(".")
    yield from ((node, last, f"{where}.{last}" if where else last) for node, where in _walk(obj, above, ""))


def _walk(node: Any, parts: list[str], where: str) -> Iterator[tuple[Object, str]]:
    if not isinstance(node, dict):
        return
    if not parts:
        yield node, where
        return
    name, rest = parts[0], parts[1:]
    here = f"{where}.{name}" if where else name
    if name.endswith("[]"):
        for index, item in enumerate(node.get(name[:-2]) or []):
            yield from _walk(item, rest, f"{here[:-2]}[{index}]")
    elif name.endswith("!"):
        yield from _walk(node.setdefault(name[:-1], {}), rest, here[:-1])
    else:
        yield from _walk(node.get(name), rest, here)


def look(obj: Any, path: str) -> Any:
    """The value at a plain path; None when it is absent."""
    for part in path.split("."):
        obj = obj.get(part) if isinstance(obj, dict) else None
    return obj
