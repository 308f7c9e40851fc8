"""From what came of a request to its answer: the run that is ordered for it is placed on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from starlette.responses import JSONResponse

from door.desk import Desk, Settled
from door.documents import ApplicationDetail, DoorModel, FederationDetail, Remark
from door.gallery import Gallery
from door.reading import Reader
from door.runs import Runs
from registry.receipts import Receipt
from registry.registry import Registry


@dataclass(frozen=True)
class Answering:
    """What every route works with."""

    registry: Registry
    desk: Desk
    gallery: Gallery
    reader: Reader
    runs: Runs

    async def settled(
        self, work: Callable[[], Settled], receipt: Receipt | None = None, remarks: tuple[Remark, ...] = ()
    ) -> JSONResponse:
        """Do what was asked, place the order that follows from it, and tell both."""
        done = await asyncio.to_thread(work)
        answer = done.answer
        if not done.replayed:
            run = await self.runs.place(done.order) if done.order is not None else answer.run
            answer = answer.model_copy(update={"run": run, "remarks": list(remarks)})
            if receipt is not None:
                final = replace(receipt, status=done.status, answer=answer.model_dump(mode="json"))
                await asyncio.to_thread(self.registry.receipts.complete, final)
        headers = {"Idempotency-Replayed": "true"} if done.replayed else {}
        return _json(answer, done.status, headers)

    @staticmethod
    def tagged(found: ApplicationDetail | FederationDetail) -> JSONResponse:
        """A thing with its ETag."""
        return _json(found, 200, {"ETag": f'"{found.digest}"'})


def _json(answer: DoorModel, status: int, headers: dict[str, str]) -> JSONResponse:
    return JSONResponse(answer.model_dump(mode="json", by_alias=True), status, headers)
