"""Node filters as resources.

A filter bounds the machine, a spec says what to set aside on it: a lower bound becomes a request, an upper one a limit.
A bound that may not be reached counts as one that may.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from federation.importing.tosca.constraints import Span
from federation.importing.tosca.filters import Filter

_UNITS = (("Gi", 1024**3), ("Mi", 1024**2), ("G", 1000**3), ("M", 1000**2), ("k", 1000))


def resources_of(found: Filter) -> dict[str, Any]:
    """What one replica asks for and may use, as fields of the spec; empty when nothing is said."""
    cpu, memory = (found.spans.get(("host", name), Span()) for name in ("num_cpus", "mem_size"))
    requests = {"cpu": _cpu(cpu.least), "memory": bytes_quantity(memory.least)}
    limits = {"cpu": _most(cpu, _cpu), "memory": _most(memory, bytes_quantity)}
    asked, allowed = _said(requests), _said(limits)
    if asked == allowed:
        return dict(asked)
    return {name: amounts for name, amounts in {"requests": asked, "limits": allowed}.items() if amounts}


def _said(amounts: Mapping[str, str]) -> dict[str, str]:
    return {name: amount for name, amount in amounts.items() if amount != "0"}


def _most(bounds: Span, written: Any) -> str:
    """An upper bound; one of nothing at all is no bound that anybody means."""
    return "0" if math.isinf(bounds.most) else str(written(bounds.most))


def _cpu(cpus: float) -> str:
    return str(int(cpus)) if cpus == int(cpus) else f"{math.ceil(cpus * 1000)}m"


def bytes_quantity(size: float) -> str:
    """Bytes in the largest unit that says them exactly.

    Example:
        >>> bytes_quantity(512_000_000.0), bytes_quantity(2.0 * 1024**3)
        ('512M', '2Gi')
    """
    whole = math.ceil(size)
    unit, factor = next(((unit, factor) for unit, factor in _UNITS if whole % factor == 0), ("", 1))
    return f"{whole // factor}{unit}" if whole else "0"
