"""Facts as providers would tell them when all is well, and what a plan asks for."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Interface
from typing import Any

from config.catalogue.reading import read_distributions
from federation.planning.context import PlanningContext
from federation.planning.guards import Admission, Policy, admit
from federation.planning.planner import plan_federation
from federation.preflight.facts import CloudFacts, ClusterFacts, FlavorFacts, HostFacts, ImageFacts, Quota
from federation.preflight.findings import Finding
from federation.preflight.gate import Facts, hold_unmet, judge_facts
from federation.preflight.inquiry import inquiries
from federation.spec.federation import Federation
from federation.state.observed import (
    Absent,
    ObservedCluster,
    ObservedFederation,
    ObservedInfrastructure,
    Present,
)
from tests.builders import a_catalogue

PLENTY = Quota(100, 0)
NETWORK = ("port", "floatingip", "network", "subnet", "router", "security_group", "security_group_rule")


def a_cloud(**more: Any) -> CloudFacts:
    """A project with room for everything that the builders' clusters name."""
    facts = CloudFacts(
        project="p",
        quotas=(
            Present(
                dict.fromkeys(("instances", "cores", "server_groups", "server_group_members"), PLENTY)
                | {"ram": Quota(-1, 0)}
            ),
            Present(dict.fromkeys(NETWORK, PLENTY)),
        ),
        image=Present(ImageFacts("active", "x86_64", 5)),
        flavors={"m1.medium": Present(FlavorFacts(2, 4096, 40))},
        external=Present("ext"),
        credentials_left_s=Absent(),
        mtu=Absent(),
    )
    return replace(facts, **more)


def with_quota(**quotas: Quota) -> CloudFacts:
    """A project with room, but for these quotas."""
    compute, network = a_cloud().quotas
    assert isinstance(compute, Present)
    assert isinstance(network, Present)
    changed = [{name: quotas.get(name, quota) for name, quota in each.value.items()} for each in (compute, network)]
    return a_cloud(quotas=tuple(Present(each) for each in changed))


def a_host(**more: Any) -> HostFacts:
    """A host that can become any node."""
    facts = HostFacts("amd64", "ubuntu 24.04", True, True, 4, 8192, 60, 0.2, mtu=1500)
    return replace(facts, **({"networks": (IPv4Interface("10.200.2.10/24"),)} | more))


def nothing_built(federation: Federation, *inventory: str) -> PlanningContext:
    """Nothing of the federation is there yet; all inventories have these hosts."""
    observed = {
        cluster.name: ObservedCluster(cluster.name, Present(ObservedInfrastructure("absent", (), inventory)), Absent())
        for cluster in federation.spec.clusters
    }
    return PlanningContext(federation, (), ObservedFederation(observed), a_catalogue())


def found(context: PlanningContext, **facts: CloudFacts | ClusterFacts) -> tuple[tuple[Finding, ...], Admission]:
    """Findings of the context's plan, and the plan without what is held for them."""
    admission = admit(plan_federation(context), context, Policy())
    asked = inquiries(context, admission.plan)
    told: Facts = {
        name: Present(each if isinstance(each, ClusterFacts) else ClusterFacts(each)) for name, each in facts.items()
    }
    findings = judge_facts(context.desired, asked, told, read_distributions())
    return findings, hold_unmet(admission, asked, findings)


def reasons(findings: tuple[Finding, ...]) -> list[str]:
    """Reasons of findings, in their order."""
    return [each.reason for each in findings]
