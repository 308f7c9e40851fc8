"""The scheduled flow: every federation is brought back to its spec."""

from __future__ import annotations

import logging
from typing import Annotated, Literal

from prefect import flow
from prefect.runtime import flow_run
from prefect.states import Completed, Failed
from pydantic import Field

from config.settings import settings
from federation.errors import FlotillaError
from federation.spec.model import Name
from flows.ending import Ending, work
from flows.loop import Assignment
from flows.workplace import workplace
from registry.leases import LeaseHeld
from registry.registry import Registry

log = logging.getLogger(__name__)
Patience = Annotated[float, Field(ge=0.0, le=86_400.0)]


def _run_name() -> str:
    return f"reconcile-{flow_run.parameters.get('federation') or 'all'}"


@flow(name="reconcile", flow_run_name=_run_name)
async def reconcile(
    federation: Name | None = None, mode: Literal["enforce", "propose"] = "enforce", patience_s: Patience = 0.0
) -> Ending:
    """Compare what is with what should be, and correct the difference.

    Args:
        federation: The federation; every known one when left out.
        mode: 'enforce' corrects, 'propose' only publishes the plan.
        patience_s: How long to wait, in seconds, for another run that is at work; then it is left to that one.
    """
    endings = [await _one(name, mode, patience_s) for name in ([federation] if federation else _known())]
    failed = [each for each in endings if not each.is_completed()]
    if failed or len(endings) == 1:
        return (failed or endings)[0]
    return Completed(message=f"{len(endings)} federations")


def _known() -> list[str]:
    with Registry(settings().registry_url) as registry:
        return [generation.federation for generation in registry.generations.list()]


async def _one(name: str, mode: str, patience_s: float) -> Ending:
    try:
        async with workplace(name, wait_s=patience_s) as place:
            return await work(place, Assignment(propose=mode == "propose"))
    except LeaseHeld as held:
        log.info("%s; this run leaves it alone", held)
        return Completed(message=str(held))
    except Exception as error:  # told in full, and the other federations go on
        log.exception("%s could not be reconciled", name)
        reason = error.reason if isinstance(error, FlotillaError) else "InternalError"
        return Failed(message=f"{name}: {reason}: {error}")
