"""A spec comes in and is made so. The whole federation is the form's one field."""

from __future__ import annotations

from prefect import flow
from prefect.runtime import flow_run

from config.catalogue.reading import read_knowledge
from config.settings import settings
from federation.errors import SpecInvalid
from federation.spec.federation import Federation
from federation.spec.problems import render_field
from federation.spec.validation import check
from flows.admission import refuse_other_reality
from flows.ending import Ending, ending
from flows.loop import Assignment, run_loop
from flows.propose import look_ahead
from flows.workplace import workplace
from registry.registry import Registry

WAIT_FOR_OTHERS_S = 600.0


@flow(name="apply", flow_run_name="apply-{federation.name}")
async def apply(federation: Federation, basis: str | None = None) -> Ending:
    """Store a spec as the new generation of its federation, then bring the federation to it.

    Args:
        federation: What should exist.
        basis: For a saved plan, the digest of what it was made for; refused when something else is seen.
    """
    if basis is not None:
        await _refuse_outdated(federation, basis)
    store(federation, applied_by=flow_run.get_name() or "outside Prefect")
    async with workplace(federation.name, WAIT_FOR_OTHERS_S) as place:
        return ending(await run_loop(place, Assignment(basis=basis)))


async def _refuse_outdated(federation: Federation, made_for: str) -> None:
    """Before the spec is stored: a spec whose plan is refused must not become what should exist."""
    with Registry(settings().registry_url) as registry:
        refuse_other_reality(made_for, federation, await look_ahead(registry, federation))


def store(federation: Federation, applied_by: str) -> None:
    """Keep a valid spec as what should exist; the same spec again changes nothing.

    Raises:
        SpecInvalid: Parts of it do not fit each other; nothing was stored.
    """
    problems = check(federation, read_knowledge())
    if problems:
        raise SpecInvalid("\n".join(f"{render_field(each.field)}: {each.message}" for each in problems))
    with Registry(settings().registry_url) as registry:
        registry.generations.put(federation, applied_by=applied_by)
