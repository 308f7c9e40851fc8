"""Applications of an owner: deploy, list, follow, change, take back."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response

from door.desk import Settled
from door.documents import Accepted, ApplicationDetail, Applications, Content, DeployRequest
from door.parameters import (
    ApplicationName,
    At,
    Caller,
    FederationName,
    IdempotencyKey,
    IfMatch,
    OnlyFederation,
    OnlyOwner,
    digest_of,
    etag,
    receipt_for,
    refusals,
)
from door.problems import WrongField, invalid

router = APIRouter(tags=["applications"])


@router.get("/v1/applications", responses=refusals(422))
async def list_applications(
    at: At, caller: Caller, federation: OnlyFederation = None, owner: OnlyOwner = None
) -> Applications:
    """List the applications of the token's owner; an administrator sees those of all owners."""
    found = await asyncio.to_thread(at.gallery.applications, caller, federation, owner)
    return Applications(applications=found)


@router.post(
    "/v1/applications",
    status_code=202,
    response_model=Accepted,
    responses={200: {"model": Accepted}, **refusals(400, 403, 404, 409, 415, 422)},
)
async def deploy_application(
    request: Request, at: At, caller: Caller, wanted: DeployRequest, idempotency_key: IdempotencyKey = None
) -> Response:
    """Deploy a new application. It runs as soon as every component has a placement."""
    receipt = await receipt_for(request, caller, idempotency_key)
    read = await asyncio.to_thread(at.reader.application, wanted, wanted.federation)

    def deploy() -> Settled:
        return at.desk.deploy(caller, wanted.federation, read.application, receipt)

    return await at.settled(deploy, receipt, read.remarks)


_PATH = "/v1/federations/{federation}/applications/{application}"


@router.get(_PATH, response_model=ApplicationDetail, responses={200: etag("It"), **refusals(404, 422)})
async def show_application(
    at: At, caller: Caller, federation: FederationName, application: ApplicationName
) -> Response:
    """Show one application: what is asked for, and what was last seen of it."""
    found = await asyncio.to_thread(at.gallery.application, caller, federation, application)
    return at.tagged(found)


@router.put(
    _PATH,
    status_code=202,
    response_model=Accepted,
    responses={200: {"model": Accepted}, **refusals(400, 403, 404, 409, 412, 415, 422)},
)
async def change_application(
    at: At,
    caller: Caller,
    federation: FederationName,
    application: ApplicationName,
    wanted: Content,
    if_match: IfMatch = None,
) -> Response:
    """Change an application, or deploy it. A component that says nothing of its placement keeps the one it has."""
    read = await asyncio.to_thread(at.reader.application, wanted, federation)
    draft = read.application
    if draft.name != application:
        wrong = WrongField(field="name", message=f"this is '{draft.name}', the address says '{application}'")
        raise invalid("the application has another name than its address", [wrong])
    match = digest_of(if_match)
    return await at.settled(lambda: at.desk.replace(caller, federation, draft, match), None, read.remarks)


@router.delete(
    _PATH,
    status_code=202,
    response_model=Accepted,
    responses={200: {"model": Accepted}, **refusals(404, 409, 412, 422)},
)
async def remove_application(
    at: At, caller: Caller, federation: FederationName, application: ApplicationName, if_match: IfMatch = None
) -> Response:
    """Take an application back. It is shown as leaving until nothing of it is left."""
    match = digest_of(if_match)
    return await at.settled(lambda: at.desk.remove(caller, federation, application, match))
