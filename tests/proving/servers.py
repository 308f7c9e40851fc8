"""The servers of the proving ground, cheapest first; each is a module with ``find``, ``up`` and ``down``."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from tests.proving.building import Missing

SERVERS = {
    "sshd": "OpenSSH",
    "databases": "PostgreSQL and Redis",
    "wan": "A slow link for real packets",
    "kafka": "Apache Kafka",
    "prometheus": "Prometheus",
    "grafana": "Grafana's types of dashboards",
    "openstack": "OpenStack Zed",
    "helm": "Helm",
    "kind": "kind",
    "control_plane": "Kubernetes control plane of a current minor, with kwok",
    "clusters": "Kubernetes 1.20 clusters whose pods run",
}
"""Modules of this package and what they give."""


class Server(Protocol):
    """What each of those modules offers."""

    def find(self) -> object:
        """A handle of what is there; raises ``Missing``."""

    def up(self, say: Callable[[str], None] = print) -> None:
        """Install, build and start; raises ``Missing``."""

    def down(self) -> None:
        """End what ``up`` started."""


def server(name: str) -> Server:
    """The module of a server."""
    return importlib.import_module(f"tests.proving.{name}")  # a module is its server


def up(names: Sequence[str], within_s: float | None = None, say: Callable[[str], None] = print) -> dict[str, str]:
    """Bring servers up one after the other.

    Args:
        within_s: No server is begun after so many seconds.

    Returns:
        Why each of the others could not be had.
    """
    missing: dict[str, str] = {}
    start = time.monotonic()
    for name in names:
        begun = time.monotonic()
        if within_s is not None and begun - start > within_s:
            missing[name] = f"not begun: the {within_s / 60:.0f} minutes for setting up were used"
        else:
            try:
                server(name).up(say)
            except Missing as reason:
                missing[name] = str(reason)
        say(f"{SERVERS[name]}: {missing.get(name, 'there')} ({time.monotonic() - begun:.0f} s)")
    return missing


def down(names: Sequence[str]) -> None:
    """End what was started; data and programs stay for the next time."""
    for name in reversed(names):
        server(name).down()
