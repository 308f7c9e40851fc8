"""The clouds that contract tests run against: the sandbox's, and the real one of the proving ground."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import openstack
from openstack.connection import Connection

from tests.contract.openstack.sweeping import left_of, sweep
from tests.contract.sandbox.process import SandboxProcess
from tests.proving.openstack import VERSION, OpenStack

SANDBOX, REAL = "sandbox", "OpenStack"
_COMPUTE_QUOTAS = frozenset(
    {"instances", "cores", "ram", "key_pairs", "server_groups", "server_group_members", "metadata_items"}
)
_numbers = itertools.count(1)


class Ground(Protocol):
    """A project of a cloud, and what only the cloud's owner may do.

    Attributes:
        name: Which of the backends it is.
        auth: Credentials as clouds.yaml has them.
    """

    name: str
    version: str
    auth: dict[str, Any]

    def connect(self) -> Connection:
        """A new connection of the project's user."""

    def quota(self, **limits: int) -> None:
        """Set limits of the project, by the services' own names."""

    def clear(self) -> None:
        """Remove whatever would be in the way of the next test."""

    def left(self) -> dict[str, Any]:
        """Everything that the project has, as the cloud's owner sees it."""

    def slow(self, **seconds: float) -> None:
        """Let named things take so long, where that can be told; a real cloud takes its time anyway."""


class SandboxGround:
    """The project of a sandbox."""

    name = SANDBOX
    version = VERSION

    def __init__(self, process: SandboxProcess) -> None:
        self.process = process
        self.auth = process.get("credentials")["clouds"]["lab"]["auth"]

    def connect(self) -> Connection:
        """A new connection of the project's user."""
        return self.process.cloud()

    def quota(self, **limits: int) -> None:
        """Set limits of the project."""
        self.process.post("quotas", limits)

    def clear(self) -> None:
        """What a failed test left stays: others of a sandbox do not mind it."""

    def left(self) -> dict[str, Any]:
        """Everything that the project has."""
        found: dict[str, Any] = self.process.get("leftovers")["left"]
        return found

    def slow(self, **seconds: float) -> None:
        """Let named things take so long."""
        self.process.pace(**seconds)


class RealGround:
    """A project of its own in the real cloud."""

    name = REAL
    version = VERSION

    def __init__(self, cloud: OpenStack) -> None:
        self.admin = cloud.connect(cloud.admin)
        self._region = cloud.config(cloud.tenant)["region_name"]
        name = f"contract-{os.getpid()}-{next(_numbers)}"
        self._identity: Any = self.admin.identity
        identity: Any = self._identity  # the SDK's types know only what both versions of the service have
        self.project = identity.create_project(name=name, domain_id="default")
        password = os.urandom(12).hex()
        self.user = identity.create_user(name=name, password=password, domain_id="default")
        for role in identity.roles():
            if role.name in ("member", "reader"):
                identity.assign_project_role_to_user(self.project, self.user, role)
        domains = {"user_domain_id": "default", "project_domain_id": "default"}
        url = cloud.config(cloud.tenant)["auth"]["auth_url"]
        self.auth = {"auth_url": url, "username": name, "password": password, "project_name": name, **domains}

    def connect(self) -> Connection:
        """A new connection of the project's user."""
        return openstack.connect(load_yaml_config=False, load_envvars=False, region_name=self._region, auth=self.auth)

    def quota(self, **limits: int) -> None:
        """Set limits of the project."""
        compute = {name: value for name, value in limits.items() if name in _COMPUTE_QUOTAS}
        network = {name: value for name, value in limits.items() if name not in _COMPUTE_QUOTAS}
        if compute:
            self.admin.compute.put(
                f"/os-quota-sets/{self.project.id}", json={"quota_set": {**compute, "force": True}}
            ).raise_for_status()
        if network:
            self.admin.network.put(f"/quotas/{self.project.id}", json={"quota": network}).raise_for_status()

    def left(self) -> dict[str, Any]:
        """Everything that the project has, as the administrator sees it."""
        return left_of(self.admin, self.project.id, self.user.id)

    def slow(self, **seconds: float) -> None:
        """A real cloud takes its time anyway."""

    def clear(self) -> None:
        """Remove whatever is in the project."""
        sweep(self.admin, self.project.id, self.user.id)

    def close(self) -> None:
        """Remove the project and whatever is in it."""
        self.clear()
        self._identity.delete_user(self.user)
        self._identity.delete_project(self.project)
        self.admin.close()


ROOM = {"instances": 200, "cores": 1000, "ram": 10_000_000, "security_group": 100, "router": 100}
"""Limits with room for all tests."""


@contextmanager
def sandbox_ground(folder: Path) -> Iterator[SandboxGround]:
    """A sandbox of its own, as long as the context lasts."""
    process = SandboxProcess(folder).start()
    try:
        yield SandboxGround(process)
    finally:
        process.close()


@contextmanager
def real_ground(cloud: OpenStack) -> Iterator[RealGround]:
    """A project of its own in the real cloud, as long as the context lasts."""
    ground = RealGround(cloud)
    try:
        yield ground
    finally:
        ground.close()
