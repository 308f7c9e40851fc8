"""For an outside scheduler: which components there are, and where they are to run."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from door.documents import Accepted, Components, PlacementRequest
from door.parameters import At, Caller, IdempotencyKey, OnlyFederation, receipt_for, refusals

router = APIRouter(tags=["placements"])


@router.get("/v1/components", responses=refusals(422))
async def list_components(
    at: At,
    caller: Caller,
    federation: OnlyFederation = None,
    placed: Annotated[bool | None, Query(description="Only those that have a placement, or that have none")] = None,
) -> Components:
    """List components with what they need; with the right 'placements' those of all owners."""
    found = await asyncio.to_thread(at.gallery.components, caller, federation, placed)
    return Components(components=found)


@router.post(
    "/v1/placements",
    status_code=202,
    response_model=Accepted,
    responses={200: {"model": Accepted}, **refusals(400, 404, 409, 415, 422)},
)
async def place_components(
    request: Request, at: At, caller: Caller, wanted: PlacementRequest, idempotency_key: IdempotencyKey = None
) -> Response:
    """Place components, or move them: all of these decisions, or none."""
    receipt = await receipt_for(request, caller, idempotency_key)
    return await at.settled(lambda: at.desk.place(caller, wanted.federation, wanted.placements, receipt), receipt)
