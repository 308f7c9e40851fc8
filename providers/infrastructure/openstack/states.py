"""What the states of a server mean to us. Source: docs.openstack.org/api-guide/compute, "Server concepts"."""

from __future__ import annotations

from clients.openstack.records import Server
from federation.state.observed import MachineState

_STATES: dict[str, MachineState] = {
    "BUILD": "building",
    "REBUILD": "building",
    "SHUTOFF": "stopped",
    "PAUSED": "stopped",
    "SUSPENDED": "stopped",
    "SHELVED": "stopped",
    "SHELVED_OFFLOADED": "stopped",
    "ERROR": "failed",
    "DELETED": "deleting",
    "SOFT_DELETED": "deleting",
}
_DELETING_TASKS = ("deleting", "soft-deleting")


def state_of(server: Server) -> MachineState:
    """The state of a machine; one that is being rebooted, moved or resized counts as running."""
    return "deleting" if is_deleting(server) else _STATES.get(server.status, "running")


def is_deleting(server: Server) -> bool:
    """Whether the end of a server has been asked for, or has come."""
    return server.task in _DELETING_TASKS or server.status in ("DELETED", "SOFT_DELETED")
