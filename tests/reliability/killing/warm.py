"""Imported once by the process that runs are forked from: everything that a run imports or reads at its first use."""

import anyio._backends._asyncio  # noqa: F401
import dogpile.cache.backends.null  # noqa: F401
import fastapi  # noqa: F401
import graphviz  # type: ignore[import-untyped]  # noqa: F401
import prefect.flow_engine
import prefect.task_engine
import prefect.telemetry.run_telemetry  # noqa: F401
import sqlalchemy.dialects.sqlite.pysqlite  # noqa: F401
import starlette.applications  # noqa: F401

from config.catalogue.reading import read_addons, read_distributions, read_networks, read_repositories
from tests.reliability.killing import runs

for read in (read_addons, read_distributions, read_networks, read_repositories):
    read()
obey = runs.obey
