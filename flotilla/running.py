"""Running flows from the command line: in this process, with their story on the screen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import typer
from prefect.client.schemas.objects import State
from prefect.exceptions import ObjectNotFound
from rich.text import Text

from config.catalogue.reading import read_knowledge
from config.settings import settings
from federation.spec.federation import Federation
from federation.spec.loading import load
from federation.spec.problems import SpecErrors
from federation.state.status import FederationStatus
from flotilla.console import err, out, story
from flotilla.exits import Exit
from flotilla.server import use_prefect
from registry.registry import Registry

Start = Callable[[], Awaitable[State[Any]]]


def read_spec(file: Path) -> Federation:
    """Read and check a spec; ``-`` reads standard input. Ends the command with exit code 2 when anything is wrong."""
    source = "standard input" if str(file) == "-" else str(file)
    try:
        text = typer.get_text_stream("stdin").read() if str(file) == "-" else file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        err.print(f"{source}: {error}", markup=False)
        raise typer.Exit(Exit.BAD_INPUT) from None
    try:
        return load(text, source, read_knowledge())
    except SpecErrors as errors:
        for problem in errors.problems:
            err.print(str(problem), markup=False)
        err.print(f"{len(errors.problems)} problems; nothing was changed.", markup=False)
        raise typer.Exit(Exit.BAD_INPUT) from None


def run_flow(start: Start, timeout_s: float | None) -> State[Any]:
    """Run a flow to its end, telling its story. After Ctrl-C or the time limit the next run goes on from there."""

    use_prefect()

    async def limited() -> State[Any]:
        async with asyncio.timeout(timeout_s):
            return await start()

    try:
        with story(err):
            return asyncio.run(limited())
    except TimeoutError:
        err.print(f"Not done in {timeout_s:.0f} s. The next run goes on from here.")
        raise typer.Exit(Exit.TIMED_OUT) from None
    except KeyboardInterrupt:
        err.print("Interrupted. The next run goes on from here.")
        raise typer.Exit(Exit.INTERRUPTED) from None


def last_status(federation: str) -> FederationStatus | None:
    """The status that the last run published."""
    with Registry(settings().registry_url) as registry:
        kept = registry.statuses.get(federation)
    return FederationStatus.model_validate(kept.document) if kept else None


def end_with(state: State[Any], federation: str) -> None:
    """Say how a run ended and end the command with the exit code that says the same."""
    if not state.is_completed():
        err.print(Text.assemble((f"{federation} {state.name}: ", "red"), state.message or ""))
        raise typer.Exit(Exit.FAILED)
    err.print(Text.assemble((f"{federation}: ", "green"), state.message or ""))
    status = last_status(federation)
    converged = status.root.condition("Converged") if status else None
    if converged is not None and converged.status != "True":
        raise typer.Exit(Exit.NOT_CONVERGED)


def trigger(deployment: str, parameters: dict[str, Any]) -> None:
    """Start a flow on the server that serves it, and return at once with the id of its run."""
    from prefect.deployments import run_deployment

    use_prefect()
    try:
        run = run_deployment(f"{deployment}/flotilla", parameters=parameters, timeout=0, as_subflow=False)
    except ObjectNotFound:
        err.print("No server serves the flows; start one with: flotilla serve")
        raise typer.Exit(Exit.FAILED) from None
    out.print(f"{run.id}")  # type: ignore[union-attr]  # synchronous here
