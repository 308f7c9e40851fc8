"""What the world looks like from above: status, credentials, and what is left after a teardown."""

from __future__ import annotations

import resource
import sys
from typing import Any

from sandbox.machines import Machine
from sandbox.openstack.identity.state import PROJECT_NAME, REGION, USER_NAME
from sandbox.universe import Universe
from sandbox.world import World

Json = dict[str, Any]


def resident_mib() -> float:
    """Memory that this process holds now; its peak where the system does not tell."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * resource.getpagesize() / 2**20
    except FileNotFoundError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def machine_summary(world: World, machine: Machine) -> Json:
    """One machine, without secrets."""
    site = world.site_of(machine)
    return {
        "id": machine.id,
        "name": machine.name,
        "source": machine.source,
        "power": machine.power,
        "public_address": machine.public_address,
        "private_address": machine.private_address,
        "user": machine.user,
        "labels": machine.labels,
        "closed_ports": sorted(machine.closed_ports),
        "cluster": site.name if site else None,
        "host_keys": [key.public for key in machine.host_keys],
    }


def status(universe: Universe) -> Json:
    """Machines, clusters, memory and counts."""
    world = universe.world
    clusters = [
        {
            "name": site.name,
            "uid": site.uid,
            "version": site.cluster.version,
            "distribution": site.plan.distribution,
            "pod_cidr": site.plan.pod_cidr,
            "service_cidr": site.plan.service_cidr,
            "serving": sorted(site.served),
            "known_as": world.names_of_site(site.uid),
            "members": [vars(member) for member in site.members.values()],
        }
        for site in world.sites.values()
    ]
    return {
        "network": str(world.network),
        "pacing": world.pacing.profile,
        "memory_mib": round(resident_mib(), 1),
        "machines": [machine_summary(world, machine) for machine in world.machines.values()],
        "clusters": clusters,
        "openstack": {name: len(rows) for name, rows in universe.cloud.leftovers().items()},
        "faults": len(world.faults.rules),
        "requests": {"total": world.journal.count(), "mutating": world.journal.count(mutating=True)},
    }


def credentials(universe: Universe, base_url: str) -> Json:
    """How to get in: a ``clouds.yaml`` as JSON, and every inventory with its hosts and keys."""
    identity = universe.cloud.identity
    credential = next(iter(identity.application_credentials.values()), None)
    shared = {"region_name": REGION, "interface": "public", "identity_api_version": 3}
    auth = {
        "auth_url": f"{base_url}/identity/v3",
        "username": USER_NAME,
        "password": identity.password,
        "project_name": PROJECT_NAME,
        "user_domain_id": "default",
        "project_domain_id": "default",
    }
    clouds: Json = {PROJECT_NAME: shared | {"auth": auth}}
    if credential is not None:
        secret = {"application_credential_id": credential["id"], "application_credential_secret": credential["secret"]}
        secret["auth_url"] = auth["auth_url"]
        clouds["lab-app"] = shared | {"auth_type": "v3applicationcredential", "auth": secret}
    return {
        "clouds": clouds,
        "inventories": universe.inventories.credentials(),
        "charts": f"{base_url}/charts",
        "external_network": "public",
    }


def leftovers(universe: Universe) -> Json:
    """Everything that somebody made and did not remove: objects of the cloud, and cluster state on hosts."""
    world = universe.world
    machines = world.machines.values()
    soiled = {machine.name: paths for machine in machines if (paths := machine.host.cluster_state())}
    left: Json = universe.cloud.leftovers()
    left |= {"hosts": soiled} if soiled else {}
    left |= {"containers": sorted(universe.docker.containers)} if universe.docker.containers else {}
    left |= {"clusters": [site.name for site in world.sites.values()]} if world.sites else {}
    return {"clean": not left, "left": left}
