"""What the network service knows: tables of objects, quotas, and the checks every write passes."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sandbox.openstack.network.kinds import KINDS, QUOTAS, REQUIRED, Kind
from sandbox.openstack.refusals import Refusal

Row = dict[str, Any]
PROVIDER = "0" * 31 + "1"
LONGEST_TEXT = 255


def now() -> str:
    """The time as neutron writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class NetworkState:
    """All objects by resource and id.

    Args:
        project: The one tenant; what belongs to ``PROVIDER`` is the cloud's own.
        public_cidr: Addresses of the external network.
    """

    def __init__(self, project: str, public_cidr: str) -> None:
        self.project = project
        self.public_cidr = public_cidr
        self.tables: dict[str, dict[str, Row]] = {plural: {} for plural in KINDS}
        self.quotas = dict(QUOTAS)

    def rows(self, plural: str, **equal: Any) -> list[Row]:
        """Objects of a resource whose fields equal all these values."""
        return [row for row in self.tables[plural].values() if all(row.get(k) == v for k, v in equal.items())]

    def visible(self, plural: str) -> list[Row]:
        """Objects that the tenant may see: its own, shared ones and external networks."""
        return [row for row in self.tables[plural].values() if self._sees(row)]

    def _sees(self, row: Row) -> bool:
        return row["project_id"] == self.project or bool(row.get("shared") or row.get("router:external"))

    def find(self, kind: Kind, object_id: str, *, own: bool = False, verb: str = "update") -> Row:
        """The object of this id.

        Args:
            own: Refuse what the tenant may see but not change; ``verb`` is what the refusal calls it.

        Raises:
            Refusal: 404 when it does not exist or may not be seen; 403 when it may not be changed.
        """
        row = self.tables[kind.plural].get(object_id)
        if row is None or not self._sees(row):
            raise Refusal(404, kind.missing[1].format(id=object_id), kind.missing[0])
        if own and row["project_id"] != self.project:
            text = f"rule:{verb}_{kind.singular} is disallowed by policy"
            raise Refusal(403, text, "PolicyNotAuthorized")
        return row

    def check_fields(self, kind: Kind, body: Row) -> Row:
        """The fields of a new object with defaults filled in.

        Raises:
            Refusal: 400 for an unknown, forbidden or missing field, worded as neutron does.
        """
        given = {key: value for key, value in body.items() if key not in ("tenant_id", "project_id")}
        unknown = sorted(given.keys() - kind.create.keys())
        if unknown:
            known_later = [name for name in unknown if name in ("id", "status", "tags", "revision_number")]
            if known_later:
                raise Refusal(400, f"Attribute '{known_later[0]}' not allowed in POST")
            raise Refusal(400, f"Unrecognized attribute(s) '{', '.join(unknown)}'")
        for name, default in kind.create.items():
            if default is REQUIRED and given.get(name) is None:
                raise Refusal(400, f"Failed to parse request. Required attribute '{name}' not specified")
        _check_text(given)
        return {name: given.get(name, default) for name, default in kind.create.items()}

    def check_update(self, kind: Kind, body: Row) -> None:
        """Refuse an update of fields that cannot be changed."""
        for name in body:
            if name not in kind.update:
                known = name in kind.create or name in ("id", "status", "project_id", "tenant_id")
                text = f"Cannot update read-only attribute {name}" if known else f"Unrecognized attribute(s) '{name}'"
                raise Refusal(400, text)

    def check_quota(self, kind: Kind, more: int = 1) -> None:
        """Refuse one object too many with 409 OverQuota."""
        limit = self.quotas.get(kind.singular, -1)
        if 0 <= limit < len(self.rows(kind.plural, project_id=self.project)) + more:
            raise Refusal(409, f"Quota exceeded for resources: ['{kind.singular}'].", "OverQuota")

    def insert(self, kind: Kind, fields: Row, project: str | None = None) -> Row:
        """Store a new object with id, times, revision and tags."""
        owner = self.project if project is None else project
        stamp = now()
        row: Row = {"id": str(uuid.uuid4()), "project_id": owner, "tenant_id": owner, **fields}
        row |= {"created_at": stamp, "updated_at": stamp, "revision_number": 1, "tags": []}
        self.tables[kind.plural][row["id"]] = row
        return row

    def touch(self, row: Row, changes: Row) -> None:
        """Change an object's fields; revision and time move with them."""
        row.update(changes)
        row["revision_number"] += 1
        row["updated_at"] = now()

    def delete(self, kind: Kind, object_ids: Iterable[str]) -> None:
        """Forget objects, without any check."""
        for object_id in list(object_ids):
            self.tables[kind.plural].pop(object_id, None)

    def snapshot(self) -> Row:
        """Everything, ready for JSON."""
        return {"tables": self.tables, "quotas": self.quotas}

    def restore(self, data: Row) -> None:
        """Take up what ``snapshot`` gave."""
        self.tables = {plural: dict(data["tables"].get(plural, {})) for plural in KINDS}
        self.quotas = dict(data["quotas"])


def _check_text(given: Row) -> None:
    for name in ("name", "description"):
        value = given.get(name, "")
        if not isinstance(value, str):
            raise Refusal(400, f"Invalid input for {name}. Reason: '{value}' is not a valid string.")
        if len(value) > LONGEST_TEXT:
            raise Refusal(400, f"Invalid input for {name}. Reason: '{value}' exceeds maximum length of {LONGEST_TEXT}.")
