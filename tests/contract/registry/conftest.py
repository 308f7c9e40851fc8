"""A registry on SQLite and on PostgreSQL, empty for each test, with a clock that tests move."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from registry.registry import Registry
from tests.proving.building import Missing
from tests.proving.databases import find
from tests.unit.registry.conftest import Clock

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
_numbers = itertools.count()


@pytest.fixture
def clock() -> Clock:
    """The registry's clock."""
    return Clock()


@pytest.fixture(params=[SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.real)])
def url(
    request: pytest.FixtureRequest, tmp_path: Path, record_property: Callable[[str, object], None]
) -> Iterator[str]:
    """A database of the test's own."""
    record_property("server", f"Registry: {request.param}")
    if request.param == SQLITE:
        yield f"sqlite:///{tmp_path}/state/registry.db"
        return
    try:
        databases = find()
    except Missing as reason:
        pytest.skip(str(reason))
    record_property("version", databases.postgresql.version)
    name = f"registry_{os.getpid()}_{next(_numbers)}"
    server = create_engine(databases.url("postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield databases.url(name)
    with server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    server.dispose()


@pytest.fixture
def registry(url: str, clock: Clock) -> Iterator[Registry]:
    """An empty registry."""
    with Registry(url, clock) as opened:
        yield opened
