"""A small federation in a cloud: targets, a vault, a ledger in memory, and stepping."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from federation.errors import RetryableError
from federation.spec.cluster import Cluster
from federation.spec.machines import machine_targets
from providers.contracts import ClusterTarget, Done, KeyPair, OpenStackCredentials, Progress
from tests.contract.openstack.backends import REAL, SANDBOX

SSH_PORT = 2222
LONGEST_PAUSE_S = 0.02
REAL_CLOUD = pytest.param(REAL, marks=[pytest.mark.real, pytest.mark.timeout(1200)])
"""The real cloud takes its time, the more so on a busy machine."""


def a_key_pair() -> KeyPair:
    """A fresh key pair in OpenSSH's formats."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return KeyPair(public.decode(), private.decode())


only_sandbox = pytest.mark.parametrize("ground", [SANDBOX], indirect=True)
"""Marks tests of what only the sandbox can be told to do: faults, counting, machines to log in to."""


only_real = pytest.mark.parametrize("ground", [REAL_CLOUD], indirect=True)
"""Marks tests of what only a cloud with a fake hypervisor does."""


class LabVault:
    """A project's credentials as a vault; ``changed`` replaces single fields."""

    def __init__(self, ground: Any, **changed: Any) -> None:
        fields = {name: ground.auth[name] for name in ("auth_url", "username", "password", "project_name")}
        machines = getattr(ground, "machines", None)
        port = machines.port if machines else SSH_PORT
        self.credentials = OpenStackCredentials(**(fields | {"region": "RegionOne", "ssh_port": port} | changed))
        self.keys: dict[str, KeyPair] = {}

    def openstack(self, _cloud: str) -> OpenStackCredentials:
        """The lab's credentials."""
        return self.credentials

    def machine_key(self, federation: str) -> KeyPair:
        """Made at its first use."""
        if federation not in self.keys:
            self.keys[federation] = a_key_pair()
        return self.keys[federation]

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the provider asks the vault for {name}")


@dataclass
class MemoryLedger:
    """A ledger whose open entries can be looked at."""

    entries: dict[tuple[str, str, str, str], str | None] = field(default_factory=dict)

    def intend(self, federation: str, kind: str, name: str, place: str) -> None:
        """Keep the intent."""
        self.entries.setdefault((federation, kind, name, place), None)

    def confirm(self, federation: str, kind: str, name: str, place: str, object_id: str) -> None:
        """Keep the id."""
        self.entries[(federation, kind, name, place)] = object_id

    def strike(self, federation: str, kind: str, name: str, place: str) -> None:
        """Forget the entry."""
        self.entries.pop((federation, kind, name, place), None)

    def places(self, federation: str, kind: str, name: str) -> dict[str, bool]:
        """Whether an id came, by place."""
        return {key[3]: found is not None for key, found in self.entries.items() if key[:3] == (federation, kind, name)}

    def ids(self, federation: str, kind: str, place: str, name: str | None = None) -> dict[str, str]:
        """Ids that came back, by name."""
        mine = {
            key[2]: found for key, found in self.entries.items() if (key[:2], key[3]) == ((federation, kind), place)
        }
        return {key: found for key, found in mine.items() if found is not None and name in (None, key)}


def a_target(federation: str, name: str = "a", *, workers: int = 0, **more: Any) -> ClusterTarget:
    """A cluster with one control-plane machine."""
    infrastructure = {"type": "openstack", "cloud": "lab", "image": "ubuntu-24.04", "externalNetwork": "public"}
    cluster = Cluster.model_validate(
        {
            "name": name,
            "infrastructure": infrastructure | more,
            "distribution": {"type": "kubeadm", "version": "v1.36.4"},
            "controlPlane": {"flavor": "m1.medium"},
            "workers": [{"name": "default", "count": workers, "flavor": "m1.medium"}],
        }
    )
    return ClusterTarget(federation, cluster, machine_targets(federation, cluster))


def step(action: Callable[[], Progress], *, most: int = 500) -> str:
    """Call a step again until it is done, as the executor does; its detail."""
    progress: object = None
    for _ in range(most):
        try:
            progress = action()
        except RetryableError as error:
            progress = error
            time.sleep(0.02)
            continue
        if isinstance(progress, Done):
            return progress.detail
        time.sleep(min(progress.poll_s, LONGEST_PAUSE_S))
    raise AssertionError(f"not done after {most} calls: {progress}")


def build(provider: Any, target: ClusterTarget) -> None:
    """The whole cluster."""
    step(lambda: provider.ensure_foundation(target))
    for machine in target.machines:
        step(partial(provider.ensure_machine, target, machine))


def tear_down(provider: Any, target: ClusterTarget) -> None:
    """All that is observed of the cluster, then its foundation."""
    for machine in provider.observe(target).machines:
        step(partial(provider.delete_machine, target, machine.name))
    step(lambda: provider.delete_foundation(target))
