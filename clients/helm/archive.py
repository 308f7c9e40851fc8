"""What is in a chart's archive.

Source: helm.sh, "Charts": ``<name>/crds/`` and, of a chart below, ``<name>/charts/<below>/crds/``.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

_DEFINITIONS = re.compile(r"[^/]+(/charts/[^/]+)*/crds/.+\.ya?ml")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_definitions(archive: Path) -> list[dict[str, Any]]:
    """The CustomResourceDefinitions in the ``crds`` folders of a chart and of those below it, by name."""
    found = {each["metadata"]["name"]: each for each in _documents(archive) if _is_definition(each)}
    return [found[name] for name in sorted(found)]


def _documents(archive: Path) -> Iterator[Any]:
    with tarfile.open(archive) as tar:
        for member in tar:
            file = tar.extractfile(member) if _DEFINITIONS.fullmatch(member.name) else None
            if file is not None:
                yield from yaml.load_all(file.read(), Loader=_LOADER)


def _is_definition(document: Any) -> bool:
    return isinstance(document, dict) and document.get("kind") == "CustomResourceDefinition"
