"""Bounds on the quality of links as connections between components."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from federation.importing.reading import Findings
from federation.importing.tosca.blueprint import path_of
from federation.importing.tosca.parts import Part
from federation.importing.tosca.scalars import time_ms

_MS_IN_DIGITS = 999_999.0


def connection_of(link: Part, names: Iterable[str], findings: Findings) -> dict[str, Any] | None:
    """The bounds of a link as a connection between components; None when it has none that can be kept.

    Args:
        link: The link.
        names: Labels of the deployed components that are joined to it.
        findings: Where it is noted what is not kept.
    """
    latency, bandwidth = _latency(link), _bandwidth(link)
    if ("network", "jitter") in link.bounds.spans:
        findings.remark(link.bounds.paths["network", "jitter"], "the bound on jitter is not kept")
    between = sorted(set(names))
    if latency is None and bandwidth is None:
        return None
    if len(between) < 2:
        message = "the bounds of this link are not kept: fewer than two deployed components are joined to it"
        findings.remark(path_of(link.node), message)
        return None
    kept = {"latencyMax": latency, "bandwidthMin": bandwidth}
    return {"name": link.label, "between": between} | {key: value for key, value in kept.items() if value is not None}


def _latency(link: Part) -> str | None:
    filtered = link.bounds.spans.get(("network", "latency"))
    found = [filtered.most] if filtered is not None else []
    found += [time_ms(link.properties["latency_max"])] if "latency_max" in link.properties else []
    longest_ms = min(found, default=math.inf)
    if math.isinf(longest_ms):
        return None
    if longest_ms > _MS_IN_DIGITS:
        return f"{_decimal(longest_ms / 1000)}s"
    return f"{_decimal(longest_ms)}ms"


def _bandwidth(link: Part) -> str | None:
    filtered = link.bounds.spans.get(("network", "bandwidth"))
    if filtered is None or filtered.least == 0.0:
        return None
    return f"{_decimal(filtered.least / 1000)}kbit"


def _decimal(value: float) -> str:
    """A number with at most three digits behind its point, and never as a power of ten."""
    return f"{value:.3f}".rstrip("0").rstrip(".")
