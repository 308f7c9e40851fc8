"""What a run tells: artifacts for people, events for automations, and a form for the UI."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.responses import DeploymentResponse
from prefect.events import emit_event

from flows.apply import apply
from tests.stage.specs import a_small_cluster, a_small_federation


def test_run_leaves_artifacts_and_tells_events_only_of_changes(inside):
    """Plan, graph, progress and status while it is built, a leak report at its end; silence when nothing happens."""
    spec = a_small_federation("told", a_small_cluster("a"))
    begun = time.time()
    inside.ready(spec)
    table = inside.artifacts("told-plan")[0]
    assert "init-control-plane" in table
    assert "```mermaid" in inside.artifacts("told-plan-graph")[0]
    assert inside.artifacts("told-progress")[0] == 100.0
    statuses = inside.artifacts("told-status")
    assert "ControlPlaneAvailable" in statuses[0]
    told = _events(inside, "told", begun)
    assert {"flotilla.condition.true", "flotilla.run.started", "flotilla.progress", "flotilla.run.ended"} <= set(told)

    between = time.time()
    inside.silent(spec)
    assert sorted(_events(inside, "told", between)) == ["flotilla.run.ended", "flotilla.run.started"]
    assert len(inside.artifacts("told-status")) == len(statuses)

    between = time.time()
    inside.gone("told")
    assert {"flotilla.condition.removed", "flotilla.federation.removed"} <= set(_events(inside, "told", between))
    assert "0 left" in inside.artifacts("told-leaks")[0]


def test_apply_is_a_form_and_refuses_what_does_not_fit(inside):
    """The deployment carries the spec's JSON Schema; parameters that break it make no run."""
    deployment = asyncio.run(_register())
    schema = deployment.parameter_openapi_schema or {}
    assert set(schema["properties"]) == {"federation", "basis"}
    definitions = schema["definitions"]
    assert "clusters" in definitions["FederationSpec"]["properties"]
    assert definitions["Cluster"]["properties"]["name"]["description"]
    runs = inside.flow_runs()
    url = f"{inside.stage.api}/deployments/{deployment.id}/create_flow_run"
    refused = httpx.post(url, json={"parameters": {"federation": {"kind": "Nonsense"}}}, trust_env=False)
    assert refused.status_code in (409, 422), refused.text
    assert inside.flow_runs() == runs


async def _register() -> DeploymentResponse:
    """The deployment, as ``flotilla serve`` registers it."""
    identifier = await (await apply.ato_deployment("flotilla")).aapply()
    async with get_client() as client:
        return await client.read_deployment(identifier)


def _events(inside, federation: str, since: float) -> list[str]:
    """Names of the federation's events since then; a mark that is sent last tells that all have arrived."""
    mark = emit_event("test.mark", resource={"prefect.resource.id": f"test.mark.{time.time_ns()}"})
    assert mark is not None
    found: list[dict] = []

    def arrived() -> bool:
        body = {"filter": {"event": {"prefix": ["flotilla.", "test.mark"]}}, "limit": 50}
        rows = httpx.post(f"{inside.stage.api}/events/filter", json=body, trust_env=False).json()["events"]
        found[:] = rows
        return any(row["id"] == str(mark.id) for row in rows)

    inside.stage.wait(arrived, "the mark among the events")
    named = [row for row in found if row["resource"].get("flotilla.federation") == federation]
    return [row["event"] for row in named if _unix(row["occurred"]) >= since]


def _unix(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
