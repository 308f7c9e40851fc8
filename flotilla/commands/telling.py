"""Commands about what Flotilla tells others: events, and metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from config.settings import settings
from flotilla.commands.options import OutputForm
from flotilla.console import err, out, print_data
from flotilla.exits import Exit
from flotilla.server import use_prefect

if TYPE_CHECKING:
    from registry.registry import Registry

ATTEMPT_S = 30.0


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command()(events)


def events(
    deliver: Annotated[bool, typer.Option("--deliver", help="Deliver now what waits.")] = False,
    output: OutputForm = "text",
) -> None:
    """Show what became of the events for Kafka: delivered, waiting, lost. Exit code 1 while delivery fails."""
    from registry.registry import Registry

    found = settings()
    if found.kafka is None:
        err.print("No events are kept: FLOTILLA_KAFKA names no block. See docs/events.md.", markup=False)
        raise typer.Exit(Exit.BAD_INPUT)
    with Registry(found.registry_url, outbox=found.outbox_limit) as registry:
        if deliver:
            _deliver(registry, found.kafka)
        state = registry.outbox.state()
    if output != "text":
        print_data(vars(state), output)
    else:
        counts = f"{state.delivered} delivered, {state.waiting} waiting, {state.lost} lost"
        out.print(f"events for {found.kafka}: {counts}", markup=False)
    if state.trouble:
        err.print(f"the last attempt failed: {state.trouble}", markup=False)
        raise typer.Exit(Exit.FAILED)


def _deliver(registry: Registry, block: str) -> None:
    from clients.kafka.sender import Patience
    from tasks.delivering import courier_for

    use_prefect()
    courier = courier_for(registry, block)
    try:
        courier.deliver(Patience(ATTEMPT_S))
    finally:
        courier.close()
