"""Keystone: who gets in, and what is said to those who do not."""

from __future__ import annotations

from typing import Any

from tests.contract.openstack.observing import Observer
from tests.contract.openstack.scenarios.making import NOWHERE

_GUARDED = (("compute", "servers/detail"), ("network", "networks"), ("image", "images"))


def doors(o: Observer) -> None:
    """A password opens the project; a wrong one, another project or nothing at all does not."""
    tokens = "auth/tokens"
    login = o.cloud.password()
    o.post("identity", tokens, login, token="", only=_record)
    o.post("identity", tokens, o.cloud.password(password="wrong"), token="")
    o.post("identity", tokens, o.cloud.password(username="nobody-of-that-name"), token="")
    o.post("identity", tokens, o.cloud.password(project_name="no-such-project"), token="")
    o.post("identity", tokens, {"auth": {}}, token="")
    o.post("identity", tokens, {}, token="")
    application = {"id": NOWHERE.replace("-", ""), "secret": "x"}
    identity = {"methods": ["application_credential"], "application_credential": application}
    o.post("identity", tokens, {"auth": {"identity": identity}}, token="")


def tokens(o: Observer) -> None:
    """A token says whose it is until it is revoked; then no service takes it that has not seen it before."""
    token = o.cloud.login(o.cloud.password()).headers["x-subject-token"]
    subject = {"X-Subject-Token": token}
    o.get("identity", "auth/tokens", headers=subject, only=_record)
    o.delete("identity", "auth/tokens", headers=subject)
    o.get("identity", "auth/tokens", headers=subject)
    for service, path in _GUARDED:
        o.get(service, path, token=token)
    for service, path in _GUARDED:
        o.get(service, path, token="")
    for service, path in _GUARDED:
        o.get(service, path, token="gAAAAAno-token")
    o.get("identity", "auth/projects", token="")


def credentials(o: Observer) -> None:
    """An application credential opens the project until it is deleted."""
    path = f"users/{o.cloud.user}/application_credentials"
    wanted = {"name": f"{o.name}-app", "description": "of a test"}
    made = o.post("identity", path, {"application_credential": wanted}, only=_credential)["application_credential"]
    o.post("identity", path, {"application_credential": wanted})
    secret = {"id": made["id"], "secret": made["secret"]}
    identity = {"methods": ["application_credential"], "application_credential": secret}
    o.post("identity", "auth/tokens", {"auth": {"identity": identity}}, token="", only=_record)
    wrong = {**identity, "application_credential": {**secret, "secret": "wrong"}}
    o.post("identity", "auth/tokens", {"auth": {"identity": wrong}}, token="")
    o.get("identity", f"{path}/{made['id']}", only=_credential)
    o.delete("identity", f"{path}/{made['id']}")
    o.delete("identity", f"{path}/{made['id']}")
    o.post("identity", "auth/tokens", {"auth": {"identity": identity}}, token="")


def _record(told: Any) -> Any:
    """A token's record without the catalogue and the roles, which every cloud names as it likes."""
    token = told["token"]
    kinds = sorted({row["type"] for row in token.get("catalog", ())} & {"identity", "compute", "network", "image"})
    roles = sorted(role["name"] for role in token["roles"] if role["name"] in ("member", "reader"))
    return {**token, "catalog": kinds, "roles": roles}


def _credential(told: Any) -> Any:
    """Without the roles, of which a cloud tells more or less."""
    row = told["application_credential"]
    return {**row, "roles": sorted(role["name"] for role in row["roles"] if role["name"] in ("member", "reader"))}


SCENARIOS = (doors, tokens, credentials)
