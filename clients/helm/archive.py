"""What is in a chart's archive.

Source: helm.sh, "Charts": ``<name>/crds/`` and, of a chart below, ``<name>/charts/<below>/crds/``.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import yaml

_DEFINITIONS = re.compile(r"[^/]+(/charts/[^/]+)*/crds/.+\.ya?ml")
_UNREAD = frozenset({"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value"})
"""Kinds of plain words that mean nothing to Kubernetes: to it, 2020-01-01 and = are texts."""
_SAFE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_SAFE):  # type: ignore[misc]  # which of the two it is depends on how PyYAML was built
    yaml_implicit_resolvers: ClassVar[Any] = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in _UNREAD]
        for first, resolvers in _SAFE.yaml_implicit_resolvers.items()
    }


def read_definitions(archive: Path) -> list[dict[str, Any]]:
    """The CustomResourceDefinitions in the ``crds`` folders of a chart and of those below it, by name."""
    found = {each["metadata"]["name"]: each for each in _documents(archive) if _is_definition(each)}
    return [found[name] for name in sorted(found)]


def _documents(archive: Path) -> Iterator[Any]:
    with tarfile.open(archive) as tar:
        for member in tar:
            file = tar.extractfile(member) if _DEFINITIONS.fullmatch(member.name) else None
            if file is not None:
                yield from yaml.load_all(file.read(), Loader=_Loader)


def _is_definition(document: Any) -> bool:
    return isinstance(document, dict) and document.get("kind") == "CustomResourceDefinition"
