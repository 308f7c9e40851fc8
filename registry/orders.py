"""Orders: flow runs that are needed and that Prefect has not taken yet.

An order is written together with the desire that it serves, so that neither is lost without the other: not when the
process dies in between, and not while Prefect is away.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from sqlalchemy import delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.database import Database
from registry.schema import Document, Json, Key, Short, Table, to_text


class OrderRow(Table):
    """One order that is still to be placed."""

    __tablename__ = "orders"

    id: Mapped[Key]
    federation: Mapped[str] = mapped_column(index=True)
    deployment: Mapped[Short]
    parameters: Mapped[Document]
    made_at: Mapped[float]


@dataclass(frozen=True)
class Order:
    """A flow run to be made.

    Attributes:
        id: 32 hex digits, also Prefect's idempotency key: placed twice, it makes one run.
        deployment: Such as ``teardown/flotilla``.
        made_at: UTC, Unix seconds; set when it is kept.
    """

    id: str
    federation: str
    deployment: str
    parameters: Json = field(default_factory=dict)
    made_at: float = 0.0


class Orders:
    """The open orders of a registry. They are written by ``registry.changes``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, limit: int = 20) -> tuple[Order, ...]:
        """Orders that Prefect has not taken, oldest first."""
        wanted = select(OrderRow).order_by(OrderRow.made_at, OrderRow.id).limit(limit)
        with self._database.read() as session:
            return tuple(_order(row) for row in session.scalars(wanted))

    def of(self, federation: str) -> tuple[Order, ...]:
        """Open orders of one federation, oldest first."""
        wanted = select(OrderRow).where(OrderRow.federation == federation)
        with self._database.read() as session:
            rows = session.scalars(wanted.order_by(OrderRow.made_at, OrderRow.id))
            return tuple(_order(row) for row in rows)

    def placed(self, order_id: str) -> None:
        """Prefect has taken an order; repeatable."""
        with self._database.write() as session:
            session.execute(delete(OrderRow).where(OrderRow.id == order_id))


def add_order(session: Session, order: Order, at: float) -> None:
    """Keep an order. One of the same federation for the same thing that is still open is served by this one too."""
    same = OrderRow.federation == order.federation, OrderRow.deployment == order.deployment
    parameters = to_text(order.parameters)
    session.execute(delete(OrderRow).where(*same, OrderRow.parameters == parameters))
    row = OrderRow(id=order.id, federation=order.federation, deployment=order.deployment, made_at=at)
    row.parameters = parameters
    session.add(row)


def _order(row: OrderRow) -> Order:
    return Order(row.id, row.federation, row.deployment, json.loads(row.parameters), row.made_at)
