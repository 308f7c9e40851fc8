"""Checks of everything in a spec against everything else. Pure: the same spec gives the same violations."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice

from federation.spec.catalogue import Knowledge
from federation.spec.checks import (
    addons,
    addresses,
    applications,
    clusters,
    connections,
    dns,
    endpoints,
    existing,
    hosts,
    kind,
    management,
    names,
    networks,
    peerings,
    ports,
    registries,
    scale,
    unsupported,
    workloads,
)
from federation.spec.federation import Federation
from federation.spec.problems import MAX_PROBLEMS, Violation

Check = Callable[[Federation, Knowledge], Iterable[Violation]]

CHECKS: tuple[Check, ...] = (
    names.check_unique,
    names.check_lengths,
    names.check_reserved,
    clusters.check_versions,
    clusters.check_machines,
    existing.check_not_built,
    existing.check_access,
    hosts.check_hosts,
    endpoints.check_endpoints,
    endpoints.check_spread,
    kind.check_kind,
    kind.check_kind_peerings,
    management.check_management,
    management.check_registries,
    management.check_endpoint,
    management.check_network_plugin,
    management.check_networks_of_microk8s,
    management.check_pool_names,
    networks.check_overlaps,
    networks.check_sizes,
    networks.check_encapsulation,
    dns.check_names,
    networks.check_own_network,
    registries.check_registries,
    addons.check_known,
    addons.check_versions,
    addons.check_values,
    addons.check_needs,
    addons.check_conflicts,
    addons.check_default_class,
    addons.check_words,
    peerings.check_ends,
    peerings.check_twice,
    peerings.check_interconnect,
    applications.check_placements,
    applications.check_shares,
    applications.check_homes,
    workloads.check_jobs,
    workloads.check_resources,
    workloads.check_mounts,
    workloads.check_volumes,
    workloads.check_updates,
    workloads.check_accounts,
    connections.check_ends,
    connections.check_bounds,
    ports.check_exposure,
    ports.check_certificates,
    ports.check_ingress,
    ports.check_routes,
    ports.check_hosts,
    ports.check_shared_addresses,
    addresses.check_addresses,
    unsupported.check_unsupported,
)


def check(federation: Federation, knowledge: Knowledge) -> tuple[Violation, ...]:
    """Everything that does not fit together, each with both ends named; empty when all is well.

    A federation that is too large is told so and nothing else: the other checks would take as long as it is large.
    """
    too_large = tuple(scale.check_scale(federation, knowledge))
    found = (violation for each in CHECKS for violation in each(federation, knowledge))
    return too_large or tuple(islice(found, MAX_PROBLEMS))
