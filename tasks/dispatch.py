"""The one table from actions to providers."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from clients.kubernetes.resources import NODE
from federation.errors import CommandFailed, NotReadyYet
from federation.planning.actions import (
    AcquireResources,
    Action,
    AddOnAction,
    ApplicationAction,
    Authenticate,
    ClusterAction,
    ComponentAction,
    ConfigureDns,
    ConfigureRegistries,
    ConnectNetworks,
    CreateMachine,
    DeleteApplication,
    DeleteFoundation,
    DeleteMachine,
    DeployComponent,
    DirectionAction,
    DisconnectNetworks,
    EnsureFoundation,
    InitControlPlane,
    InstallAddOn,
    InstallNetwork,
    JoinNode,
    MachineAction,
    NameHosts,
    OffloadNamespace,
    PairAction,
    PrepareHost,
    ProbeTraffic,
    ReleaseResources,
    RemoveNode,
    RemoveProbe,
    ReopenNode,
    RevokeAuthentication,
)
from federation.planning.making_actions import AwaitMachines, DeletePool, FetchKubeconfig
from federation.planning.node_actions import DrainNode, RemoveMember, UpgradeNode
from federation.spec.links import profile_for
from federation.spec.peering import Peering, PeeringKey
from providers.bootstrap.dns import ensure_rules
from providers.bootstrap.host_names import name_hosts
from providers.contracts import Done, Progress, Side, Waiting
from providers.nodes import note_on_node
from tasks.introducing import introduce
from tasks.nodes import advance_node
from tasks.registering import unregistered
from tasks.registries import registry_digest
from tasks.workbench import Workbench


def advance(bench: Workbench, action: Action) -> Progress:
    """Do the next thing that is missing for an action; see ``providers.contracts`` for what a step promises.

    Raises:
        FlotillaError: What the provider raised.
    """
    match action:
        case ClusterAction():
            return _cluster(bench, action)
        case MachineAction():
            return _machine(bench, action)
        case AddOnAction():
            return _addon(bench, action)
        case PairAction():
            return _pair(bench, action)
        case DirectionAction():
            return _direction(bench, action)
        case ApplicationAction():
            return _application(bench, action)
        case ComponentAction():
            return _component(bench, action)
        case _:
            raise AssertionError(f"no provider for {action}")


def _cluster(bench: Workbench, action: ClusterAction) -> Progress:
    target = bench.target(action.cluster)
    match action:
        case EnsureFoundation():
            return bench.infrastructure(target.spec).ensure_foundation(target)
        case DeleteFoundation():
            return _delete_foundation(bench, action.cluster)
        case ConfigureDns():
            return ensure_rules(bench.side(action.cluster).kubernetes, bench.dns_place(target.spec), target.spec.dns)
        case NameHosts():
            names = [machine.name for machine in target.machines]
            return name_hosts(bench.side(action.cluster).kubernetes, names, partial(bench.session, action.cluster))
        case InstallNetwork():
            return bench.networks.ensure(bench.side(action.cluster), target.spec, bench.network(target.spec))
        case FetchKubeconfig() | AwaitMachines() | DeletePool():
            return _made(bench, action)
        case _:
            raise AssertionError(f"no provider for {action}")


def _made(bench: Workbench, action: FetchKubeconfig | AwaitMachines | DeletePool) -> Progress:
    target = bench.target(action.cluster)
    match action:
        case FetchKubeconfig():
            return _fetch(bench, action.cluster)
        case AwaitMachines():
            return bench.maker(target.spec).settle(target)
        case DeletePool(pool=pool):
            return bench.maker(target.spec).delete_pool(target, pool)


def _fetch(bench: Workbench, cluster: str) -> Progress:
    """A kubeconfig that does not open the cluster yet is kept all the same: it is the one that will."""
    target = bench.target(cluster)
    found = bench.maker(target.spec).kubeconfig(target)
    if isinstance(found, Waiting):
        return found
    if bench.vault.kubeconfig(bench.desired.name, cluster) != found:
        bench.vault.keep_kubeconfig(bench.desired.name, cluster, found)
        bench.forget_kubernetes(cluster)
    kubernetes = bench.side(cluster).kubernetes
    if not kubernetes.reachable():
        return Waiting(f"the API at {kubernetes.server} to answer")
    return Done(f"API {kubernetes.version()} at {kubernetes.server}")


def _delete_foundation(bench: Workbench, cluster: str) -> Progress:
    target = bench.target(cluster)
    progress = bench.infrastructure(target.spec).delete_foundation(target)
    if isinstance(progress, Done):
        bench.vault.forget_kubeconfig(bench.desired.name, cluster)
        bench.forget_kubernetes(cluster)
    return progress


def _machine(bench: Workbench, action: MachineAction) -> Progress:
    match action:
        case CreateMachine():
            target, machine = bench.machine(action.cluster, action.machine)
            bench.forget_machine(action.cluster, action.machine)
            return bench.infrastructure(target.spec).ensure_machine(target, machine)
        case DeleteMachine():
            target = bench.target(action.cluster)
            bench.forget_machine(action.cluster, action.machine)
            return bench.infrastructure(target.spec).delete_machine(target, action.machine)
        case PrepareHost() | ConfigureRegistries():
            return _equip(bench, action)
        case InitControlPlane():
            return _init(bench, action)
        case JoinNode():
            return _join(bench, action)
        case DrainNode() | UpgradeNode() | RemoveMember() | RemoveNode() | ReopenNode():
            return advance_node(bench, action)
        case _:
            raise AssertionError(f"no provider for {action}")


def _equip(bench: Workbench, action: PrepareHost | ConfigureRegistries) -> Progress:
    target, machine = bench.told_of_registries(action.cluster, action.machine)
    provider = bench.distribution(target.spec)
    with bench.session(action.cluster, action.machine) as session:
        if isinstance(action, PrepareHost):
            return provider.prepare_host(session, target, machine)
        progress = provider.configure_registries(session, target, machine)
    if isinstance(progress, Done):
        _note_registries(bench, action)
    return progress


def _note_registries(bench: Workbench, action: MachineAction) -> None:
    kubernetes = bench.side(action.cluster).kubernetes
    node = kubernetes.get(NODE, action.machine)
    if node is not None:
        note_on_node(kubernetes, node, registries=_told_of_registries(bench, action))


def _told_of_registries(bench: Workbench, action: MachineAction) -> str:
    return registry_digest(bench.vault, bench.desired.name, bench.cluster(action.cluster))


def _init(bench: Workbench, action: InitControlPlane) -> Progress:
    target, machine = bench.told_of_registries(action.cluster, action.machine)
    endpoint, provider = bench.endpoint(action.cluster), bench.distribution(target.spec)
    with bench.session(action.cluster, action.machine) as session:
        progress = provider.init_control_plane(session, target, machine, endpoint)
        if isinstance(progress, Waiting):
            return progress
        if bench.vault.kubeconfig(bench.desired.name, action.cluster) is None:
            kubeconfig = provider.read_kubeconfig(session, endpoint)
            bench.vault.keep_kubeconfig(bench.desired.name, action.cluster, kubeconfig)
    version = bench.side(action.cluster).kubernetes.version()
    if target.spec.registries:
        _note_registries(bench, action)
    return Done(f"API {version} at {endpoint}")


def _join(bench: Workbench, action: JoinNode) -> Progress:
    target, machine = bench.told_of_registries(action.cluster, action.machine)
    if target.spec.built_with.needs_names:
        introduce(bench, action.cluster, action.machine)
    ticket = bench.ticket(action.cluster, machine)
    try:
        with bench.session(action.cluster, action.machine) as session:
            progress = bench.distribution(target.spec).join_node(session, target, machine, ticket)
    except CommandFailed:
        bench.drop_ticket(action.cluster, machine.role)
        raise
    if isinstance(progress, Waiting):
        return progress
    kubernetes = bench.side(action.cluster).kubernetes
    node = kubernetes.get(NODE, action.machine)
    if node is None:
        return unregistered(bench, action.cluster, machine)
    told = _told_of_registries(bench, action) if target.spec.registries else None
    note_on_node(kubernetes, node, labels=dict(machine.labels), registries=told)
    return Done("registered")


def _addon(bench: Workbench, action: AddOnAction) -> Progress:
    side, definition = bench.side(action.cluster), bench.definition(action.addon)
    if not isinstance(action, InstallAddOn):
        return bench.addons.remove(side, definition)
    cluster = bench.cluster(action.cluster)
    addon = cluster.addon(action.addon)
    if addon is None:
        raise NotReadyYet(f"cluster {action.cluster} no longer asks for {action.addon}")
    profile = profile_for(bench.desired, action.cluster, action.addon)
    return bench.addons.ensure(side, cluster, addon, definition, profile)


def _pair(bench: Workbench, action: PairAction) -> Progress:
    match action:
        case ConnectNetworks(first=first, second=second):
            peering = _peering_of_pair(bench, first, second)
            return bench.interconnect(peering.type).connect(_reached(bench, first), _reached(bench, second), peering)
        case DisconnectNetworks(first=first, second=second):
            sides = _leaving(bench, action, first), _leaving(bench, action, second)
            return bench.interconnect("liqo").disconnect(*sides, (first, second))
        case _:
            raise AssertionError(f"no provider for {action}")


def _reached(bench: Workbench, cluster: str) -> Side:
    """A side with the addresses that a tunnel may end at."""
    return replace(bench.side(cluster), addresses=bench.addresses(cluster))


def _direction(bench: Workbench, action: DirectionAction) -> Progress:
    key = action.key
    match action:
        case Authenticate():
            peering = bench.desired.directions[key]
            provider = bench.interconnect(peering.type)
            return provider.authenticate(bench.side(key.consumer), bench.side(key.provider), peering)
        case AcquireResources():
            peering = bench.desired.directions[key]
            provider = bench.interconnect(peering.type)
            return provider.acquire(bench.side(key.consumer), bench.side(key.provider), peering)
        case ProbeTraffic(awaited=awaited):
            peering = bench.desired.directions[key]
            progress = bench.interconnect(peering.type).probe(bench.side(key.consumer), key, peering)
            return progress if awaited or isinstance(progress, Done) else Done(progress.reason)
        case RemoveProbe():
            return bench.interconnect("liqo").remove_probe(bench.side(key.consumer), key)
        case ReleaseResources():
            names = (key.consumer, key.provider)
            interconnect = bench.interconnect("liqo")
            return interconnect.release(bench.side(key.consumer), _leaving(bench, action, key.provider), names)
        case RevokeAuthentication():
            names = (key.consumer, key.provider)
            sides = _leaving(bench, action, key.consumer), _leaving(bench, action, key.provider)
            return bench.interconnect("liqo").revoke(*sides, names)
        case _:
            raise AssertionError(f"no provider for {action}")


def _leaving(
    bench: Workbench, action: ReleaseResources | RevokeAuthentication | DisconnectNetworks, cluster: str
) -> Side | None:
    """An end of a peering that is left; None when it does not answer, which only a forsaken one may."""
    return bench.answering(cluster) if cluster in action.forsaken else bench.side(cluster)


def _peering_of_pair(bench: Workbench, first: str, second: str) -> Peering:
    wanted = bench.desired.directions
    return wanted.get(PeeringKey(first, second)) or wanted[PeeringKey(second, first)]


def _application(bench: Workbench, action: ApplicationAction) -> Progress:
    home = bench.side(action.home)
    match action:
        case OffloadNamespace():
            application = bench.desired.application(action.application)
            if application is None:
                raise NotReadyYet(f"the spec no longer asks for application {action.application}")
            return bench.applications.ensure_namespace(home, application)
        case DeleteApplication():
            return bench.applications.delete_application(home, action.application)
        case _:
            raise AssertionError(f"no provider for {action}")


def _component(bench: Workbench, action: ComponentAction) -> Progress:
    home = bench.side(action.home)
    if not isinstance(action, DeployComponent):
        return bench.applications.delete_component(home, action.application, action.component)
    application = bench.desired.application(action.application)
    components = application.components if application else ()
    component = next((each for each in components if each.name == action.component), None)
    if application is None or component is None:
        raise NotReadyYet(f"the spec no longer asks for {action.application}/{action.component}")
    return bench.applications.deploy(home, application, component)
