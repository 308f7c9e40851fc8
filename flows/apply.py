"""A spec comes in and is made so: as YAML text, or field by field."""

from __future__ import annotations

from typing import Annotated

from prefect import flow
from prefect.runtime import flow_run
from pydantic import Field

from config.catalogue.reading import read_knowledge
from config.settings import settings
from federation.errors import Conflict, SpecInvalid
from federation.spec.federation import Federation
from federation.spec.loading import load
from federation.spec.problems import render_field
from federation.spec.validation import check
from flows.admission import refuse_other_reality
from flows.ending import Ending, work
from flows.loop import Assignment
from flows.propose import look_ahead
from flows.workplace import workplace
from registry.moving import refuse_moves
from registry.registry import Registry

WAIT_FOR_OTHERS_S = 600.0
STORE_ATTEMPTS = 10


SpecText = Annotated[str, Field(title="YAML", description="The federation's YAML file, pasted as it is")]


def _run_name() -> str:
    """Named after the federation, when its name can be read."""
    given = flow_run.get_parameters().get("federation")
    try:
        return f"apply-{_spec(given).name}" if isinstance(given, (str, Federation)) else "apply"
    except SpecInvalid:
        return "apply"


@flow(name="apply", flow_run_name=_run_name)
async def apply(federation: SpecText | Federation, basis: str | None = None) -> Ending:
    """Store a spec as the new generation of its federation, then bring the federation to it.

    Args:
        federation: What should exist: a YAML text, or fields.
        basis: For a saved plan, the digest of what it was made for; refused when something else is seen.
    """
    spec = _spec(federation)
    if basis is not None:
        await _refuse_outdated(spec, basis)
    store(spec, applied_by=flow_run.get_name() or "outside Prefect")
    async with workplace(spec.name, WAIT_FOR_OTHERS_S) as place:
        return await work(place, Assignment(basis=basis))


async def _refuse_outdated(federation: Federation, made_for: str) -> None:
    """Before the spec is stored: a spec whose plan is refused must not become what should exist."""
    with Registry(settings().registry_url) as registry:
        whole = registry.with_wishes(federation)
        refuse_other_reality(made_for, whole, (await look_ahead(registry, whole)).admission)


def _spec(given: str | Federation) -> Federation:
    return load(given, "federation", read_knowledge()) if isinstance(given, str) else given


def store(federation: Federation, applied_by: str, after: int | None = None) -> None:
    """Keep a valid spec as what should exist; the same spec again changes nothing.

    Applications that came through the door stay: they are another hand's.

    Args:
        after: Number of the generation that the spec was made from; None when it was made from none.

    Raises:
        SpecInvalid: Parts of it do not fit each other, or not what stands already; nothing was stored.
        Conflict: Another generation than ``after`` is current, or somebody else changed the federation again and again
            at the same time; nothing was stored.
    """
    with Registry(settings().registry_url) as registry:
        for attempt in range(STORE_ATTEMPTS):
            current = registry.generations.current(federation.name)
            whole = registry.with_wishes(federation)
            _refuse_problems(whole)
            refuse_moves(registry, whole)
            try:
                read = current.number if current else 0
                registry.generations.put(whole, applied_by, after=read if after is None else after)
            except Conflict:
                if after is not None or attempt == STORE_ATTEMPTS - 1:
                    raise
            else:
                return


def _refuse_problems(federation: Federation) -> None:
    problems = check(federation, read_knowledge())
    if problems:
        raise SpecInvalid("\n".join(f"{render_field(each.field)}: {each.message}" for each in problems))
