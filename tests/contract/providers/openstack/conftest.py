"""The provider in one project of each cloud; every test has a federation of its own and must leave nothing behind."""

from __future__ import annotations

import itertools

import pytest

from providers.infrastructure.openstack.provider import OpenStackProvider
from tests.contract.openstack.backends import ROOM, SANDBOX, sandbox_ground
from tests.contract.providers.openstack.ground import REAL_CLOUD, LabVault, MemoryLedger
from tests.contract.providers.openstack.grounds import PlayedGround, brief
from tests.contract.sandbox.process import ignore_sdk_warnings
from tests.proving.building import Missing
from tests.proving.openstack import find

_numbers = itertools.count(1)


def pytest_collection_modifyitems(items):
    """See ``ignore_sdk_warnings``."""
    ignore_sdk_warnings(items, __file__)


@pytest.fixture(scope="session")
def emulated(tmp_path_factory):
    """A sandbox whose slow things take no time, with room for all tests."""
    with sandbox_ground(tmp_path_factory.mktemp("sandbox")) as ground:
        ground.quota(**ROOM)
        yield ground


@pytest.fixture(scope="session")
def real():
    """A project of the real cloud, with room for all tests."""
    try:
        found = find()
    except Missing as reason:
        pytest.skip(str(reason))
    ground = PlayedGround(found)
    try:
        ground.quota(**ROOM)
        with ground.played():
            yield ground
    finally:
        ground.close()


@pytest.fixture(params=[SANDBOX, REAL_CLOUD])
def ground(request, record_property, monkeypatch):
    """Each cloud in turn; what the cloud's owner sees after the test is what was there before."""
    found = request.getfixturevalue("emulated" if request.param == SANDBOX else "real")
    if request.param != SANDBOX:
        monkeypatch.setattr("tests.contract.providers.openstack.ground.LONGEST_PAUSE_S", 1.0)
    record_property("server", f"OpenStack: {found.name}")
    record_property("version", found.version)
    before = brief(found.left())
    yield found
    after = brief(found.left())
    if after != before:
        found.clear()
    assert after == before


@pytest.fixture
def sandbox(ground):
    """The sandbox without faults, of a test that only it can have."""
    ground.process.heal()
    yield ground.process
    ground.process.heal()


@pytest.fixture
def cloud(ground):
    """Somebody else's connection to the same project."""
    connection = ground.connect()
    yield connection
    connection.close()


@pytest.fixture
def federation():
    """A name that no other test uses."""
    return f"fed{next(_numbers)}"


@pytest.fixture
def vault(ground):
    """Credentials of the project."""
    return LabVault(ground)


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
