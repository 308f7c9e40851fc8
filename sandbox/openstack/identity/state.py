"""Who may use the cloud: one project, one user, application credentials, tokens."""

from __future__ import annotations

import hashlib
import secrets
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.openstack.refusals import NEEDS_TOKEN, Refusal

Row = dict[str, Any]
DOMAIN = {"id": "default", "name": "Default"}
ROLES = [
    {"id": hashlib.md5(name.encode(), usedforsecurity=False).hexdigest(), "name": name}
    for name in ("member", "reader", "load-balancer_member")
]
PROJECT_NAME = USER_NAME = "lab"
REGION = "RegionOne"


class IdentityState:
    """Project ``lab`` with user ``lab``; tokens live ``token_ttl_s`` seconds.

    Passwords and tokens are kept in plain text: this is a toy on loopback, and it has to print its credentials.
    """

    def __init__(self) -> None:
        self.project_id = uuid.uuid4().hex
        self.user_id = uuid.uuid4().hex
        self.password = secrets.token_urlsafe(16)
        self.token_ttl_s = 3600.0
        self.password_expires_at: str | None = None
        self.application_credentials: dict[str, Row] = {}
        self.tokens: dict[str, Row] = {}
        self.add_application_credential("sandbox")

    def set_end(self, end: str | None) -> None:
        """From now on the password and every application credential end at this time, ISO 8601 in UTC; None: never."""
        self.password_expires_at = end
        for row in self.application_credentials.values():
            row["expires_at"] = end

    def add_application_credential(
        self, name: str, secret: str = "", description: str = "", expires_at: str | None = None
    ) -> Row:
        """Make an application credential; the secret is told only here and by the control API."""
        row: Row = {
            "id": uuid.uuid4().hex,
            "name": name,
            "secret": secret or secrets.token_urlsafe(32),
            "description": description,
            "project_id": self.project_id,
            "user_id": self.user_id,
            "system": None,
            "roles": ROLES,
            "expires_at": expires_at,
            "unrestricted": None,
        }
        self.application_credentials[row["id"]] = row
        return row

    def authenticate(self, auth: Row) -> Row:
        """Check an ``auth`` request and return the methods it used, with the application credential if there is one.

        Raises:
            Refusal: 401 as keystone words any mismatch, 404 for an unknown application credential, 400 for a body
                without identity.
        """
        identity = auth.get("identity") if isinstance(auth, dict) else None
        if not isinstance(identity, dict) or not identity.get("methods"):
            raise Refusal(400, "'identity' is a required property\n\nFailed validating 'required' in schema")
        for method in identity["methods"]:
            check = getattr(self, f"_by_{method}", None)
            if check is None or not check(identity.get(method) or {}):
                raise Refusal(401, NEEDS_TOKEN)
        project = (auth.get("scope") or {}).get("project") if isinstance(auth.get("scope"), dict) else None
        if project and self.project_id != project.get("id") and project.get("name") != PROJECT_NAME:
            raise Refusal(401, NEEDS_TOKEN)
        used = self._credential(identity.get("application_credential") or {})
        return {"methods": identity["methods"], "credential": used}

    def _by_password(self, data: Row) -> bool:
        user = data.get("user") or {}
        known = user.get("id") == self.user_id or user.get("name") == USER_NAME
        return known and user.get("password") == self.password

    def _by_token(self, data: Row) -> bool:
        return self._alive(str(data.get("id", "")))

    def _by_application_credential(self, data: Row) -> bool:
        row = self._credential(data)
        if row is None and data.get("id"):
            raise Refusal(404, f"Could not find Application Credential: {data['id']}.")
        return row is not None and row["secret"] == data.get("secret")

    def _credential(self, data: Row) -> Row | None:
        by_name = (row for row in self.application_credentials.values() if row["name"] == data.get("name"))
        return self.application_credentials.get(str(data.get("id"))) or next(by_name, None)

    def issue(self, methods: list[str], credential: Row | None = None) -> tuple[str, Row]:
        """A new token with the record that keystone shows of it, but for the catalogue."""
        token = "gAAAAA" + secrets.token_urlsafe(120)
        issued = datetime.now(UTC)
        expires = issued + timedelta(seconds=self.token_ttl_s)
        record: Row = {
            "methods": methods,
            "user": {
                "id": self.user_id,
                "name": USER_NAME,
                "domain": DOMAIN,
                "password_expires_at": self.password_expires_at,
            },
            "project": {"id": self.project_id, "name": PROJECT_NAME, "domain": DOMAIN},
            "is_domain": False,
            "roles": ROLES,
            "audit_ids": [secrets.token_urlsafe(16)],
            "issued_at": issued.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "expires_at": expires.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }
        if credential is not None:
            named = {"id": credential["id"], "name": credential["name"]}
            record["application_credential"] = named | {"restricted": not credential["unrestricted"]}
        self._forget_expired()
        self.tokens[token] = {"expires_unix_s": expires.timestamp(), "record": record}
        return token, record

    def _forget_expired(self) -> None:
        now = time.time()
        self.tokens = {token: row for token, row in self.tokens.items() if row["expires_unix_s"] > now}

    def _alive(self, token: str) -> bool:
        row = self.tokens.get(token)
        return row is not None and bool(row["expires_unix_s"] > time.time())

    def check_token(self, token: str) -> Row:
        """The record of a living token.

        Raises:
            Refusal: 401 when it is missing, unknown or expired.
        """
        if not self._alive(token):
            raise Refusal(401, NEEDS_TOKEN)
        record: Row = self.tokens[token]["record"]
        return record

    def expire_all(self) -> None:
        """End every token at once."""
        self.tokens.clear()

    def snapshot(self) -> Row:
        """Everything, ready for JSON."""
        return dict(vars(self))

    def restore(self, data: Row) -> None:
        """Take up what ``snapshot`` gave."""
        vars(self).update(data)
