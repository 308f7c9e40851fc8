"""Ports that are reached from outside: by an ingress, each route once, each port of a shared address once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from pydantic import ValidationError

from federation.spec.addon import AddOnDefinition
from federation.spec.application import Application, Component, ComponentPort
from federation.spec.catalogue import Catalogue, Knowledge
from federation.spec.cluster import AddOn, Cluster
from federation.spec.federation import Federation, merge, value_at
from federation.spec.homes import homes_of
from federation.spec.own_values import AddressPool, MetalLBValues
from federation.spec.problems import FieldPath, Violation

_CERTIFIER = "cert-manager"

Exposed = tuple[FieldPath, Application, Component, ComponentPort]


def _ports(federation: Federation) -> Iterator[Exposed]:
    for index, application in enumerate(federation.spec.applications):
        for number, component in enumerate(application.components):
            for place, port in enumerate(component.ports):
                path = ("spec", "applications", index, "components", number, "ports", place)
                yield path, application, component, port


def check_exposure(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """Fields of the ingress are used by public ports only, and each port of a component is there once."""
    del knowledge
    seen: dict[tuple[str, str, int, str], FieldPath] = {}
    for path, application, component, port in _ports(federation):
        yield from _only_public(path, component, port)
        key = (application.name, component.name, port.port, port.protocol)
        if seen.setdefault(key, path) != path:
            message = f"component '{component.name}' has the port {port.port}/{port.protocol} twice"
            yield Violation((*path, "port"), message, "remove one of them")


def _only_public(path: FieldPath, component: Component, port: ComponentPort) -> Iterator[Violation]:
    if port.expose == "public":
        if port.protocol != "TCP":
            message = f"port {port.port} of component '{component.name}' is public, but an ingress takes TCP only"
            yield Violation((*path, "protocol"), message, "write 'protocol: TCP' or 'expose: peered'")
        return
    used = {
        "host": port.host is not None,
        "tls": port.tls is not None,
        "issuer": port.issuer is not None,
        "path": port.path != "/",
    }
    for field in (field for field, given in used.items() if given):
        message = (
            f"'{field}' is for public ports, but port {port.port} of component '{component.name}' is {port.expose}"
        )
        yield Violation((*path, field), message, f"write 'expose: public' or remove '{field}'")


def check_certificates(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """A certificate comes from one place, and cert-manager is where it is asked for one."""
    homes = homes_of(federation)
    clusters = {cluster.name: cluster for cluster in federation.spec.clusters}
    for path, application, component, port in _ports(federation):
        if port.issuer is None or port.expose != "public":
            continue
        who = f"port {port.port} of component '{component.name}'"
        if port.tls is not None:
            yield Violation((*path, "issuer"), f"{who} has two certificates", "give either 'tls' or 'issuer'")
        if port.host is None or port.host.startswith("*"):
            yield Violation((*path, "issuer"), f"{who} has no host that a certificate could be for", "add 'host'")
        if any(other.issuer not in (None, port.issuer) for other in component.ports):
            yield Violation((*path, "issuer"), f"component '{component.name}' names two issuers", "name the same one")
        cluster = clusters.get(homes[application.name] or "")
        if _CERTIFIER in knowledge.addons and cluster and not cluster.adopted and cluster.addon(_CERTIFIER) is None:
            message = f"{who} names an issuer, but its home '{cluster.name}' has no add-on '{_CERTIFIER}'"
            yield Violation((*path, "issuer"), message, f"add '{_CERTIFIER}' to the add-ons of '{cluster.name}'")


def check_ingress(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """The home of a public port has an add-on that serves ingresses."""
    homes = homes_of(federation)
    clusters = {cluster.name: cluster for cluster in federation.spec.clusters}
    serving = sorted(name for name, definition in knowledge.addons.items() if definition.ingress_class)
    for path, application, component, port in _ports(federation):
        home = homes[application.name]
        cluster = clusters.get(home) if home is not None else None
        if port.expose != "public" or cluster is None or any(cluster.addon(name) for name in serving):
            continue
        message = f"component '{component.name}' is public, but its home '{home}' has no add-on that serves ingresses"
        yield Violation((*path, "expose"), message, f"add one of {', '.join(serving)} to cluster '{home}'")


def check_routes(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """No two public ports of one cluster answer to the same host and path."""
    del knowledge
    homes = homes_of(federation)
    first: dict[tuple[str, str | None, str], str] = {}
    for path, application, component, port in _ports(federation):
        home = homes[application.name]
        if port.expose != "public" or home is None:
            continue
        who = f"'{application.name}/{component.name}' port {port.port}"
        other = first.setdefault((home, port.host, port.path), who)
        if other != who:
            route = f"{port.host or 'any host'}{port.path}"
            message = f"{who} and {other} both answer to {route} in cluster '{home}'"
            yield Violation((*path, "path"), message, "give one of them another host or path")


def check_hosts(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """A host name leads to one cluster: all clusters of a federation share the DNS that clients use."""
    del knowledge
    homes = homes_of(federation)
    first: dict[str, tuple[str, str]] = {}
    for path, application, component, port in _ports(federation):
        home = homes[application.name]
        if port.expose != "public" or home is None or port.host is None:
            continue
        who = f"'{application.name}/{component.name}' port {port.port}"
        other, there = first.setdefault(port.host, (who, home))
        if there != home:
            message = f"{port.host} would lead to two clusters: {who} in '{home}' and {other} in '{there}'"
            yield Violation((*path, "host"), message, "give one of them another host, or place both in one cluster")


def check_shared_addresses(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """Services that share the addresses of a pool do not need the same port more often than there are addresses."""
    for index, cluster in enumerate(federation.spec.clusters):
        for number, addon in enumerate(cluster.addons):
            for place, pool in enumerate(pools_in(addon, knowledge.addons.get(addon.name))):
                path = ("spec", "clusters", index, "addons", number, "values", "pools", place, "sharedBy")
                yield from _unknown_sharers(path, cluster, pool)
                yield from _port_clashes(path, cluster, pool, knowledge.addons)


def pools_in(addon: AddOn, definition: AddOnDefinition | None) -> tuple[AddressPool, ...]:
    """Pools of addresses that an add-on is given; none when it has no pools, or wrong ones, which others tell."""
    if definition is None or definition.renderer != "metallb":
        return ()
    try:
        own = {key: value for key, value in addon.values.items() if key in definition.own_values}
        return MetalLBValues.model_validate(own).pools
    except ValidationError:
        return ()


def _unknown_sharers(path: FieldPath, cluster: Cluster, pool: AddressPool) -> Iterator[Violation]:
    for name in pool.shared_by:
        if cluster.addon(name) is None:
            message = f"pool '{pool.name}' is shared by '{name}', which cluster '{cluster.name}' does not have"
            yield Violation(path, message, f"add '{name}' to the add-ons of the cluster, or remove it here")


def _port_clashes(path: FieldPath, cluster: Cluster, pool: AddressPool, catalogue: Catalogue) -> Iterator[Violation]:
    wanted = sorted(published(cluster, pool, catalogue))
    for (port, protocol), group in groupby(wanted, key=lambda each: each[:2]):
        names = [name for _, _, name in group]
        if len(names) > pool.size:
            message = (
                f"{' and '.join(names)} of cluster '{cluster.name}' both want port {port}/{protocol} "
                f"of the {pool.size} address(es) in pool '{pool.name}'"
            )
            yield Violation(path, message, "give one of them another port, or the pool more addresses")


def published(cluster: Cluster, pool: AddressPool, catalogue: Catalogue) -> Iterator[tuple[int, str, str]]:
    """Port, protocol and add-on of all that shares a pool."""
    for name in dict.fromkeys(pool.shared_by):
        addon, definition = cluster.addon(name), catalogue.get(name)
        if addon is None or definition is None:
            continue
        values = merge(definition.values, addon.values)
        for each in definition.publishes:
            chosen = value_at(values, each.value) if each.value else None
            yield chosen if isinstance(chosen, int) else each.port, each.protocol, name
