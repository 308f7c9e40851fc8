"""Names of a blueprint as names of a spec."""

from __future__ import annotations

import re

_FOREIGN = re.compile(r"[^a-z0-9]+")


def as_label(name: str) -> str:
    """A name in the letters of a DNS label.

    Example:
        >>> as_label("Cyango Cloud Studio - reimported")
        'cyango-cloud-studio-reimported'
    """
    return _FOREIGN.sub("-", name.lower()).strip("-")
