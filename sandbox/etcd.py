"""Members of a cluster's etcd: who counts for its majority, also when the machine is gone, and how one is taken out.

Source: etcd.io, "Runtime reconfiguration", "Frequently asked questions" (a member that was not removed still counts for
the majority); etcd, server/etcdserver/api/membership/cluster.go, IsReadyToRemoveVotingMember.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from sandbox.kubernetes.api import Change
from sandbox.sites import Member, Site

if TYPE_CHECKING:
    from sandbox.machines import Machine
    from sandbox.world import World

_GONE = "gone:"


class RemovalRefused(Exception):
    """Why a member stays, in etcd's words."""


def member_id(member: Member) -> int:
    """The id that etcd gave a member."""
    return int.from_bytes(hashlib.sha256(member.machine_id.encode()).digest()[:8], "big")


def forsake(world: World, site: Site, machine: Machine) -> None:
    """A machine's disk is gone and nobody told its cluster: as a voter it goes on counting, and never runs again."""
    member = site.members.pop(machine.id)
    others = [each for each in site.control_planes() if each.machine_id in world.machines]
    if member.role == "control-plane" and member.votes and others:
        ghost = replace(member, machine_id=_GONE + machine.id, api_runs=False, kubelet_runs=False)
        site.members[ghost.machine_id] = ghost


async def remove(world: World, site: Site, identifier: int) -> Member | None:
    """Take a voter out; None when no voter has this id.

    Raises:
        RemovalRefused: Too few of the others run.
    """
    member = next((each for each in site.voters() if member_id(each) == identifier), None)
    if member is None:
        return None
    left = [each for each in site.voters() if each is not member]
    if sum(each.api_runs for each in left) * 2 <= len(left):
        raise RemovalRefused("etcdserver: re-configuration failed due to not enough started members")
    _strike(site, member)
    world.changed("world")
    await world.refresh(site)
    return member


def _strike(site: Site, member: Member) -> None:
    """Without its etcd, the API server on a machine that still runs answers nothing any more."""
    member.api_runs = False
    if member.machine_id.startswith(_GONE):
        del site.members[member.machine_id]
    else:
        member.votes = False


def follow_nodes(world: World, site: Site) -> None:
    """k3s takes a server out of etcd when its node is deleted. Source: k3s, pkg/etcd/member_controller.go."""

    def heed(change: Change) -> None:
        if change.resource != "nodes" or change.type != "DELETED":
            return
        name = change.object["metadata"]["name"]
        for member in [each for each in site.voters() if each.node_name == name]:
            if len(site.voters()) > 1:
                _strike(site, member)
                world.changed("world")
                world.soon(site)

    site.cluster.api.subscribe(heed)
