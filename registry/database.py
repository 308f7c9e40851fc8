"""The database behind the registry: one engine, transactions, and the one place where its errors become ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.orm import Session
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_random

from federation.errors import FlotillaError, Rejected, Unavailable, Unsupported
from registry.schema import Table

BUSY_TIMEOUT_S = 30.0
"""How long a writer waits for another one before it gives up."""
_WRITE_LOCK = 0x0F10711A
"""Our number among PostgreSQL's advisory locks, which belong to one database."""
_LIMITS = {"lock_timeout": "30s", "idle_in_transaction_session_timeout": "60s"}
"""A worker that froze in the middle of a write does not keep the others from writing for ever."""


class Database:
    """A SQLite file, or a PostgreSQL database when there are several workers.

    Readers never wait for a writer. A writing transaction takes the one write lock when it begins, so that two
    processes cannot both decide on the same old state.

    Args:
        url: ``sqlite:///relative.db``, ``sqlite:////absolute.db`` or a PostgreSQL URL. The folder of a file is made.

    Raises:
        Unavailable: The database cannot be opened, or its disk is full or read-only.
        Unsupported: The driver for such a URL is not installed, or it is no database URL.
    """

    def __init__(self, url: str) -> None:
        parsed = _parsed(url)
        self.place = parsed.render_as_string(hide_password=True)
        self.engine = _engine(parsed)
        with self._translated():
            _make_folder(parsed)
            with self.engine.execution_options(begin="IMMEDIATE").begin() as connection:
                Table.metadata.create_all(connection)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that only reads."""
        with self._translated(), Session(self.engine) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that is committed at the end and rolled back on any error."""
        engine = self.engine.execution_options(begin="IMMEDIATE")
        with self._translated(), Session(engine) as session, session.begin():
            yield session

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise self._ours(error) from error
        except OSError as error:
            raise Unavailable(f"the registry at {self.place} cannot be used: {error.strerror or error}") from error

    def _ours(self, error: DBAPIError) -> FlotillaError:
        message = f"the registry at {self.place} cannot be used: {error.orig}"
        kind = type(error.orig).__name__
        return Unavailable(message) if kind in ("OperationalError", "InterfaceError") else Rejected(message)


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError:
        raise Unsupported("the registry's URL is no database URL; one is sqlite:////folder/registry.db") from None


def _make_folder(url: URL) -> None:
    """Make the folder of a SQLite file named by its path; one named by a ``file:`` URI is for its author to place."""
    if url.get_backend_name() == "sqlite" and url.database and not url.database.startswith((":memory:", "file:")):
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)


@retry(
    retry=retry_if_exception_type(sqlite3.OperationalError),
    stop=stop_after_delay(BUSY_TIMEOUT_S),
    wait=wait_random(0.01, 0.1),
    reraise=True,
)
def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Switch a file to the write-ahead log; SQLite's busy timeout does not cover the switch, so it is repeated."""
    if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        connection.execute("PRAGMA journal_mode=WAL")


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S})

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        _use_write_ahead_log(connection)
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('begin', 'DEFERRED')}")

    return engine


def _postgresql(url: URL) -> Engine:
    options = " ".join(f"-c {name}={value}" for name, value in _LIMITS.items())
    engine = create_engine(url, pool_pre_ping=True, connect_args={"options": options})

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("begin") == "IMMEDIATE":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITE_LOCK})")

    return engine


def _engine(url: URL) -> Engine:
    kinds = {"sqlite": _sqlite, "postgresql": _postgresql}
    kind = kinds.get(url.get_backend_name())
    if kind is None:
        raise Unsupported(f"a registry is kept in SQLite or PostgreSQL, not in {url.get_backend_name()}")
    try:
        return kind(url)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise Unsupported(f"no driver for {url.drivername} is installed: {error}") from error
