"""Containers that kind made, as the program ``docker`` shows them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CLUSTER_LABEL = "io.x-k8s.kind.cluster"
ROLE_LABEL = "io.x-k8s.kind.role"
"""Source: kind v0.31, pkg/cluster/internal/providers/docker/constants.go."""


@dataclass(frozen=True)
class Container:
    """One container.

    Attributes:
        role: ``control-plane``, ``worker`` or ``external-load-balancer``.
        state: In Docker's words, such as ``running`` or ``exited``.
        mounts: Places in it that something of the host is mounted at.
        address: In Docker's network; empty while it does not run.
    """

    id: str
    name: str
    image: str
    role: str
    state: str
    mounts: tuple[str, ...] = ()
    address: str = ""

    @property
    def running(self) -> bool:
        """Whether it runs."""
        return self.state == "running"


def parse_containers(text: str) -> tuple[Container, ...]:
    """Containers of what ``docker inspect`` prints, by name."""
    found = (_parse(row) for row in json.loads(text))
    return tuple(sorted(found, key=lambda each: each.name))


def _parse(row: Mapping[str, Any]) -> Container:
    labels = row["Config"].get("Labels") or {}
    networks = (row.get("NetworkSettings") or {}).get("Networks") or {}
    return Container(
        id=row["Id"],
        name=row["Name"].lstrip("/"),
        image=row["Config"]["Image"],
        role=labels.get(ROLE_LABEL, ""),
        state=row["State"]["Status"],
        mounts=tuple(each["Destination"] for each in row.get("Mounts") or []),
        address=next((each.get("IPAddress", "") for each in networks.values()), ""),
    )
