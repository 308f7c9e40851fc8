"""The rooms wired together: which host, SSH server, cluster and controllers the world uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.kubernetes.controllers import set_node_alive, start_all
from sandbox.sites import ClusterPlan, Site
from sandbox.ssh.host import Host
from sandbox.ssh.server import SshServer
from sandbox.world import Parts, World

if TYPE_CHECKING:
    from sandbox.kubernetes.cluster import Cluster


def _new_cluster(world: World, plan: ClusterPlan, uid: str) -> Cluster:
    from sandbox.kubernetes.cluster import Cluster

    return Cluster(plan.name, uid, plan.service_cidr, plan.pod_cidr, plan.version, world.site_gate(uid))


def _start_controllers(world: World, site: Site) -> list[Any]:
    return list(start_all(site.cluster, world.fleet))


def _set_node_alive(cluster: Cluster, node: str, alive: bool) -> None:
    set_node_alive(cluster.api, node, alive)


def _token_is_valid(cluster: Cluster, token: str) -> bool:
    return cluster.tokens.user(token) is not None


PARTS = Parts(
    new_host=Host,
    new_listener=SshServer,
    new_cluster=_new_cluster,
    start_controllers=_start_controllers,
    set_node_alive=_set_node_alive,
    token_is_valid=_token_is_valid,
)
