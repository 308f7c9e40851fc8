"""Observations in short form: what a case file says is different from a cluster that is as desired.

A cluster is ``converged`` (all of its spec is there), ``new`` (nothing is there), ``dark`` (nothing can be read) or
``unseen`` (it was never built, and its cloud cannot be read).
Machines and nodes that differ are given as ``name: words``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, TypeVar

from federation.planning.context import PlanningContext, Timing
from federation.spec.digests import probe_digest
from federation.spec.federation import Federation
from federation.spec.machines import MachineTarget, machine_targets
from federation.spec.peering import Peering, PeeringKey
from federation.state.observed import (
    Absent,
    Observation,
    ObservedAddOn,
    ObservedApplication,
    ObservedCluster,
    ObservedDirection,
    ObservedFederation,
    ObservedInfrastructure,
    ObservedKubernetes,
    ObservedMachine,
    ObservedMaking,
    ObservedNode,
    ObservedTraffic,
    Present,
    Unknown,
)
from tests.builders import a_catalogue, a_cluster, a_federation

T = TypeVar("T", ObservedMachine, ObservedNode)
State = Literal["flows", "blocked", "untried", "idle"]
DARK = Unknown("Unavailable", "no answer")


def a_case(given: dict[str, Any]) -> PlanningContext:
    """The context of a case: ``clusters``, ``former``, ``peerings``, ``applications``, ``observed`` …"""
    clusters = [_cluster(name, words or {}) for name, words in given.get("clusters", {}).items()]
    former = [_cluster(name, words or {}) for name, words in given.get("former", {}).items()]
    rest = {key: given[key] for key in ("peerings", "applications", "paused", "probe") if key in given}
    desired = a_federation(clusters=clusters, **rest)
    before = a_federation(clusters=former)
    looks = given.get("observed", {})
    everything = (*desired.spec.clusters, *before.spec.clusters)
    whole = desired.model_copy(update={"spec": desired.spec.model_copy(update={"clusters": everything})})
    observed = {cluster.name: _observed(whole, cluster.name, looks.get(cluster.name, "new")) for cluster in everything}
    return PlanningContext(
        desired,
        before.spec.clusters,
        ObservedFederation(observed),
        a_catalogue(),
        Timing(repair_after_s=300.0),
        silent_s={name: float(seconds) for name, seconds in given.get("silent", {}).items()},
        former_peerings=tuple(Peering.model_validate(each) for each in given.get("dropped", [])),
    )


def _cluster(name: str, words: dict[str, Any]) -> dict[str, Any]:
    if words.get("existing"):
        return {"name": name, "infrastructure": {"type": "existing", "kubeconfig": name}, **words["existing"]}
    if "made" in words:
        by = {"type": "cluster-api", "management": words.pop("made"), "cloud": "lab", "image": "x"}
        return a_cluster(name, **{"addons": [], **words}, infrastructure={**by, "externalNetwork": "public"})
    if "kind" in words:
        words.pop("kind")
        return a_cluster(name, **{"addons": [], **words}, infrastructure={"type": "kind"})
    if "hosts" not in words:
        return a_cluster(name, **words)
    hosts = words.pop("hosts")
    cluster = a_cluster(name, **words)
    cluster["infrastructure"] = {"type": "hosts", "inventory": "lab"}
    cluster["controlPlane"] = {"count": 1, "hosts": hosts["controlPlane"]}
    cluster["workers"] = [{"name": "default", "count": len(hosts["workers"]), "hosts": hosts["workers"]}]
    return {**cluster, "spares": hosts.get("spares", [])}


def _observed(desired: Federation, name: str, words: str | dict[str, Any]) -> ObservedCluster:
    words = {"is": words} if isinstance(words, str) else words
    match words.get("is", "converged"):
        case "dark":
            return ObservedCluster(name, DARK, DARK)
        case "unseen":
            return ObservedCluster(name, DARK, Absent())
        case "new":
            return ObservedCluster(name, Present(ObservedInfrastructure("absent", (), _hosts(desired, name))), Absent())
        case _:
            return _changed(desired, name, words)


def _hosts(desired: Federation, name: str) -> tuple[str, ...]:
    cluster = desired.cluster(name)
    assert cluster is not None
    workers = (host for pool in cluster.workers for host in pool.hosts)
    return (*cluster.control_plane.hosts, *workers, *cluster.spares)


def _changed(desired: Federation, name: str, words: dict[str, Any]) -> ObservedCluster:
    machines, nodes = _machines(desired, name), _nodes(desired, name)
    for machine, change in words.get("machines", {}).items():
        machines = _with(machines, ObservedMachine(machine, machine, "worker", "default", "running"), change)
    for node, change in words.get("nodes", {}).items():
        nodes = _with(nodes, ObservedNode(node, "worker", ready=True, version="v1.36.4"), change)
    foundation = words.get("foundation", "complete")
    making = ObservedMaking(**{"stands": True, "access": "kept"} | words["making"]) if "making" in words else None
    seen = ObservedInfrastructure(foundation, tuple(machines.values()), _hosts(desired, name), making)
    api = words.get("api", "answers")
    kubernetes = ObservedKubernetes(
        "v1.36.4",
        tuple(nodes.values()),
        words.get("cni", True),
        _addons(desired, name, words.get("addons", {})),
        tuple(_direction(desired, each) for each in words.get("directions", [])),
        tuple(ObservedApplication(each, name, None, None, offloading_ready=True) for each in words.get("apps", [])),
        words.get("identity", ""),
        words.get("service_address", ""),
        frozenset(words.get("names", {}).items()),
        words.get("registries", ""),
    )
    states: dict[str, Observation[ObservedKubernetes]] = {"dark": DARK, "lost": Absent()}
    shown = states.get(api, Present(kubernetes))
    return ObservedCluster(name, Present(seen), shown)


def _with(found: dict[str, T], new: T, change: dict[str, Any] | None) -> dict[str, T]:
    name = new.name
    if change is None:
        return {key: value for key, value in found.items() if key != name}
    return {**found, name: replace(found.get(name, new), **change)}


def _targets(desired: Federation, name: str) -> tuple[MachineTarget, ...]:
    cluster = desired.cluster(name)
    assert cluster is not None
    return machine_targets(desired.name, cluster, _hosts(desired, name))


def _machines(desired: Federation, name: str) -> dict[str, ObservedMachine]:
    return {
        each.name: ObservedMachine(each.name, each.name, each.role, each.pool, "running", "1.2.3.4")
        for each in _targets(desired, name)
    }


def _nodes(desired: Federation, name: str) -> dict[str, ObservedNode]:
    return {
        each.name: ObservedNode(each.name, each.role, ready=True, version="v1.36.4") for each in _targets(desired, name)
    }


def _addons(desired: Federation, name: str, changes: dict[str, Any]) -> tuple[ObservedAddOn, ...]:
    cluster = desired.cluster(name)
    assert cluster is not None
    context = PlanningContext(desired, (), ObservedFederation(), a_catalogue())
    there = {
        addon.name: ObservedAddOn(addon.name, context.addon_digest(cluster, addon) or "", ready=True)
        for addon in cluster.addons
    }
    for addon, change in changes.items():
        there.pop(addon, None)
        if change is not None:
            there[addon] = ObservedAddOn(addon, **change)
    return tuple(there.values())


def _direction(desired: Federation, text: str) -> ObservedDirection:
    """``a->b``, and after a space what its probe says: a state, or ``outdated``."""
    name, _, said = text.partition(" ")
    consumer, _, provider = name.partition("->")
    key = PeeringKey(consumer, provider)
    seen = ObservedDirection(key, "established", "established", "established")
    if not said:
        return seen
    peering = desired.directions.get(key)
    digest = probe_digest(desired.name, key, peering) if peering and said != "outdated" else "x"
    states: dict[str, State] = {"blocked": "blocked", "untried": "untried", "idle": "idle"}
    return replace(seen, traffic=ObservedTraffic(digest, states.get(said, "flows")))
