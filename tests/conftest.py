"""The stage is shared by all stories of a session; it is set up when the first of them needs it."""

from __future__ import annotations

import os
import signal
import warnings

import pytest

from flotilla.environment import prepare
from tests.proving import table
from tests.stage.authority import AUTHORITY
from tests.stage.stage import Stage

prepare()  # Prefect reads its environment when it is imported


def pytest_configure() -> None:
    """Who ends a session by SIGTERM interrupts it, so that what it has started is stopped."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_collection_finish(session) -> None:
    """Where nothing real is met, nobody reads the system's authorities."""
    if not any(item.get_closest_marker("real") for item in session.items):
        os.environ["SSL_CERT_FILE"] = str(AUTHORITY)


@pytest.fixture(scope="session")
def open_stage(tmp_path_factory):
    opened = Stage(tmp_path_factory.mktemp("home"))
    try:
        yield opened.open()
    finally:
        opened.close()


@pytest.fixture
def stage(open_stage):
    """The stage, healed after each test."""
    yield open_stage
    open_stage.heal()


@pytest.fixture(scope="session")
def surroundings(open_stage):
    """This process uses the stage's home and Prefect, as a command does."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("FLOTILLA_HOME", "FLOTILLA_REPAIR_AFTER_S", "FLOTILLA_LEASE_S"):
            patch.setenv(name, open_stage.environment[name])
        patch.setenv("PREFECT_API_URL", open_stage.api)
        from prefect.context import refresh_global_settings_context

        from config.settings import settings

        settings.cache_clear()
        refresh_global_settings_context()
        yield
        settings.cache_clear()
    refresh_global_settings_context()


@pytest.fixture
def inside(stage, surroundings):
    """Flows in this process, on the stage."""
    from tests.stage.inside import Inside

    return Inside(stage)


_TO_PREFECT = r".*raddr=\('127\.0\.0\.1'"
PREFECT_LEAVES_SOCKETS = (
    f"ignore:{_TO_PREFECT}:pytest.PytestUnraisableExceptionWarning",
    "ignore::ResourceWarning:prefect",
)
"""Prefect's clients in threads leave their connections to the garbage collector. The sandbox listens elsewhere."""


def pytest_collection_modifyitems(items):
    """What Prefect warns of in stories is no finding about the product."""
    for item in items:
        if {"inside", "stage"} & set(getattr(item, "fixturenames", ())):
            for text in PREFECT_LEAVES_SOCKETS:
                item.add_marker(pytest.mark.filterwarnings(text))


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure():
    """Some of those connections are collected after the last test."""
    warnings.filterwarnings("ignore", _TO_PREFECT, pytest.PytestUnraisableExceptionWarning)


def pytest_terminal_summary(terminalreporter):
    """Print which servers the contract tests ran against."""
    found = table.rows(terminalreporter.stats)
    skipped = table.skipped(terminalreporter.stats.get("skipped", ()))
    if found or skipped:
        terminalreporter.section("servers of the contract tests")
        for line in (*table.lines(found), *skipped):
            terminalreporter.line(line)
