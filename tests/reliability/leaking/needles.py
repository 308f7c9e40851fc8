"""What is looked for: secrets, in every form in which they could be written down."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

_SHORTEST = 8
_TELLING = 60


@dataclass(frozen=True)
class Needle:
    """One secret.

    Attributes:
        name: What it is.
        forms: Bytes by which it is recognised.
    """

    name: str
    forms: tuple[bytes, ...]

    def within(self, hay: bytes) -> bool:
        """Whether it can be read there."""
        return any(form in hay for form in self.forms)


def needle(name: str, secret: str) -> Needle:
    """A secret as it is, in JSON, in a URL, in base64; of a long one with several lines, a line from its middle."""
    if len(secret) < _SHORTEST:
        raise ValueError(f"{name} is too short to be searched for")
    lines = [line for line in secret.splitlines() if len(line) > 40 and "-----" not in line]
    parts = lines[len(lines) // 2 : len(lines) // 2 + 1] if "\n" in secret.strip() else [secret]
    forms = {form for part in parts for form in (part, json.dumps(part)[1:-1], quote(part, safe=""))}
    encoded = {base64.b64encode(each.encode()).decode() for each in (secret, *parts)}
    return Needle(name, tuple(form.encode() for form in sorted(forms | {_middle(each) for each in encoded})))


def _middle(encoded: str) -> str:
    """What tells one secret from another: all keys of a kind begin alike."""
    begin = max(0, (len(encoded) - _TELLING) // 2)
    return encoded[begin : begin + _TELLING]


def found(needles: Iterable[Needle], hay: bytes) -> list[str]:
    """Names of the secrets that can be read in a text."""
    return [each.name for each in needles if each.within(hay)]
