"""The command that tells what stands in the way of an apply, before anything is made."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import typer

from config.catalogue.reading import read_knowledge
from federation.preflight.findings import Finding
from federation.spec.document import Node, parse_document
from federation.spec.federation import Federation
from federation.spec.loading import load, located
from flotilla.commands.options import OutputForm, SpecFile, TimeLimit
from flotilla.console import counted, err, out, print_data
from flotilla.exits import Exit
from flotilla.running import end_unless_completed, read_text, run_flow, source_of, told_problems

if TYPE_CHECKING:
    from flows.propose import Proposal


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command()(preflight)


def preflight(file: SpecFile, output: OutputForm = "text", timeout: TimeLimit = None) -> None:
    """Check clouds, hosts and networks before an apply: every finding at once, with line and fix. Changes nothing.

    Exit code 3 when something stands in the way, 1 when something could not be looked at.
    """
    source = source_of(file)
    with told_problems():
        text = read_text(file)
        spec = load(text, source, read_knowledge())
    proposal = _proposal(spec, timeout)
    findings = (*proposal.unseen, *proposal.admission.findings)
    if output != "text":
        print_data({"passed": not findings, "findings": [each.document for each in findings]}, output)
    else:
        _tell(findings, spec, proposal, parse_document(text, source), source)
    if any(not each.silent for each in findings):
        raise typer.Exit(Exit.NOT_CONVERGED)
    if findings:
        raise typer.Exit(Exit.FAILED)


def _proposal(spec: Federation, timeout_s: float | None) -> Proposal:
    from flows.propose import propose

    state = run_flow(lambda: propose(spec, return_state=True), timeout_s)
    end_unless_completed(state, spec.name)
    return cast("Proposal", asyncio.run(state.aresult()))


def _tell(findings: tuple[Finding, ...], spec: Federation, proposal: Proposal, root: Node, source: str) -> None:
    for each in findings:
        unknown = "Unknown, " if each.silent else ""
        out.print(f"{located(root, source, each.violation)} [{unknown}{each.reason}]", markup=False)
    steps = len(proposal.admission.plan)
    if findings:
        silent = sum(each.silent for each in findings)
        unmet = counted(len(findings) - silent, "finding")
        held = counted(len(proposal.admission.held), "step")
        err.print(f"{unmet}, {silent} unknown; {held} held. Nothing was changed.", markup=False)
    elif steps or proposal.admission.held:
        out.print(f"{spec.name}: nothing stands in the way of {counted(steps, 'step')}.", markup=False)
    else:
        out.print(f"{spec.name}: nothing is to be made, so there is nothing to check.", markup=False)
