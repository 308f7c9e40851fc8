"""What all tables share. Times are UTC in Unix seconds, documents are JSON texts."""

from __future__ import annotations

import json
from typing import Annotated, Any

from sqlalchemy import String, Text
from sqlalchemy.orm import DeclarativeBase, mapped_column

Key = Annotated[str, mapped_column(String(255), primary_key=True)]
Short = Annotated[str, mapped_column(String(255))]
Document = Annotated[str, mapped_column(Text)]
Json = dict[str, Any]


class Table(DeclarativeBase):
    """Parent of every table of the registry."""


def to_text(document: Json) -> str:
    """A document as stored: the same content is always the same text."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
