"""Generations: every version of a federation that was asked for, and what of the earlier ones may still exist."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeVar, overload

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from federation.errors import Conflict
from federation.spec.application import Application
from federation.spec.cluster import Cluster
from federation.spec.federation import Federation
from federation.spec.model import SpecModel
from federation.spec.peering import Peering
from registry.database import Database
from registry.schema import Document, Json, Key, Short, Table, to_text

Kind = Literal["cluster", "peering", "application"]
M = TypeVar("M", bound=SpecModel)


class GenerationRow(Table):
    """One version of a federation. A federation that is gone keeps its rows, so that its numbers go on."""

    __tablename__ = "generations"

    federation: Mapped[Key]
    number: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[Short]
    document: Mapped[Document]
    applied_at: Mapped[float]
    applied_by: Mapped[Short]
    retired: Mapped[bool] = mapped_column(default=False)


class MemberRow(Table):
    """A cluster, peering or application as it was last asked for. It stays until it is seen to be gone."""

    __tablename__ = "members"

    federation: Mapped[Key]
    kind: Mapped[Key]
    name: Mapped[Key]
    document: Mapped[Document]
    number: Mapped[int]


@dataclass(frozen=True)
class Generation:
    """One version of a federation.

    Attributes:
        number: 1 for the first, growing by one.
        document: The federation as JSON, with its defaults merged into every cluster.
        applied_at: UTC, Unix seconds.
    """

    federation: str
    number: int
    digest: str
    document: Json
    applied_at: float
    applied_by: str
    retired: bool = False

    def parsed(self) -> Federation:
        """The document as a checked spec."""
        return Federation.model_validate(self.document)


@dataclass(frozen=True)
class Former:
    """What earlier generations asked for, the current one does not, and nobody has seen to be gone.

    Every peering has exactly one direction.
    """

    clusters: tuple[Cluster, ...] = ()
    peerings: tuple[Peering, ...] = ()
    applications: tuple[Application, ...] = ()


class Generations:
    """All versions of all federations of a registry."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def put(self, federation: Federation, applied_by: str = "", after: int | None = None) -> Generation:
        """Make this the version that is asked for; what is current already stays the same generation.

        Args:
            after: Number of the generation that the caller has read, 0 when there was none; None when it does not care.

        Raises:
            Conflict: Another generation is current by now; nothing was written.
        """
        with self._database.write() as session:
            return write_generation(session, federation.name, federation, applied_by, self._clock(), after)

    def current(self, name: str) -> Generation | None:
        """The version that is asked for; None when there is none or the federation is retired."""
        with self._database.read() as session:
            row = session.scalars(_latest(name)).first()
            return None if row is None or row.retired else _generation(row)

    def get(self, name: str, number: int) -> Generation | None:
        """A version by its number."""
        with self._database.read() as session:
            row = session.get(GenerationRow, (name, number))
            return None if row is None else _generation(row)

    def history(self, name: str, limit: int = 100) -> tuple[Generation, ...]:
        """The latest versions of a federation, newest first."""
        with self._database.read() as session:
            return tuple(_generation(row) for row in session.scalars(_latest(name).limit(limit)))

    def list(self) -> tuple[Generation, ...]:
        """The current version of every federation that is not retired, by name."""
        newest = (
            select(GenerationRow.federation, func.max(GenerationRow.number).label("number"))
            .group_by(GenerationRow.federation)
            .subquery()
        )
        same = (GenerationRow.federation == newest.c.federation) & (GenerationRow.number == newest.c.number)
        wanted = select(GenerationRow).join(newest, same).where(GenerationRow.retired.is_(False))
        with self._database.read() as session:
            return tuple(_generation(row) for row in session.scalars(wanted.order_by(GenerationRow.federation)))

    def former(self, name: str) -> Former:
        """What may still exist of earlier generations, as it was last asked for."""
        newest = select(func.max(GenerationRow.number)).where(GenerationRow.federation == name).scalar_subquery()
        wanted = select(MemberRow).where(MemberRow.federation == name, MemberRow.number < newest)
        with self._database.read() as session:
            rows = [(row.kind, row.document) for row in session.scalars(wanted.order_by(MemberRow.name))]
        return Former(
            tuple(_parsed(Cluster, rows, "cluster")),
            tuple(_parsed(Peering, rows, "peering")),
            tuple(_parsed(Application, rows, "application")),
        )

    def confirm_gone(self, federation: str, kind: Kind, name: str) -> None:
        """A former cluster, peering (``consumer->provider``) or application is seen to be gone; repeatable."""
        newest = select(func.max(GenerationRow.number)).where(GenerationRow.federation == federation).scalar_subquery()
        mine = MemberRow.federation == federation, MemberRow.kind == kind, MemberRow.name == name
        with self._database.write() as session:
            session.execute(delete(MemberRow).where(*mine, MemberRow.number < newest))

    def retire(self, name: str) -> None:
        """The whole federation is gone: it is not listed any more, and nothing of it is former. History stays."""
        with self._database.write() as session:
            session.execute(update(GenerationRow).where(GenerationRow.federation == name).values(retired=True))
            session.execute(delete(MemberRow).where(MemberRow.federation == name))


@overload
def write_generation(
    session: Session, name: str, spec: Federation, applied_by: str, at: float, after: int | None
) -> Generation: ...
@overload
def write_generation(
    session: Session, name: str, spec: Federation | None, applied_by: str, at: float, after: int | None
) -> Generation | None: ...
def write_generation(
    session: Session, name: str, spec: Federation | None, applied_by: str, at: float, after: int | None
) -> Generation | None:
    """Write a generation in a transaction that may write more; with no ``spec`` only look which one holds.

    Raises:
        Conflict: ``after`` is given, and another generation is current by now.
    """
    last = session.scalars(_latest(name)).first()
    standing = last.number if last is not None and not last.retired else 0
    if after is not None and after != standing:
        raise Conflict(f"{name} was changed by somebody else at the same time: its generation is {standing} by now")
    if last is not None and standing and (spec is None or last.digest == spec.digest):
        return _generation(last)
    if spec is None:
        return None
    row = GenerationRow(
        federation=name,
        number=1 if last is None else last.number + 1,
        digest=spec.digest,
        document=to_text(spec.model_dump(mode="json", by_alias=True)),
        applied_at=at,
        applied_by=applied_by,
        retired=False,
    )
    session.add(row)
    for kind, member, model in _members(spec):
        _remember(session, row, kind, member, model)
    session.flush()
    return _generation(row)


def _latest(name: str) -> Select[GenerationRow]:
    wanted = select(GenerationRow).where(GenerationRow.federation == name)
    return wanted.order_by(GenerationRow.number.desc())


def _members(federation: Federation) -> Iterator[tuple[Kind, str, SpecModel]]:
    for cluster in federation.spec.clusters:
        yield "cluster", cluster.name, cluster
    for key, peering in federation.directions.items():
        one_way = {"between": None, "consumer": key.consumer, "provider": key.provider}
        yield "peering", str(key), peering.model_copy(update=one_way)
    for application in federation.spec.applications:
        yield "application", application.name, application


def _remember(session: Session, generation: GenerationRow, kind: Kind, name: str, model: SpecModel) -> None:
    document = to_text(model.model_dump(mode="json", by_alias=True, exclude_none=True))
    row = session.get(MemberRow, (generation.federation, kind, name))
    if row is None:
        key = {"federation": generation.federation, "kind": kind, "name": name}
        session.add(MemberRow(**key, document=document, number=generation.number))
    else:
        row.document, row.number = document, generation.number


def _generation(row: GenerationRow) -> Generation:
    document = json.loads(row.document)
    return Generation(row.federation, row.number, row.digest, document, row.applied_at, row.applied_by, row.retired)


def _parsed(model: type[M], rows: list[tuple[str, str]], kind: Kind) -> Iterator[M]:
    for row_kind, document in rows:
        if row_kind == kind:
            yield model.model_validate_json(document)
