"""A model of the world, small enough to run thousands of times: what each action does to what is observed.

It refuses what a real world would refuse: joining a machine that is not there, a peering without its add-on, deleting a
foundation that machines still use. So a plan with a missing arrow fails in some order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from federation.planning.actions import (
    AcquireResources,
    Action,
    Authenticate,
    ConfigureDns,
    ConfigureRegistries,
    ConnectNetworks,
    CreateMachine,
    DeleteApplication,
    DeleteComponent,
    DeleteFoundation,
    DeleteMachine,
    DeployComponent,
    DisconnectNetworks,
    EnsureFoundation,
    InitControlPlane,
    InstallAddOn,
    InstallNetwork,
    JoinNode,
    NameHosts,
    OffloadNamespace,
    PrepareHost,
    ProbeTraffic,
    ReleaseResources,
    RemoveAddOn,
    RemoveNode,
    RemoveProbe,
    ReopenNode,
    RevokeAuthentication,
)
from federation.planning.context import PlanningContext
from federation.planning.node_actions import DrainNode, RemoveMember, UpgradeNode
from federation.spec.digests import component_digest, digest_for, offloading_digest, remote_clusters
from federation.spec.federation import Federation
from federation.spec.peering import PeeringKey
from federation.state.observed import (
    Absent,
    Observation,
    ObservedAddOn,
    ObservedApplication,
    ObservedCluster,
    ObservedComponent,
    ObservedDirection,
    ObservedFederation,
    ObservedInfrastructure,
    ObservedKubernetes,
    ObservedMachine,
    ObservedTraffic,
    Present,
    Unknown,
)
from federation.state.rosters import roster_digest, roster_of
from tests.builders import a_catalogue
from tests.properties import node_effects, peering_effects
from tests.properties.model import ClusterModel, Refused


class World:
    """The model: observed by ``observe``, changed by ``apply``."""

    def __init__(self, desired: Federation) -> None:
        self.desired = desired
        self.clusters: dict[str, ClusterModel] = {}
        self.tunnels: set[tuple[str, str]] = set()
        self.authenticated: set[PeeringKey] = set()
        self.acquired: set[PeeringKey] = set()
        self.probed: dict[PeeringKey, str] = {}
        self.offloaded: dict[tuple[str, str], set[str]] = {}
        self.marked: set[PeeringKey] = set()
        self.machines_made = 0
        self.silent_s: dict[str, float] = {}
        self.remains: set[tuple[str, PeeringKey]] = set()

    def cluster(self, name: str) -> ClusterModel:
        """The cluster of that name, made at its first use."""
        return self.clusters.setdefault(name, ClusterModel())

    def context(self, former: Federation | None = None) -> PlanningContext:
        """What the planner would see now."""
        clusters = former.spec.clusters if former else ()
        names = {each.name for each in (*self.desired.spec.clusters, *clusters)}
        observed = ObservedFederation({name: self._observe(name) for name in names})
        peerings = former.spec.peerings if former else ()
        return PlanningContext(
            self.desired, clusters, observed, a_catalogue(), silent_s=self.silent_s, former_peerings=peerings
        )

    def _observe(self, name: str) -> ObservedCluster:
        cluster = self.cluster(name)
        infrastructure = ObservedInfrastructure(
            "complete" if cluster.foundation else "absent", tuple(cluster.machines.values()), self._inventory(name)
        )
        kubernetes: Observation[ObservedKubernetes] = Absent()
        if name in self.silent_s:
            kubernetes = Unknown("Unavailable", "no answer")
        elif cluster.api:
            kubernetes = Present(
                ObservedKubernetes(
                    "v1.36.4",
                    tuple(cluster.nodes.values()),
                    cluster.cni,
                    tuple(cluster.addons.values()),
                    tuple(self._directions(name)),
                    tuple(cluster.applications.values()),
                    host_rules=cluster.host_rules,
                    registries=self.registries(name),
                )
            )
        return ObservedCluster(name, Present(infrastructure), kubernetes)

    def registries(self, name: str) -> str:
        """Digest of what nodes of a cluster should know of registries."""
        spec = self.desired.cluster(name)
        return repr(spec.registries) if spec and spec.registries else ""

    def _inventory(self, name: str) -> tuple[str, ...]:
        spec = self.desired.cluster(name)
        if spec is None or spec.infrastructure.type != "hosts":
            return ()
        named = (*spec.control_plane.hosts, *(host for pool in spec.workers for host in pool.hosts), *spec.spares)
        machines = self.cluster(name).machines
        return tuple(each for each in named if each not in machines or machines[each].state == "running")

    def break_machine(self, name: str, machine: str, how: str) -> None:
        """An accident: ``fail``, ``vanish`` or ``unready``; a host is never failed or gone, only silent."""
        cluster, spec = self.cluster(name), self.desired.cluster(name)
        if not how:
            return
        node = cluster.nodes[machine]
        cluster.nodes[machine] = replace(node, ready=False, unready_s=1000.0)
        if spec is not None and spec.infrastructure.type == "hosts":
            cluster.machines[machine] = replace(cluster.machines[machine], state="stopped")
        elif how == "fail":
            cluster.machines[machine] = replace(cluster.machines[machine], state="failed")
        elif how == "vanish":
            del cluster.machines[machine]
            cluster.prepared.pop(machine, None)

    def revive(self, name: str, machine: str) -> None:
        """A silent host answers again; its node is gone."""
        cluster = self.cluster(name)
        cluster.machines[machine] = replace(cluster.machines[machine], state="running")
        cluster.prepared.pop(machine, None)

    def silent_targets(self) -> set[str]:
        """Machines that nobody could bring back."""
        return {
            machine.name
            for cluster in self.clusters.values()
            for machine in cluster.machines.values()
            if machine.state != "running"
        }

    def _directions(self, cluster: str) -> list[ObservedDirection]:
        """What an end shows: what it shares with its peer, and what it kept while it was away."""
        known = self.authenticated | self.acquired | self.marked
        keys = {key for key in known if cluster in key.pair}
        for pair in self.tunnels - {key.pair for key in known}:
            keys |= {PeeringKey(cluster, other) for other in pair if cluster in pair and other != cluster}
        kept = {key for end, key in self.remains if end == cluster} - keys
        keys |= {key for key in self.probed if key.consumer == cluster} - kept
        old = [ObservedDirection(key, "error", "established", "absent") for key in sorted(kept)]
        new = [
            ObservedDirection(
                key,
                "established" if key.pair in self.tunnels else "absent",
                "established" if key in self.authenticated else "absent",
                "established" if key in self.acquired else "absent",
            )
            for key in sorted(keys)
        ]
        return [replace(each, traffic=self._traffic(each.key, cluster)) for each in (*old, *new)]

    def _traffic(self, key: PeeringKey, cluster: str) -> ObservedTraffic | None:
        """What the consumer shows of a probe: it is answered while there is a tunnel."""
        if key not in self.probed or key.consumer != cluster:
            return None
        return ObservedTraffic(self.probed[key], "flows" if key.pair in self.tunnels else "blocked")

    def apply(self, action: Action) -> None:
        """Do an action.

        Raises:
            Refused: Something that it needs is not there, or something still uses what it removes.
        """
        _EFFECTS[type(action)](self, action)

    def in_use(self, cluster: str) -> bool:
        """Whether a peering of the cluster is left."""
        pairs = {key.pair for key in self.authenticated | self.acquired} | self.tunnels
        return any(cluster in pair for pair in pairs)

    def need(self, condition: object, message: str) -> None:
        """Refuse unless the condition holds."""
        if not condition:
            raise Refused(message)


def _ensure_foundation(world: World, action: EnsureFoundation) -> None:
    world.cluster(action.cluster).foundation = True


def _delete_foundation(world: World, action: DeleteFoundation) -> None:
    world.need(not world.cluster(action.cluster).machines, "machines still use the network")
    world.probed = {key: each for key, each in world.probed.items() if key.consumer != action.cluster}
    world.clusters[action.cluster] = ClusterModel()


def _create_machine(world: World, action: CreateMachine) -> None:
    cluster = world.cluster(action.cluster)
    world.need(cluster.foundation, "no network")
    old = cluster.machines.get(action.machine)
    world.need(old is not None or action.machine not in cluster.nodes, "the node of a lost machine is still there")
    world.need(old is None or old.state != "failed", "the name is taken by a failed machine")
    spec = world.desired.cluster(action.cluster)
    world.need(spec is not None, "not in the spec")
    assert spec is not None
    if old is not None and spec.infrastructure.type == "hosts":
        return
    context = world.context()
    target = next((each for each in context.targets(spec) if each.name == action.machine), None)
    world.need(target is not None, "not asked for")
    assert target is not None
    world.machines_made += 1
    machine = ObservedMachine(target.name, str(world.machines_made), target.role, target.pool, "running", "1.2.3.4")
    cluster.machines[target.name] = machine


def _delete_machine(world: World, action: DeleteMachine) -> None:
    cluster = world.cluster(action.cluster)
    kept = world.desired.cluster(action.cluster) is not None
    world.need(not kept or action.machine not in cluster.nodes, "its node is still there")
    world.need(kept or not world.in_use(action.cluster), "peers still lean on it")
    world.need(kept or not cluster.applications, "an application is still at home here")
    world.need(not kept or action.machine not in cluster.members, "etcd would go on counting it")
    cluster.machines.pop(action.machine, None)
    cluster.prepared.pop(action.machine, None)


def _configure_registries(world: World, action: ConfigureRegistries) -> None:
    nodes = world.cluster(action.cluster).nodes
    world.need(action.machine in nodes, "no such node")
    nodes[action.machine] = replace(nodes[action.machine], registries=world.registries(action.cluster))


def _name_hosts(world: World, action: NameHosts) -> None:
    cluster = world.cluster(action.cluster)
    world.need(cluster.api, "no API")
    told = roster_digest(roster_of(cluster.nodes.values(), cluster.nodes))
    cluster.nodes = {name: replace(node, names=told) if node.ready else node for name, node in cluster.nodes.items()}


def _network(world: World, action: InstallNetwork) -> None:
    cluster = world.cluster(action.cluster)
    world.need(cluster.api, "no API")
    cluster.cni = True
    cluster.nodes = {name: replace(node, ready=True) for name, node in cluster.nodes.items()}


def _configure_dns(world: World, action: ConfigureDns) -> None:
    cluster, spec = world.cluster(action.cluster), world.desired.cluster(action.cluster)
    world.need(cluster.api, "no API")
    cluster.host_rules = spec.dns.rules if spec else frozenset()


def _install(world: World, action: InstallAddOn) -> None:
    cluster, spec = world.cluster(action.cluster), world.desired.cluster(action.cluster)
    addon = spec.addon(action.addon) if spec else None
    world.need(cluster.cni and addon, "no network for pods, or not in the spec")
    assert addon is not None
    assert spec is not None
    world.need(all(each in cluster.addons for each in a_catalogue()[action.addon].needs), "a need is missing")
    wanted = digest_for(world.desired.name, spec, addon, a_catalogue()[addon.name])
    cluster.addons[addon.name] = ObservedAddOn(addon.name, wanted, ready=True)


def _remove_addon(world: World, action: RemoveAddOn) -> None:
    cluster = world.cluster(action.cluster)
    world.need(all(action.addon not in a_catalogue()[each].needs for each in cluster.addons), "another needs it")
    world.need(action.addon != "liqo" or not world.in_use(action.cluster), "still peered")
    cluster.addons.pop(action.addon, None)


def _offload(world: World, action: OffloadNamespace) -> None:
    home = world.cluster(action.home)
    application = world.desired.application(action.application)
    world.need(home.cni and application, "no home")
    assert application is not None
    others = set(remote_clusters(application, action.home))
    world.need(all(PeeringKey(action.home, each) in world.acquired for each in others), "no virtual node")
    elsewhere = [name for name, each in world.clusters.items() if action.application in each.applications]
    world.need(set(elsewhere) <= {action.home}, "it is still at home elsewhere")
    world.offloaded[action.home, action.application] = others
    wanted = offloading_digest(world.desired.name, application, action.home)
    old = home.applications.get(action.application)
    components = old.components if old else ()
    home.applications[action.application] = ObservedApplication(
        action.application, action.home, application.owner, wanted, True, components
    )


def _delete_application(world: World, action: DeleteApplication) -> None:
    world.cluster(action.home).applications.pop(action.application, None)


def _deploy(world: World, action: DeployComponent) -> None:
    home = world.cluster(action.home)
    application, seen = world.desired.application(action.application), home.applications.get(action.application)
    world.need(application and seen and seen.offloading, "no namespace")
    assert application is not None and seen is not None
    component = next(each for each in application.components if each.name == action.component)
    made = ObservedComponent(
        component.name, component_digest(world.desired.name, application, component, action.home), ready=True
    )
    rest = tuple(each for each in seen.components if each.name != component.name)
    home.applications[action.application] = replace(seen, components=(*rest, made))


def _delete_component(world: World, action: DeleteComponent) -> None:
    home = world.cluster(action.home)
    seen = home.applications[action.application]
    rest = tuple(each for each in seen.components if each.name != action.component)
    home.applications[action.application] = replace(seen, components=rest)


_EFFECTS: dict[type, Callable[[World, Any], None]] = {
    EnsureFoundation: _ensure_foundation,
    DeleteFoundation: _delete_foundation,
    CreateMachine: _create_machine,
    DeleteMachine: _delete_machine,
    PrepareHost: node_effects.prepare,
    InitControlPlane: node_effects.init,
    JoinNode: node_effects.join,
    NameHosts: _name_hosts,
    RemoveNode: node_effects.remove_node,
    RemoveMember: node_effects.remove_member,
    DrainNode: node_effects.drain,
    UpgradeNode: node_effects.upgrade,
    ReopenNode: node_effects.reopen,
    InstallNetwork: _network,
    ConfigureDns: _configure_dns,
    ConfigureRegistries: _configure_registries,
    InstallAddOn: _install,
    RemoveAddOn: _remove_addon,
    ConnectNetworks: peering_effects.connect,
    DisconnectNetworks: peering_effects.disconnect,
    Authenticate: peering_effects.authenticate,
    AcquireResources: peering_effects.acquire,
    ProbeTraffic: peering_effects.probe,
    RemoveProbe: peering_effects.remove_probe,
    ReleaseResources: peering_effects.release,
    RevokeAuthentication: peering_effects.revoke,
    OffloadNamespace: _offload,
    DeleteApplication: _delete_application,
    DeployComponent: _deploy,
    DeleteComponent: _delete_component,
}
