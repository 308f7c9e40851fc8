"""What an apply would do. Looks and plans; changes nothing and stores no spec."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace

from prefect import flow

from config.settings import settings
from federation.planning.explain import render_json
from federation.planning.guards import Admission
from federation.preflight.findings import Finding
from federation.preflight.gate import blind_findings
from federation.spec.federation import Federation
from federation.state.silence import silent_clusters
from flows.admission import basis, blind_spots, context_of
from flows.preflight import Bounds, plan_ahead
from flows.workplace import open_bench
from registry.moving import refuse_moves
from registry.registry import Registry
from tasks.handover import unseen
from tasks.observing import observe
from tasks.publishing import publish_plan
from tasks.workbench import Workbench


@dataclass(frozen=True)
class Proposal:
    """A plan that nobody has carried out.

    Attributes:
        blind_spots: What could not be looked at, with why.
        unseen: The same of clusters whose infrastructure could not be read, as findings.
        plan_id: Set when the plan was kept.
    """

    admission: Admission
    blind_spots: tuple[str, ...] = ()
    unseen: tuple[Finding, ...] = ()
    plan_id: str | None = None


@flow(name="plan", flow_run_name="plan", persist_result=False)
async def propose(federation: Federation, save: bool = False) -> Proposal:
    """Show what separates what is from what should be.

    Args:
        federation: What should exist.
        save: Keep the plan, so that exactly it can be applied later.
    """
    with Registry(settings().registry_url) as registry:
        federation = registry.with_wishes(federation)
        proposal = await look_ahead(registry, federation)
        admission = proposal.admission
        await publish_plan(federation.name, admission)
        if not save:
            return proposal
        document = {
            "spec": federation.model_dump(mode="json", by_alias=True),
            "plan": json.loads(render_json(admission)),
        }
        kept = registry.plans.save(federation.name, document, basis(federation, admission))
        return replace(proposal, plan_id=kept.id)


async def look_ahead(registry: Registry, federation: Federation) -> Proposal:
    """What an apply of a spec would do now.

    Raises:
        SpecInvalid: An apply would refuse it, because of what stands already.
    """
    refuse_moves(registry, federation)
    bench = await asyncio.to_thread(open_bench, registry, federation)
    try:
        return await _look(registry, federation, bench)
    finally:
        bench.close()


async def _look(registry: Registry, federation: Federation, bench: Workbench) -> Proposal:
    observed = await observe(unseen(bench), settings().lookers)
    silent, known_s = silent_clusters(observed), registry.silences.of(federation.name)
    silent_s = {cluster: known_s.get(cluster, 0.0) for cluster in silent}
    context = context_of(bench, observed, settings(), silent_s)
    context, admission = await plan_ahead(bench, context, Bounds(settings().policy, settings().lookers))
    return Proposal(admission, blind_spots(context), blind_findings(context))
