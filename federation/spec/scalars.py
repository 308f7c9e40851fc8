"""What an unquoted word of YAML stands for, after the core schema of YAML 1.2.

Words such as ``no`` and ``on`` are text, and so are dates: a country code stays a country code.

Source: yaml.org, "YAML Ain't Markup Language version 1.2", section 10.3.2.
"""

from __future__ import annotations

import re

Scalar = str | int | float | bool | None

_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,30}|[0-9]{1,30}(\.[0-9]{0,30})?)([eE][-+]?[0-9]{1,2})?", re.ASCII)
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+", re.ASCII)


def parse_plain(word: str) -> Scalar:
    """The value of an unquoted scalar.

    Raises:
        ValueError: A number with a leading zero, which is octal to some programs and decimal to others.
    """
    if word in _WORDS:
        return _WORDS[word]
    if _LEADING_ZERO.fullmatch(word):
        raise ValueError(f"{word} is octal to some programs and decimal to others")
    if _INTEGER.fullmatch(word):
        return int(word)
    if _FLOAT.fullmatch(word):
        return float(word)
    return word
