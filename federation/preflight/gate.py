"""The gate: all findings of a plan at once, and what of the plan is held for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from federation.planning.actions import DeleteMachine, EnsureFoundation, RemoveNode
from federation.planning.context import PlanningContext
from federation.planning.guards import Admission, Held, hold_dependents
from federation.planning.node_actions import RemoveMember
from federation.planning.plan import Step
from federation.preflight.clouds import check_cloud
from federation.preflight.facts import CloudFacts, ClusterFacts
from federation.preflight.findings import Finding
from federation.preflight.hosts import check_hosts
from federation.preflight.inquiry import Beginning, Inquiry
from federation.preflight.networks import check_networks
from federation.preflight.quotas import check_quotas
from federation.preflight.sizes import Builder
from federation.spec.catalogue import DistributionDefinition
from federation.spec.federation import Federation
from federation.state.observed import Absent, Observation, Present, Unknown

Leaving = DeleteMachine | RemoveNode | RemoveMember
"""Actions that take a machine or its node away."""
Facts = Mapping[str, Observation[ClusterFacts]]
"""What providers told, by cluster."""


def judge_facts(
    federation: Federation,
    asked: Iterable[Inquiry],
    facts: Facts,
    distributions: Mapping[str, DistributionDefinition],
) -> tuple[Finding, ...]:
    """Everything that stands in the way of what a plan makes, in the order of the spec."""
    inquiries = tuple(asked)
    known = {each.cluster.name: _known(facts.get(each.cluster.name, Absent())) for each in inquiries}
    clouds: dict[str, tuple[Inquiry, CloudFacts]] = {}
    for inquiry in inquiries:
        cloud = known[inquiry.cluster.name].cloud
        if cloud is not None:
            clouds[inquiry.cluster.name] = (inquiry, cloud)
    found = [
        finding
        for inquiry in inquiries
        for finding in _of_cluster(federation, inquiry, facts.get(inquiry.cluster.name, Absent()), distributions)
    ]
    order = {inquiry.cluster.name: inquiry.index for inquiry in inquiries}
    return tuple(sorted((*found, *check_quotas(clouds)), key=lambda each: order[each.cluster]))


def _known(facts: Observation[ClusterFacts]) -> ClusterFacts:
    return facts.value if isinstance(facts, Present) else ClusterFacts()


def _of_cluster(
    federation: Federation,
    inquiry: Inquiry,
    facts: Observation[ClusterFacts],
    distributions: Mapping[str, DistributionDefinition],
) -> Iterator[Finding]:
    if isinstance(facts, Unknown):
        fix = "nothing is held for it; look at the message"
        place = (*inquiry.path, "infrastructure")
        yield Finding(inquiry.cluster.name, facts.reason, place, facts.message, fix, silent=True)
        return
    known, builder = _known(facts), Builder(distributions[inquiry.cluster.built_with.type])
    for lack in known.lacks:
        yield Finding(inquiry.cluster.name, lack.reason, (*inquiry.path, "infrastructure"), lack.message, "")
    if known.cloud is not None:
        yield from check_cloud(inquiry, known.cloud, builder)
    yield from check_hosts(inquiry, known.hosts, builder)
    yield from check_networks(federation, inquiry, known)


def blind_findings(context: PlanningContext) -> tuple[Finding, ...]:
    """Clusters whose infrastructure could not be read: no plan and no check can tell anything about them."""
    return tuple(
        Finding(
            cluster=cluster.name,
            reason=seen.reason,
            field=("spec", "clusters", index, "infrastructure"),
            seen=seen.message,
            fix="put this right first; nothing is planned for the cluster meanwhile",
            silent=True,
        )
        for index, cluster in enumerate(context.desired.spec.clusters)
        if isinstance(seen := context.infrastructure(cluster.name), Unknown)
    )


def hold_unmet(admission: Admission, asked: Iterable[Inquiry], findings: tuple[Finding, ...]) -> Admission:
    """Hold what begins in clusters, and on machines, with unmet findings, and everything that needs it.

    A machine that is to be replaced stays as it is: what takes its place could not be made.
    """
    founding = {each.cluster.name for each in asked if each.founding or each.cluster.made_whole}
    unmet = [each for each in findings if not each.silent]
    held = {each.key: each for each in admission.held}
    for step in admission.plan:
        found = next((each for each in unmet if _holds(each, step, founding)), None)
        if found is not None:
            held[step.key] = Held(step.key, found.reason, found.message)
    return replace(hold_dependents(admission.plan, held), findings=findings)


def _holds(finding: Finding, step: Step, founding: set[str]) -> bool:
    action = step.action
    if action.scope != finding.cluster:
        return False
    if isinstance(action, EnsureFoundation):
        return finding.machine is None and finding.cluster in founding
    if isinstance(action, Leaving):
        return step.cause == "repair" and finding.machine in (None, action.machine)
    return isinstance(action, Beginning) and finding.machine in (None, action.machine)
