"""Imported once by the process that runs are forked from: everything that a run imports or reads at its first use."""

from importlib import import_module

from config.catalogue.reading import read_addons, read_distributions, read_networks, read_repositories
from tests.reliability.killing import runs

_LATE = (
    "anyio._backends._asyncio", "dogpile.cache.backends.null", "fastapi", "graphviz", "prefect.flow_engine",
    "prefect.task_engine", "prefect.telemetry.run_telemetry", "sqlalchemy.dialects.sqlite.pysqlite",
    "starlette.applications",
)  # fmt: skip

for name in _LATE:
    import_module(name)
for read in (read_addons, read_distributions, read_networks, read_repositories):
    read()
obey = runs.obey
