"""Load balancers with their listeners, pools and members, as octavia keeps them.

Source: docs.openstack.org/api-ref/load-balancer/v2. What changes one of them locks the whole balancer for a
while: it is PENDING, and whoever asks for another change meanwhile is refused with 409.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sandbox.openstack.refusals import Refusal

Row = dict[str, Any]
KINDS = ("loadbalancers", "listeners", "pools", "healthmonitors")
_WORDS = {
    "loadbalancers": "Load Balancer",
    "listeners": "Listener",
    "pools": "Pool",
    "healthmonitors": "Health Monitor",
}


class BalancingState:
    """Rows by kind and id; members are kept in the rows of their pools."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[str, Row]] = {kind: {} for kind in KINDS}

    def find(self, kind: str, row_id: str) -> Row:
        """A row; raises 404 as octavia words it."""
        row = self.tables[kind].get(row_id)
        if row is None:
            raise Refusal(404, f"{_WORDS[kind]} {row_id} not found.")
        return row

    def insert(self, kind: str, body: Row, **fields: Any) -> Row:
        """Store a row with what the service itself adds."""
        row: Row = {
            "id": str(uuid.uuid4()),
            "name": "",
            "description": "",
            "tags": [],
            "admin_state_up": True,
            "created_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
            "provisioning_status": "PENDING_CREATE",
            "operating_status": "OFFLINE",
            **{name: value for name, value in body.items() if value is not None},
            **fields,
        }
        self.tables[kind][row["id"]] = row
        return row

    def parts(self, balancer_id: str) -> Iterator[tuple[str, Row]]:
        """Everything of one balancer, itself last."""
        for kind in ("healthmonitors", "pools", "listeners"):
            for row in list(self.tables[kind].values()):
                if row["balancer_id"] == balancer_id:
                    yield kind, row
        yield "loadbalancers", self.tables["loadbalancers"][balancer_id]

    def lock(self, balancer_id: str, status: str) -> Row:
        """Begin a change; raises 409 while another is under way."""
        row = self.find("loadbalancers", balancer_id)
        if not row["provisioning_status"].startswith(("ACTIVE", "ERROR")):
            text = f"Load Balancer {balancer_id} is immutable and cannot be updated."
            raise Refusal(409, text)
        row["provisioning_status"] = status
        return row

    def settle(self, balancer_id: str) -> None:
        """A change is done: everything of the balancer is active, or gone when it was to be."""
        if balancer_id not in self.tables["loadbalancers"]:
            return
        gone = self.tables["loadbalancers"][balancer_id]["provisioning_status"] == "PENDING_DELETE"
        for kind, row in list(self.parts(balancer_id)):
            if gone:
                del self.tables[kind][row["id"]]
            else:
                row.update(provisioning_status="ACTIVE", operating_status="ONLINE")

    def members(self, balancer_id: str, port: int) -> set[str]:
        """Private addresses that a port of a balancer leads to."""
        pools = {
            row["default_pool_id"]
            for kind, row in self.parts(balancer_id)
            if kind == "listeners" and row["protocol_port"] == port
        }
        found = (row for row in self.tables["pools"].values() if row["id"] in pools)
        return {member["address"] for row in found for member in row["members"] if member["protocol_port"] == port}

    def snapshot(self) -> Row:
        """Everything, ready for JSON."""
        return {"tables": self.tables}

    def restore(self, data: Row) -> None:
        """Take up what ``snapshot`` gave."""
        self.tables = data["tables"]
