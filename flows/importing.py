"""A document of another format comes in, and what it describes is made so."""

from __future__ import annotations

import logging
from typing import Annotated

from prefect import flow
from prefect.runtime import flow_run
from pydantic import Field
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

from config.catalogue.reading import read_knowledge, read_tosca_profile
from config.settings import settings
from federation.errors import Conflict, SpecInvalid
from federation.importing.formats import format_of
from federation.importing.joining import import_into
from federation.importing.lowlevel.conversion import import_lowlevel
from federation.importing.lowlevel.options import LowLevelOptions
from federation.importing.reading import Source
from federation.importing.tosca.options import ToscaOptions
from federation.spec.federation import Federation
from federation.spec.model import Name
from federation.spec.problems import Problem
from flows.apply import STORE_ATTEMPTS, WAIT_FOR_OTHERS_S, store
from flows.ending import Ending, work
from flows.loop import Assignment
from flows.workplace import workplace
from registry.registry import Registry

log = logging.getLogger("flows.story")
Converted = tuple[Federation, tuple[Problem, ...], int | None]
"""What should exist, what was dropped on the way, and the generation that it was made from."""
DocumentText = Annotated[str, Field(title="Document", description="The file, pasted as it is")]


@flow(name="import", flow_run_name="import-{into}")
async def import_document(
    document: DocumentText,
    into: Name | None = None,
    tosca: ToscaOptions | None = None,
    lowlevel: LowLevelOptions | None = None,
) -> Ending:
    """Convert a document and apply what it describes. Each remark of the conversion is a line of the log.

    Args:
        document: A TOSCA blueprint or a LowLevelOrchestration.
        into: For a blueprint, the federation that its application goes into; it was applied before.
        tosca: For a blueprint, what it leaves open.
        lowlevel: For a LowLevelOrchestration, what it leaves open.
    """
    source = Source(document, "document")
    for attempt in _while_others_write():
        with attempt:
            spec, remarks, after = _converted(source, into, tosca or ToscaOptions(), lowlevel or LowLevelOptions())
            store(spec, applied_by=flow_run.get_name() or "outside Prefect", after=after)
    for remark in remarks:
        log.warning("%s", remark)
    async with workplace(spec.name, WAIT_FOR_OTHERS_S) as place:
        return await work(place, Assignment())


def _while_others_write() -> Retrying:
    """Again, from what is current then, when somebody else changed the federation meanwhile."""
    return Retrying(retry=retry_if_exception_type(Conflict), stop=stop_after_attempt(STORE_ATTEMPTS), reraise=True)


def _converted(source: Source, into: str | None, tosca: ToscaOptions, lowlevel: LowLevelOptions) -> Converted:
    if format_of(source) == "tosca":
        return _joined(source, into, tosca)
    if into is not None:
        raise SpecInvalid("a LowLevelOrchestration is a federation of its own: leave 'into' out")
    imported = import_lowlevel(source, read_knowledge(), lowlevel)
    return imported.federation, imported.remarks, None


def _joined(source: Source, into: str | None, options: ToscaOptions) -> Converted:
    if into is None:
        raise SpecInvalid("a blueprint describes an application: name in 'into' the federation that it goes into")
    with Registry(settings().registry_url) as registry:
        applied = registry.generations.current(into)
    if applied is None:
        raise SpecInvalid(f"there is no federation '{into}': apply it first")
    joined = import_into(source, applied.parsed(), read_tosca_profile(), options, read_knowledge())
    return joined.federation, joined.remarks, applied.number
