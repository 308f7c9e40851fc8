"""Running flows from the command line: in this process, with their story on the screen."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.text import Text

from config.catalogue.reading import read_knowledge
from config.settings import settings
from federation.errors import FlotillaError, SpecInvalid
from federation.spec.document import MAX_BYTES, decoded
from federation.spec.federation import Federation
from federation.spec.loading import load
from federation.spec.problems import MAX_PROBLEMS, SpecErrors
from federation.state.status import FederationStatus
from flotilla.console import Output, counted, err, out, print_data
from flotilla.exits import Exit
from flotilla.failures import code_of
from flotilla.progress import story
from flotilla.server import use_prefect

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State

Start = Callable[[], Awaitable["State[Any]"]]


def read_spec(file: Path) -> Federation:
    """Read and check a spec; ``-`` reads standard input. Ends the command with exit code 2 when anything is wrong."""
    with told_problems():
        return load(read_text(file), source_of(file), read_knowledge())


@contextmanager
def told_problems() -> Iterator[None]:
    """Tells what is wrong with a document that is read meanwhile, each problem on a line, and ends with exit code 2."""
    try:
        yield
    except OSError as error:
        err.print(f"{error.filename}: {error.strerror}", markup=False)
        raise typer.Exit(Exit.BAD_INPUT) from None
    except SpecErrors as errors:
        for problem in errors.problems:
            err.print(str(problem), markup=False)
        found = len(errors.problems)
        told = counted(found, "problem") if found < MAX_PROBLEMS else f"The first {found} problems"
        err.print(f"{told}; nothing was changed.", markup=False)
        raise typer.Exit(Exit.BAD_INPUT) from None


def source_of(file: Path) -> str:
    """What messages call a file that a user named."""
    return "standard input" if str(file) == "-" else str(file)


def read_text(file: Path) -> str:
    """The text of a file, ``-`` for standard input; no more is read than a spec may be long, since not every file ends.

    Raises:
        OSError: It cannot be read.
        SpecErrors: It is too large, or no text.
    """
    if str(file) == "-":
        return decoded(sys.stdin.buffer.read(MAX_BYTES + 1), source_of(file))
    with file.open("rb") as stream:
        return decoded(stream.read(MAX_BYTES + 1), source_of(file))


def run_flow(start: Start, timeout_s: float | None) -> State[Any]:
    """Run a flow to its end, telling its story. After Ctrl-C or the time limit the next run goes on from there."""
    from prefect.exceptions import TerminationSignal

    use_prefect()

    async def limited() -> State[Any]:
        async with asyncio.timeout(timeout_s):
            return await start()

    try:
        with story(err):
            return asyncio.run(limited())
    except TimeoutError:
        err.print(f"Not done in {timeout_s:g} s. The next run goes on from here.")
        raise typer.Exit(Exit.TIMED_OUT) from None
    except KeyboardInterrupt:
        err.print("Interrupted. The next run goes on from here.")
        raise typer.Exit(Exit.INTERRUPTED) from None
    except TerminationSignal:
        err.print("Terminated. The next run goes on from here.")
        raise typer.Exit(Exit.TERMINATED) from None


def last_status(federation: str) -> FederationStatus | None:
    """The status that the last run published."""
    from registry.registry import Registry

    with Registry(settings().registry_url) as registry:
        return registry.statuses.last(federation)


def known(federation: str) -> None:
    """Make sure that a federation was applied, before a run is made for it.

    Raises:
        SpecInvalid: It was not; the message names those that were.
    """
    from registry.registry import Registry

    with Registry(settings().registry_url) as registry:
        names = [each.federation for each in registry.generations.list()]
    if federation not in names:
        there = f"there are: {', '.join(names)}" if names else "apply one with: flotilla apply -f FILE"
        raise SpecInvalid(f"There is no federation '{federation}'; {there}")


def end_with(state: State[Any], federation: str, output: Output = "text") -> None:
    """Say how a run ended and end the command with the exit code that says the same."""
    status = last_status(federation)
    if output != "text" and status is not None:
        print_data(status.model_dump(mode="json") | {"phase": status.phase}, output)
    end_unless_completed(state, federation)
    err.print(Text.assemble((f"{federation}: ", "green"), state.message or ""))
    converged = status.root.condition("Converged") if status else None
    if converged is not None and converged.status != "True":
        raise typer.Exit(Exit.NOT_CONVERGED)


def end_unless_completed(state: State[Any], subject: str) -> None:
    """End the command when a run did not complete: in the words of our own error when that was the cause."""
    if state.is_completed():
        return
    error = error_of(state)
    err.print(Text.assemble((f"{subject} {state.name}: ", "red"), str(error or state.message or "")))
    raise typer.Exit(code_of(error))


def error_of(state: State[Any]) -> FlotillaError | None:
    """The error of ours that ended a run."""
    data = state.data
    found = getattr(data, "result", data)
    return found if isinstance(found, FlotillaError) else None


def waits(wait: bool, timeout_s: float | None) -> bool:
    """Whether a command waits for the end of its flow. A time limit without waiting is a contradiction: exit code 2."""
    if not wait and timeout_s is not None:
        err.print("--no-wait starts the run and returns: --timeout has nothing to limit. Leave one of them out.")
        raise typer.Exit(Exit.BAD_INPUT)
    return wait


def trigger(deployment: str, parameters: dict[str, Any], output: Output = "text") -> None:
    """Start a flow on the server that serves it, and return at once with the id of its run."""
    from prefect.deployments import run_deployment
    from prefect.exceptions import ObjectNotFound

    use_prefect()
    try:
        run = run_deployment(f"{deployment}/flotilla", parameters=parameters, timeout=0, as_subflow=False)
    except ObjectNotFound:
        err.print("No server serves the flows; start one with: flotilla serve")
        raise typer.Exit(Exit.FAILED) from None
    found = str(run.id)  # type: ignore[union-attr]  # synchronous here
    if output == "text":
        out.print(found)
    else:
        print_data({"run": found}, output)
