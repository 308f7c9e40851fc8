"""Leases: who may write to a scope now. A fencing number that only grows tells a ghost that it has been replaced."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import CursorResult, Update, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session

from federation.errors import LeaseLost, RetryableError
from registry.database import Database
from registry.schema import Key, Short, Table

NOBODY = ""


class LeaseRow(Table):
    """A scope and its holder. The row outlives its lease, because the fence must not start again."""

    __tablename__ = "leases"

    scope: Mapped[Key]
    owner: Mapped[Short]
    fence: Mapped[int]
    expires_at: Mapped[float]


@dataclass(frozen=True)
class Lease:
    """The right to write to a scope until ``expires_at`` (UTC, Unix seconds)."""

    scope: str
    owner: str
    fence: int
    expires_at: float


class LeaseHeld(RetryableError):
    """Somebody else holds the lease: ``owner``, until ``until`` (UTC, Unix seconds)."""

    reason = "LeaseHeld"

    def __init__(self, scope: str, owner: str, until: float, now: float) -> None:
        when = datetime.fromtimestamp(until, UTC).isoformat(timespec="seconds")
        super().__init__(f"{scope} is being changed by {owner} until {when}", delay_s=max(until - now, 0.0))
        self.owner = owner
        self.until = until


class Leases:
    """All leases of a registry. Every decision is one statement, so two processes cannot both win."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def acquire(self, scope: str, owner: str, ttl_s: float, now: float) -> Lease:
        """Take a lease that is free, expired, or was the same owner's, whose former lease ends with that.

        Raises:
            LeaseHeld: Somebody else holds it.
        """
        while True:
            lease = self._take(scope, owner, now + ttl_s, now) or self._open(scope, owner, now + ttl_s)
            if lease is not None:
                return lease
            holder = self.holder(scope, now)
            if holder is not None and holder.owner != owner:
                raise LeaseHeld(scope, holder.owner, holder.expires_at, now)

    def renew(self, lease: Lease, ttl_s: float, now: float) -> Lease:
        """Hold on to a lease for ``ttl_s`` from now; also when it has expired and nobody has taken it since.

        Raises:
            LeaseLost: Somebody else has it.
        """
        statement = _of(lease).values(expires_at=now + ttl_s)
        with self._database.write() as session:
            if _count(session, statement) == 0:
                raise _lost(lease)
        return Lease(lease.scope, lease.owner, lease.fence, now + ttl_s)

    def release(self, lease: Lease) -> None:
        """Give a lease back; one that was lost is no error."""
        with self._database.write() as session:
            session.execute(_of(lease).values(owner=NOBODY, expires_at=0.0))

    def check(self, lease: Lease, now: float) -> None:
        """Make sure that the lease still gives the right to write.

        Raises:
            LeaseLost: It has expired, or somebody else has it.
        """
        with self._database.read() as session:
            row = session.get(LeaseRow, lease.scope)
            if row is None or (row.owner, row.fence) != (lease.owner, lease.fence) or row.expires_at <= now:
                raise _lost(lease)

    def holder(self, scope: str, now: float) -> Lease | None:
        """The lease that is in force on a scope."""
        with self._database.read() as session:
            row = session.get(LeaseRow, scope)
            if row is None or row.owner == NOBODY or row.expires_at <= now:
                return None
            return Lease(row.scope, row.owner, row.fence, row.expires_at)

    def _take(self, scope: str, owner: str, until: float, now: float) -> Lease | None:
        free = or_(LeaseRow.owner.in_((NOBODY, owner)), LeaseRow.expires_at <= now)
        values = {"owner": owner, "fence": LeaseRow.fence + 1, "expires_at": until}
        with self._database.write() as session:
            if _count(session, update(LeaseRow).where(LeaseRow.scope == scope, free).values(values)) == 0:
                return None
            fence = session.scalars(select(LeaseRow.fence).where(LeaseRow.scope == scope)).one()
        return Lease(scope, owner, fence, until)

    def _open(self, scope: str, owner: str, until: float) -> Lease | None:
        row = {"scope": scope, "owner": owner, "fence": 1, "expires_at": until}
        try:
            with self._database.write() as session:
                if session.get(LeaseRow, scope) is not None:
                    return None
                session.execute(insert(LeaseRow).values(row))
        except IntegrityError:
            return None
        return Lease(scope, owner, 1, until)


def _of(lease: Lease) -> Update:
    mine = (LeaseRow.scope == lease.scope, LeaseRow.owner == lease.owner, LeaseRow.fence == lease.fence)
    return update(LeaseRow).where(*mine)


def _count(session: Session, statement: Update) -> int:
    result: CursorResult[Any] = session.execute(statement)  # type: ignore[assignment]  # an update gives a cursor
    return result.rowcount


def _lost(lease: Lease) -> LeaseLost:
    return LeaseLost(f"lease {lease.fence} of {lease.owner} on {lease.scope} is no longer in force")
