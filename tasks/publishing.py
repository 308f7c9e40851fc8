"""Telling: status into the registry, artifacts and events into Prefect."""

from __future__ import annotations

import asyncio
import logging
import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from prefect import task
from prefect.artifacts import (
    acreate_markdown_artifact,
    acreate_progress_artifact,
    acreate_table_artifact,
    aupdate_progress_artifact,
)
from prefect.cache_policies import NO_CACHE

from federation.events import condition_changed, condition_removed, removed
from federation.going import application_is_gone, is_gone, peering_is_gone
from federation.judging import Verdicts, judge_federation
from federation.planning.drawing import render_svg
from federation.planning.explain import render_mermaid, render_rows, summary
from federation.planning.guards import Admission
from federation.planning.outcomes import Outcome
from federation.planning.plan import Plan
from federation.state.conditions import Condition
from federation.state.drawing import render_map_mermaid, render_map_svg
from federation.state.status import FederationStatus, changes, with_times
from providers.contracts import Leftover
from registry.registry import Registry
from registry.statuses import ConditionChange
from tasks.announcing import emit

log = logging.getLogger(__name__)
_ORDER = {"False": 0, "Unknown": 1, "True": 2}
"""What is wrong comes first in a table."""


@dataclass
class PlanArtifacts:
    """The plan of a run as artifacts: a table, a Mermaid graph, and progress that grows as outcomes come in."""

    federation: str
    admission: Admission
    progress_id: UUID
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    _pending: set[asyncio.Task[object]] = field(default_factory=set)

    @classmethod
    async def begin(cls, federation: str, admission: Admission) -> PlanArtifacts:
        """Publish the plan before its first step."""
        await publish_plan(federation, admission)
        progress = await acreate_progress_artifact(0.0, key=f"{federation}-progress", description="Steps ended")
        if not isinstance(progress, UUID):
            raise TypeError("Prefect gave no id for a progress artifact")
        return cls(federation, admission, progress)

    def note(self, outcome: Outcome) -> None:
        """Take an outcome in and move the progress on, without holding up the walk."""
        self.outcomes[outcome.key] = outcome
        share = 100.0 * len(self.outcomes) / max(1, len(self.admission.plan))
        if not self._pending or share >= 100.0:
            update = asyncio.ensure_future(aupdate_progress_artifact(self.progress_id, share))
            self._pending.add(update)
            update.add_done_callback(self._pending.discard)

    async def finish(self) -> None:
        """Publish the table once more, with what came of each step."""
        await asyncio.gather(*self._pending)
        await _plan_table(self.federation, self.admission, self.outcomes)


async def publish_plan(federation: str, admission: Admission) -> None:
    """Publish a plan that is not carried out yet: as a table, and as a graph."""
    graph = f"{_picture(admission.plan)}### As Mermaid\n\n```mermaid\n{render_mermaid(admission.plan)}\n```"
    await acreate_markdown_artifact(graph, key=f"{federation}-plan-graph", description=summary(admission))
    await _plan_table(federation, admission, {})


def _picture(plan: Plan) -> str:
    """The plan drawn, as Markdown."""
    drawn = render_svg(plan)
    return _image("plan", drawn) if drawn else ""


def _image(name: str, svg: str) -> str:
    """A drawing as Markdown: Prefect's UI shows Mermaid only as text."""
    return f"![{name}](data:image/svg+xml;base64,{b64encode(svg.encode()).decode()})\n\n"


async def _plan_table(federation: str, admission: Admission, outcomes: Mapping[str, Outcome]) -> None:
    rows = render_rows(admission, outcomes)
    await acreate_table_artifact(rows, key=f"{federation}-plan", description=summary(admission))


@dataclass(frozen=True)
class Publication:
    """Where a status goes."""

    registry: Registry
    generation: int


@task(name="publish-status", task_run_name="publish-status", cache_policy=NO_CACHE, persist_result=False)
async def publish_status(publication: Publication, verdicts: Verdicts) -> FederationStatus:
    """Compute the status, keep it, and tell what has changed. An unchanged status makes no artifact and no event.

    Args:
        publication: Where it goes.
        verdicts: What it is computed from.
    """
    desired, now, registry = verdicts.context.desired, time.time(), publication.registry
    old = registry.statuses.last(desired.name)
    root = with_times(judge_federation(verdicts), old.root if old else None, now)
    status = FederationStatus(
        federation=desired.name, generation=publication.generation, digest=desired.digest, observed_at=now, root=root
    )
    changed = changes(status, old)
    withdrawn = removed(root.walk(), old.root.walk() if old else ())
    events = [condition_changed(path, condition, publication.generation, now) for path, condition in changed]
    events += [condition_removed(path, condition, publication.generation, now) for path, condition in withdrawn]
    document = status.model_dump(mode="json")
    registry.statuses.put(desired.name, document, [_change(*each, now) for each in changed], events)
    _confirm_gone(registry, verdicts)
    emit(events)
    if events:
        rows = [
            _row(path, condition) for path, condition in sorted(root.walk(), key=lambda each: _ORDER[each[1].status])
        ]
        text = f"{status.phase}: generation {status.generation}"
        await acreate_table_artifact(rows, key=f"{desired.name}-status", description=text)
    await _publish_map(status, old)
    return status


async def _publish_map(status: FederationStatus, old: FederationStatus | None) -> None:
    """Draw what runs where, if that looks different from what was last seen."""
    drawn = render_map_svg(status)
    if old is None or drawn != render_map_svg(old):
        text = f"{_image('map', drawn)}### As Mermaid\n\n```mermaid\n{render_map_mermaid(status)}\n```"
        await acreate_markdown_artifact(text, key=f"{status.federation}-map", description="What runs where")


def _change(path: str, condition: Condition, now: float) -> ConditionChange:
    path = path.rpartition("/")[0]
    return ConditionChange(path, condition.type, condition.status, condition.reason, condition.message, now)


def _row(path: str, condition: Condition) -> dict[str, str]:
    federation, _, within = path.rpartition("/")[0].partition("/")[2].partition("/")
    return {
        "status": condition.status,
        "object": within or federation,
        "condition": condition.type,
        "reason": condition.reason,
        "message": condition.message,
    }


def _confirm_gone(registry: Registry, verdicts: Verdicts) -> None:
    """Strike what earlier generations asked for from the registry, once it is seen to be gone."""
    context = verdicts.context
    for cluster in context.dropped_clusters():
        if is_gone(verdicts, cluster):
            registry.generations.confirm_gone(context.desired.name, "cluster", cluster.name)
    former = registry.generations.former(context.desired.name)
    for key in (key for peering in former.peerings for key in peering.directions):
        if peering_is_gone(verdicts, key):
            registry.generations.confirm_gone(context.desired.name, "peering", str(key))
    for application in former.applications:
        if application_is_gone(verdicts, application.name):
            registry.generations.confirm_gone(context.desired.name, "application", application.name)


@task(name="report-leaks", task_run_name="report-leaks", cache_policy=NO_CACHE, persist_result=False)
async def report_leaks(federation: str, leftovers: tuple[Leftover, ...]) -> None:
    """Publish what is left of a federation, with the command that removes each thing."""
    rows = [each.row() for each in leftovers]
    text = f"{len(leftovers)} left"
    if rows:
        await acreate_table_artifact(rows, key=f"{federation}-leaks", description=text)
    else:
        await acreate_markdown_artifact(f"## {text}\n\nNothing of {federation} is left.", key=f"{federation}-leaks")
