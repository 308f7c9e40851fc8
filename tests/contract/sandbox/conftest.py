"""Sandboxes for tests: one shared, and fresh ones for tests that kill theirs."""

from __future__ import annotations

import pytest

from tests.contract.sandbox.process import SandboxProcess, ignore_sdk_warnings


def pytest_collection_modifyitems(items):
    """See ``ignore_sdk_warnings``."""
    ignore_sdk_warnings(items, __file__)


@pytest.fixture(scope="session")
def running(tmp_path_factory):
    process = SandboxProcess(tmp_path_factory.mktemp("running")).start()
    yield process
    process.close()


@pytest.fixture
def sandbox(running):
    yield running
    running.heal()
    running.pace()


@pytest.fixture
def fresh(tmp_path):
    process = SandboxProcess(tmp_path / "state")
    yield process
    process.close()
