"""Federations: what there is for everybody, and whole ones for those who have that right."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Response

from door.documents import Accepted, FederationDetail, FederationRequest, Federations
from door.parameters import At, Caller, FederationName, IfMatch, digest_of, etag, need, refusals

router = APIRouter(tags=["federations"])


@router.get("/v1/federations", responses=refusals())
async def list_federations(at: At, caller: Caller) -> Federations:
    """List the federations with their clusters: where applications can be placed."""
    del caller
    return Federations(federations=await asyncio.to_thread(at.gallery.federations))


_PATH = "/v1/federations/{federation}"


@router.get(_PATH, response_model=FederationDetail, responses={200: etag("It"), **refusals(403, 404, 422)})
async def show_federation(at: At, caller: Caller, federation: FederationName) -> Response:
    """Show a federation in full; needs the right 'federations'."""
    need(caller, "federations")
    return at.tagged(await asyncio.to_thread(at.gallery.federation, federation))


@router.put(
    _PATH,
    status_code=202,
    response_model=Accepted,
    responses={200: {"model": Accepted}, **refusals(400, 403, 409, 412, 415, 422)},
)
async def deploy_federation(
    at: At, caller: Caller, federation: FederationName, wanted: FederationRequest, if_match: IfMatch = None
) -> Response:
    """Deploy a whole federation; needs the right 'federations', and with clusters of kind the right 'administrator'.

    Applications that came through the door stay as they are.
    """
    need(caller, "federations")
    read = await asyncio.to_thread(at.reader.federation, wanted, federation)
    if any(cluster.infrastructure.type == "kind" for cluster in read.federation.spec.clusters):
        need(caller, "administrator")  # their images run with all privileges on the workers' own machine
    match = digest_of(if_match)
    return await at.settled(lambda: at.desk.put_federation(caller, read.federation, match), None, read.remarks)


@router.delete(
    _PATH,
    status_code=202,
    response_model=Accepted,
    responses={200: {"model": Accepted}, **refusals(403, 404, 409, 412, 422)},
)
async def remove_federation(at: At, caller: Caller, federation: FederationName, if_match: IfMatch = None) -> Response:
    """Remove a federation with everything in it; needs the right 'federations'."""
    need(caller, "federations")
    match = digest_of(if_match)
    return await at.settled(lambda: at.desk.remove_federation(caller, federation, match))
