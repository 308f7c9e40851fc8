"""Tokens of the door: who may ask for what. Only a digest of each is kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from sqlalchemy import CursorResult, delete, select
from sqlalchemy.orm import Mapped

from registry.database import Database
from registry.schema import Key, Short, Table

Right = Literal["federations", "placements", "administrator"]
RIGHTS: tuple[Right, ...] = get_args(Right)
_PREFIX = "flotilla"
"""So that scanners find a token that somebody has published by mistake."""
_NOBODY = hashlib.sha256(b"").hexdigest()


class TokenRow(Table):
    """A token that holds."""

    __tablename__ = "tokens"

    id: Mapped[Key]
    owner: Mapped[Short]
    rights: Mapped[Short]
    digest: Mapped[Short]
    made_at: Mapped[float]


@dataclass(frozen=True)
class Token:
    """A token without its secret.

    Attributes:
        id: Eight hex digits; not secret.
        owner: Whose applications it may see and change.
        rights: What it may do besides: ``federations`` deploys and removes whole federations, ``placements`` sees and
            places the components of every owner, ``administrator`` may do all of it for every owner.
        made_at: UTC, Unix seconds.
    """

    id: str
    owner: str
    rights: frozenset[Right]
    made_at: float

    def may(self, right: Right) -> bool:
        """Whether it has a right; an administrator has every one."""
        return right in self.rights or "administrator" in self.rights


class Tokens:
    """The tokens of a registry."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def make(self, owner: str, rights: frozenset[Right] = frozenset()) -> tuple[Token, str]:
        """Make a token. Its text is known only now: nobody can read it back.

        The text has 256 random bits, so that a plain digest is as good as a slow one.
        """
        made = Token(secrets.token_hex(4), owner, rights, self._clock())
        text = f"{_PREFIX}_{made.id}_{secrets.token_urlsafe(32)}"
        listed = ",".join(sorted(rights))
        row = TokenRow(id=made.id, owner=owner, rights=listed, digest=_digest(text), made_at=made.made_at)
        with self._database.write() as session:
            session.add(row)
        return made, text

    def find(self, text: str) -> Token | None:
        """The token of a text; None when there is none. Takes as long for a wrong text as for a right one."""
        parts = text.split("_", 2)
        with self._database.read() as session:
            row = session.get(TokenRow, parts[1][:255]) if len(parts) == 3 else None
            same = hmac.compare_digest(row.digest if row else _NOBODY, _digest(text))
            return _token(row) if row is not None and same else None

    def list(self) -> tuple[Token, ...]:
        """Every token that holds, by owner."""
        with self._database.read() as session:
            rows = session.scalars(select(TokenRow).order_by(TokenRow.owner, TokenRow.made_at, TokenRow.id))
            return tuple(_token(row) for row in rows)

    def revoke(self, token_id: str) -> bool:
        """Make a token invalid at once; False when there is none of that id."""
        with self._database.write() as session:
            result = session.execute(delete(TokenRow).where(TokenRow.id == token_id))
            return isinstance(result, CursorResult) and result.rowcount > 0


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _token(row: TokenRow) -> Token:
    return Token(row.id, row.owner, frozenset(each for each in RIGHTS if each in row.rights.split(",")), row.made_at)
