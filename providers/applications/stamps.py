"""Each object carries what was applied, so that a change by another hand is seen without any memory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from clients.kubernetes.api import Object as Manifest
from clients.kubernetes.apply import drifted
from federation.spec.marks import APPLIED


def stamped(manifest: Manifest) -> Manifest:
    """The manifest with itself as an annotation. Not for objects that hold secrets."""
    meta = manifest["metadata"]
    text = json.dumps(manifest, sort_keys=True, separators=(",", ":"))
    return {**manifest, "metadata": {**meta, "annotations": {**meta.get("annotations", {}), APPLIED: text}}}


def stamp_of(live: Mapping[str, Any]) -> Manifest | None:
    """A live object as it was applied, without its stamp; None when it carries none."""
    text = (live["metadata"].get("annotations") or {}).get(APPLIED, "")
    try:
        found: Manifest = json.loads(text)
    except ValueError:
        return None
    return found


def is_untouched(live: Mapping[str, Any]) -> bool:
    """Whether a live object still has everything that was applied."""
    stamp = stamp_of(live)
    return stamp is not None and not drifted(stamp, live)
