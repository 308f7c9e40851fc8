"""Numbers with units, as TOSCA writes them.

Source: docs.oasis-open.org, "TOSCA Simple Profile in YAML Version 1.3", section 3.3.6: units are case-insensitive;
section 3.3.6.6 for rates.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from federation.importing.tosca.unfit import Unfit

_SCALAR = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)\s*([A-Za-z]{1,20})", re.ASCII)

SIZES: Mapping[str, float] = {
    "B": 1, "kB": 1000, "MB": 1000**2, "GB": 1000**3, "TB": 1000**4,
    "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3, "TiB": 1024**4,
}  # fmt: skip
"""Bytes."""
TIMES: Mapping[str, float] = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1, "us": 1e-3, "ns": 1e-6}
"""Milliseconds."""
RATES: Mapping[str, float] = {
    "bps": 1, "Kbps": 1000, "Mbps": 1000**2, "Gbps": 1000**3, "Kibps": 1024, "Mibps": 1024**2, "Gibps": 1024**3,
    "Bps": 8, "KBps": 8000, "MBps": 8 * 1000**2, "GBps": 8 * 1000**3,
}  # fmt: skip
"""Bits in a second. Here the case of a letter counts, since b is a bit and B a byte."""


def scalar(value: Any, units: Mapping[str, float], example: str) -> float:
    """A number with a unit, in the smallest of its kind: bytes, milliseconds, bits in a second.

    Raises:
        Unfit: It is none.
    """
    match = _SCALAR.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise Unfit("must be a number with a unit", f"write it like {example}")
    unit = match.group(2)
    folded = {each.lower(): factor for each, factor in units.items()}
    factor = units.get(unit) or (folded.get(unit.lower()) if len(folded) == len(units) else None)
    if factor is None:
        raise Unfit(f"the unit '{unit}' is not known here", f"units: {', '.join(units)}")
    return float(match.group(1)) * factor


def size(value: Any) -> float:
    """Bytes of a size such as ``512 MB``."""
    return scalar(value, SIZES, "512 MB")


def time_ms(value: Any) -> float:
    """Milliseconds of a time such as ``20 ms``."""
    return scalar(value, TIMES, "20 ms")


def bits_per_s(value: Any) -> float:
    """Bits in a second of a rate such as ``4 Mbps``."""
    return scalar(value, RATES, "4 Mbps")


def number(value: Any) -> float:
    """A plain number.

    Raises:
        Unfit: It is none.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Unfit("must be a number", "write it without quotes")
    return float(value)
