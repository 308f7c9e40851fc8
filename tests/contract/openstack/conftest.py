"""One sandbox for all tests of OpenStack; what a test makes bears its own name."""

from __future__ import annotations

import itertools

import pytest

from tests.contract.openstack.lab import Lab
from tests.contract.sandbox.process import SandboxProcess, ignore_sdk_warnings

_numbers = itertools.count(1)


def pytest_collection_modifyitems(items):
    """See ``ignore_sdk_warnings``."""
    ignore_sdk_warnings(items, __file__)


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory):
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox"))
    process.start()
    process.post("quotas", {"instances": 200, "cores": 1000, "ram": 10_000_000, "security_group": 100, "router": 100})
    yield process
    process.close()


@pytest.fixture(scope="session")
def shared_cloud(sandbox):
    cloud = sandbox.cloud()
    yield cloud
    cloud.close()


@pytest.fixture
def cloud(sandbox, shared_cloud):
    yield shared_cloud
    sandbox.heal()
    sandbox.pace()


@pytest.fixture
def lab(cloud):
    return Lab(cloud, f"t{next(_numbers)}")
