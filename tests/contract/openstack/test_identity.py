"""Who gets in, for how long, and what is said to those who do not."""

from __future__ import annotations

import httpx
import pytest
from openstack import exceptions

from tests.contract.sandbox.process import SandboxProcess


def test_a_password_opens_the_project(cloud):
    """Password authentication gives a token scoped to the project lab."""
    assert cloud.authorize().startswith("gAAAAA")
    assert cloud.current_project.name == "lab"


def test_an_application_credential_opens_the_project(sandbox):
    """An application credential does without user and password."""
    with sandbox.cloud("lab-app") as cloud:
        assert [network.name for network in cloud.network.networks(name="public")] == ["public"]


def test_the_catalogue_lists_four_services(sandbox, cloud):
    """Every service is found by its type."""
    ends = {kind: cloud.endpoint_for(kind) for kind in ("identity", "compute", "network", "image")}
    assert ends == {
        "identity": f"{sandbox.url}/identity",
        "compute": f"{sandbox.url}/compute/v2.1",
        "network": f"{sandbox.url}/network",
        "image": f"{sandbox.url}/image",
    }


def test_a_wrong_password_is_refused_with_401(sandbox):
    """The SDK reports a wrong password as an SDK exception that names HTTP 401."""
    config = sandbox.get("credentials")["clouds"]["lab"]
    config["auth"]["password"] = "wrong"
    body = {
        "auth": {
            "identity": {
                "methods": ["password"],
                "password": {"user": {"name": "lab", "domain": {"id": "default"}, "password": "wrong"}},
            }
        }
    }
    answer = httpx.post(f"{sandbox.url}/identity/v3/auth/tokens", json=body)
    assert answer.status_code == 401
    assert answer.json()["error"]["title"] == "Unauthorized"
    assert answer.json()["error"]["code"] == 401


@pytest.mark.parametrize("path", ["/compute/v2.1/servers", "/network/v2.0/networks", "/image/v2/images"])
def test_a_request_without_token_is_401(sandbox, path):
    """No service answers without a token, and each names keystone."""
    answer = httpx.get(sandbox.url + path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Keystone uri=")


def test_an_expired_token_is_renewed_by_the_sdk(sandbox, cloud):
    """When every token ends at once, the SDK authenticates again and goes on."""
    before = cloud.authorize()
    sandbox.post("tokens/expire")
    assert list(cloud.network.networks(name="public"))
    assert cloud.authorize() != before


def test_tokens_live_as_long_as_told(sandbox):
    """The life of tokens can be set, and their record says when they end."""
    sandbox.post("openstack", {"token_ttl_s": 7200})
    with sandbox.cloud() as cloud:
        token = cloud.authorize()
        headers = {"X-Auth-Token": token, "X-Subject-Token": token}
        record = httpx.get(f"{sandbox.url}/identity/v3/auth/tokens", headers=headers).json()["token"]
    assert record["expires_at"] > record["issued_at"]
    assert record["project"]["name"] == "lab"


def test_application_credentials_can_be_made_and_removed(cloud):
    """A user makes a credential for a program; its secret is told once."""
    user = cloud.current_user_id
    made = cloud.identity.create_application_credential(user, "for-flotilla")
    assert made.secret
    assert cloud.identity.get_application_credential(user, made.id).secret is None
    with pytest.raises(exceptions.ConflictException):
        cloud.identity.create_application_credential(user, "for-flotilla")
    cloud.identity.delete_application_credential(user, made.id)
    with pytest.raises(exceptions.NotFoundException):
        cloud.identity.get_application_credential(user, made.id)


def test_asking_for_a_token_does_not_count_as_a_change(sandbox: SandboxProcess):
    """The journal counts a token request as a read."""
    with sandbox.cloud() as cloud:
        sandbox.post("journal/reset")
        cloud.authorize()
        counted = sandbox.get("journal")["wires"]["openstack"]
    assert counted["mutating"] == 0
    assert counted["reads"] >= 1
