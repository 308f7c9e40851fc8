"""Commands that only read a spec: validate, schema, plan."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, cast

import typer

from federation.events import events_schema
from federation.planning.explain import render_json, render_mermaid, render_text
from federation.spec.reference import render_reference
from federation.spec.schema import federation_schema
from flotilla.commands.options import OutputForm, SpecFile, TimeLimit
from flotilla.console import Output, counted, err, out, print_data
from flotilla.exits import Exit
from flotilla.running import end_unless_completed, read_spec, run_flow

if TYPE_CHECKING:
    from flows.propose import Proposal


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command()(validate)
    app.command()(schema)
    app.command()(plan)


def validate(file: SpecFile, output: OutputForm = "text") -> None:
    """Check a spec: every problem at once, with line and fix. Exit code 2 when there is any."""
    spec = read_spec(file)
    if output != "text":
        return print_data(spec.model_dump(mode="json", by_alias=True, exclude_none=True), output)
    parts = spec.spec
    counts = (
        counted(len(parts.clusters), "cluster"),
        counted(len(spec.directions), "directed peering"),
        counted(len(parts.applications), "application"),
    )
    return out.print(f"{spec.name} is valid: {', '.join(counts)}.")


def schema(
    reference: bool = typer.Option(False, "--reference", help="Print every field as Markdown tables, for people."),
    events: bool = typer.Option(False, "--events", help="Print the JSON Schema of events instead, for consumers."),
) -> None:
    """Print the JSON Schema of specs, for editors."""
    if reference:
        return typer.echo(render_reference())
    if events:
        return print_data(events_schema(), "json")
    return print_data(federation_schema(), "json")


def plan(
    file: SpecFile,
    output: OutputForm = "text",
    graph: bool = typer.Option(False, "--graph", help="Print the plan as a Mermaid graph."),
    save: bool = typer.Option(False, "--save", help="Keep the plan, to be applied with: flotilla apply --plan ID"),
    timeout: TimeLimit = None,
) -> None:
    """Show what an apply would do, and change nothing. Exit code 3 when there is something to do."""
    spec = read_spec(file)
    from flows.propose import propose

    state = run_flow(lambda: propose(spec, save=save, return_state=True), timeout)
    end_unless_completed(state, spec.name)
    proposal = cast("Proposal", asyncio.run(state.aresult()))
    _show(proposal, output, graph=graph)
    if save and output == "text":
        out.print(f"Saved. Apply it with: flotilla apply --plan {proposal.plan_id}")
    for spot in proposal.blind_spots:
        err.print(f"could not look at {spot}", markup=False)
    if proposal.blind_spots:
        raise typer.Exit(Exit.FAILED)
    if len(proposal.admission.plan) or proposal.admission.held:
        raise typer.Exit(Exit.NOT_CONVERGED)


def _show(proposal: Proposal, output: Output, *, graph: bool) -> None:
    admission = proposal.admission
    if graph:
        out.print(render_mermaid(admission.plan), markup=False)
    elif output != "text":
        more = {"unseen": list(proposal.blind_spots), "plan": proposal.plan_id}
        print_data(json.loads(render_json(admission)) | more, output)
    elif len(admission.plan) or not proposal.blind_spots:
        out.print(render_text(admission), markup=False)
