"""Actions on nodes of a cluster that stands: its upgrades, and members that leave its control plane."""

from __future__ import annotations

from dataclasses import dataclass

from federation.planning.actions import WORKLOADS_S, MachineAction


@dataclass(frozen=True)
class DrainNode(MachineAction):
    """Close a node that stays and let its pods move, as their disruption budgets allow."""

    verb = "drain-node"
    deadline_s = 1800.0
    patience_s = WORKLOADS_S


@dataclass(frozen=True)
class UpgradeNode(MachineAction):
    """Bring a drained node to the version of its target, in place.

    ``first`` says that no control-plane node of the cluster runs that version yet: this one takes the cluster there.
    """

    verb = "upgrade-node"
    deadline_s = 1800.0
    first: bool = False


@dataclass(frozen=True)
class RemoveMember(MachineAction):
    """Take a control-plane machine out of the database that the control plane keeps, before the machine goes."""

    verb = "remove-member"
    destructive = True
