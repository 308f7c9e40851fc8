"""One sandbox for all tests of the OpenStack provider; every test has a federation of its own."""

from __future__ import annotations

import itertools

import pytest

from providers.infrastructure.openstack.provider import OpenStackProvider
from tests.contract.providers.openstack.ground import LabVault, MemoryLedger
from tests.contract.sandbox.process import SandboxProcess

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def running(tmp_path_factory):
    """A sandbox whose slow things take no time, with room for all tests."""
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox"))
    process.start()
    process.post("quotas", {"instances": 200, "cores": 1000, "ram": 10_000_000, "security_group": 100, "router": 100})
    yield process
    process.close()


@pytest.fixture
def sandbox(running):
    """The sandbox without faults; a test must leave nothing behind."""
    running.heal()
    before = running.get("leftovers")
    yield running
    running.heal()
    assert running.get("leftovers") == before


@pytest.fixture
def federation():
    """A name that no other test uses."""
    return f"fed{next(_numbers)}"


@pytest.fixture
def vault(sandbox):
    """Credentials of the sandbox."""
    return LabVault(sandbox)


@pytest.fixture
def ledger():
    """An empty ledger."""
    return MemoryLedger()


@pytest.fixture
def provider(vault, ledger):
    """A provider with its own connections."""
    made = OpenStackProvider(vault, ledger)
    yield made
    made.close()
