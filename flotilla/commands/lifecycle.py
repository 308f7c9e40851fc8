"""Commands that change things: apply, reconcile, destroy. All of them run the same flows as the UI and the API."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast

import typer
from rich.text import Text

from config.settings import settings
from federation.spec.federation import Federation
from flotilla.commands.options import FederationName, OutputForm, TimeLimit, Wait, complete_federation
from flotilla.console import err, out
from flotilla.exits import Exit
from flotilla.running import end_unless_completed, end_with, known, read_spec, run_flow, trigger, waits

OptionalFile = Annotated[
    Path | None, typer.Option("-f", "--file", help="The federation's YAML file; - reads standard input.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command()(apply)
    app.command()(reconcile)
    app.command()(destroy)


def apply(
    file: OptionalFile = None,
    plan: Annotated[str | None, typer.Option("--plan", help="Id of a saved plan: apply exactly that.")] = None,
    wait: Wait = True,
    timeout: TimeLimit = None,
    output: OutputForm = "text",
) -> None:
    """Make a spec so. Exit code 3 when something is left to do, 1 when a step failed; run it again to go on."""
    waiting = waits(wait, timeout)
    spec, basis = _wanted(file, plan)
    if not waiting:
        content = spec.model_dump(mode="json", by_alias=True, exclude_none=True)
        return trigger("apply", {"federation": content, "basis": basis}, output)
    from flows.apply import apply as flow

    return end_with(run_flow(lambda: flow(spec, basis=basis, return_state=True), timeout), spec.name, output)


def _wanted(file: Path | None, plan: str | None) -> tuple[Federation, str | None]:
    if (file is None) == (plan is None):
        err.print("Say what to apply: either -f FILE or --plan ID.")
        raise typer.Exit(Exit.BAD_INPUT)
    return _spec_of_plan(plan) if plan is not None else (read_spec(cast(Path, file)), None)


def _spec_of_plan(plan_id: str) -> tuple[Federation, str]:
    from registry.registry import Registry

    with Registry(settings().registry_url) as registry:
        saved = registry.plans.get(plan_id)
    if saved is None:
        err.print(f"There is no saved plan {plan_id}; make one with: flotilla plan -f FILE --save", markup=False)
        raise typer.Exit(Exit.BAD_INPUT)
    return Federation.model_validate(saved.document["spec"]), saved.based_on


def reconcile(
    federation: FederationName, wait: Wait = True, timeout: TimeLimit = None, output: OutputForm = "text"
) -> None:
    """Bring a federation back to the spec that was applied last."""
    waiting = waits(wait, timeout)
    known(federation)
    if not waiting:
        return trigger("reconcile", {"federation": federation}, output)
    from flows.reconcile import reconcile as flow

    return end_with(run_flow(lambda: flow(federation, return_state=True), timeout), federation, output)


def destroy(
    federation: Annotated[
        str | None,
        typer.Argument(help="Name of the federation.", metavar="FEDERATION", autocompletion=complete_federation),
    ] = None,
    file: OptionalFile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    wait: Wait = True,
    timeout: TimeLimit = None,
) -> None:
    """Remove everything of a federation and prove that nothing is left. Exit code 4 when something is.

    With -f the spec need not have been applied from here: it tells where to look for what carries its marks.
    """
    waiting = waits(wait, timeout)
    if (file is None) == (federation is None):
        err.print("Say what to destroy: either its name or -f FILE.")
        raise typer.Exit(Exit.BAD_INPUT)
    spec = read_spec(file) if file else None
    name = spec.name if spec else str(federation)
    if spec is None:
        known(name)
    if not yes:
        typer.confirm(f"Remove every machine, network and application of {name}?", abort=True, err=True)
    if spec is not None:
        from flows.apply import store

        store(spec, applied_by="destroy")
    if not waiting:
        return trigger("teardown", {"federation": name})
    from flows.teardown import teardown as flow

    return _end(run_flow(lambda: flow(name, return_state=True), timeout), name)


def _end(state: Any, name: str) -> None:
    message = state.message or ""
    if " left: " in message and not state.is_completed():
        err.print(Text.assemble((f"{name} {state.name}: ", "red"), message))
        raise typer.Exit(Exit.LEFTOVERS)
    end_unless_completed(state, name)
    out.print(Text.assemble((f"{name}: ", "green"), message))
