"""Where two observations differ."""

from __future__ import annotations

import json
from typing import Any


def differences(wanted: Any, found: Any, at: str = "") -> list[str]:
    """Where two JSON values differ, one line each."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return [
            line
            for key in sorted({*wanted, *found})
            for line in differences(wanted.get(key, "<absent>"), found.get(key, "<absent>"), f"{at}.{key}")
        ]
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        return [
            line
            for number, (one, other) in enumerate(zip(wanted, found, strict=True))
            for line in differences(one, other, f"{at}[{number}]")
        ]
    return [] if wanted == found else [f"{at}: real {_short(wanted)}, here {_short(found)}"]


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) < 400 else f"{text[:400]} ..."
