"""Who gets in, and what they may do."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.contract.kubernetes.backends import ApiServer
from tests.contract.kubernetes.objects import Object, config_map
from tests.contract.kubernetes.waiting import eventually

RBAC = "/apis/rbac.authorization.k8s.io/v1"


@pytest.fixture
def bob(api_server: ApiServer) -> Iterator[httpx.Client]:
    """A user without any binding of his own."""
    with api_server.client_for(api_server.user_kubeconfig("bob", ["developers"])) as client:
        yield client


def grant(http: httpx.Client, namespace: str, subject: Object, rule: Object) -> None:
    role = {"metadata": {"name": "granted"}, "rules": [rule]}
    assert http.post(f"{RBAC}/namespaces/{namespace}/roles", json=role).status_code == 201
    binding = {
        "metadata": {"name": "granted"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "granted"},
        "subjects": [subject],
    }
    assert http.post(f"{RBAC}/namespaces/{namespace}/rolebindings", json=binding).status_code == 201


def test_without_credentials_one_is_anonymous(api_server: ApiServer) -> None:
    """Objects are for known users; who says nothing is known as nobody in particular."""
    with api_server.anonymous() as client:
        answer = client.get("/api/v1/namespaces")
    assert answer.status_code == 403
    assert answer.json()["message"] == (
        'namespaces is forbidden: User "system:anonymous" cannot list resource "namespaces" in API group "" at the '
        "cluster scope"
    )


@pytest.mark.parametrize("token", ["nonsense", "abcdef.0123456789abcdef", "a.b.c"])
def test_bad_tokens_are_401(api_server: ApiServer, token: str) -> None:
    """Every form of token is checked."""
    with api_server.anonymous() as client:
        answer = client.get("/api/v1/namespaces", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 401


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz", "/version"])
def test_health_is_open(api_server: ApiServer, path: str) -> None:
    """Probes need no credentials."""
    with api_server.anonymous() as client:
        assert client.get(path).status_code == 200


def test_forbidden_names_user_verb_and_place(bob: httpx.Client) -> None:
    """403 in the real words."""
    told = bob.get("/api/v1/namespaces/default/pods").json()
    assert (told["code"], told["reason"]) == (403, "Forbidden")
    assert told["message"] == (
        'pods is forbidden: User "bob" cannot list resource "pods" in API group "" in the namespace "default"'
    )
    told = bob.get("/api/v1/namespaces/default/pods/a").json()
    assert told["message"] == (
        'pods "a" is forbidden: User "bob" cannot get resource "pods" in API group "" in the namespace "default"'
    )
    told = bob.get("/apis/apps/v1/deployments").json()
    assert told["message"].endswith(
        'User "bob" cannot list resource "deployments" in API group "apps" at the cluster scope'
    )
    told = bob.get("/metrics").json()
    assert told["message"] == 'forbidden: User "bob" cannot get path "/metrics"'


def test_role_lets_its_subjects_in(http: httpx.Client, bob: httpx.Client, namespace: str) -> None:
    """A binding to the group allows exactly its verbs and resources, in its namespace."""
    rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"]}
    grant(http, namespace, {"kind": "Group", "name": "developers"}, rule)
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    assert bob.get(path).status_code == 200
    assert bob.post(path, json=config_map("a")).status_code == 403
    assert bob.get(path, params={"watch": "1"}).status_code == 403
    assert bob.get("/api/v1/namespaces/default/configmaps").status_code == 403


def test_resource_names_narrow_a_rule(http: httpx.Client, bob: httpx.Client, namespace: str) -> None:
    """Only the named objects."""
    rule = {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["mine"], "verbs": ["get"]}
    grant(http, namespace, {"kind": "User", "name": "bob"}, rule)
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    http.post(path, json=config_map("mine"))
    http.post(path, json=config_map("other"))
    assert (bob.get(f"{path}/mine").status_code, bob.get(f"{path}/other").status_code) == (200, 403)


def test_discovery_is_for_everyone_known(bob: httpx.Client) -> None:
    """Authenticated users may discover."""
    assert [bob.get(path).status_code for path in ("/api", "/apis", "/apis/apps/v1", "/openapi/v3")] == [200] * 4


def test_who_am_i(bob: httpx.Client) -> None:
    """SelfSubjectReview tells user and groups."""
    told = bob.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", json={}).json()
    info = told["status"]["userInfo"]
    assert (info["username"], set(info["groups"])) == ("bob", {"developers", "system:authenticated"})


def test_may_i(http: httpx.Client, bob: httpx.Client, namespace: str) -> None:
    """SelfSubjectAccessReview answers without doing."""
    grant(http, namespace, {"kind": "User", "name": "bob"}, {"apiGroups": ["apps"], "resources": ["*"], "verbs": ["*"]})

    def ask(group: str, resource: str) -> bool:
        spec = {"resourceAttributes": {"verb": "create", "group": group, "resource": resource, "namespace": namespace}}
        review = bob.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", json={"spec": spec})
        assert review.status_code == 201
        return bool(review.json()["status"]["allowed"])

    assert (ask("apps", "deployments"), ask("", "pods")) == (True, False)


def test_service_account_tokens(http: httpx.Client, api_server: ApiServer, namespace: str) -> None:
    """A requested token is a user of its own; it dies with the account."""
    accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    http.post(accounts, json={"metadata": {"name": "robot"}})
    answer = http.post(f"{accounts}/robot/token", json={"spec": {"expirationSeconds": 600}})
    assert answer.status_code == 201
    token = answer.json()["status"]["token"]
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}
    grant(http, namespace, {"kind": "ServiceAccount", "name": "robot", "namespace": namespace}, rule)
    headers = {"authorization": f"Bearer {token}"}
    with api_server.anonymous() as client:
        assert client.get(f"/api/v1/namespaces/{namespace}/pods", headers=headers).status_code == 200
        refused = client.get(accounts, headers=headers).json()
        assert f'User "system:serviceaccount:{namespace}:robot" cannot list' in refused["message"]
        review = http.post("/apis/authentication.k8s.io/v1/tokenreviews", json={"spec": {"token": token}}).json()
        assert review["status"]["user"]["username"] == f"system:serviceaccount:{namespace}:robot"
        http.delete(f"{accounts}/robot")
        eventually(lambda: client.get(f"/api/v1/namespaces/{namespace}/pods", headers=headers).status_code == 401)


def test_bootstrap_token_is_a_bootstrapper(http: httpx.Client, api_server: ApiServer) -> None:
    """The token of a joining node is known, and dead once its Secret is gone."""
    data = {
        "token-id": "abc123",
        "token-secret": "0123456789abcdef",
        "usage-bootstrap-authentication": "true",
        "auth-extra-groups": "system:bootstrappers:kubeadm:default-node-token",
    }
    secrets = "/api/v1/namespaces/kube-system/secrets"
    body = {"metadata": {"name": "bootstrap-token-abc123"}, "type": "bootstrap.kubernetes.io/token", "stringData": data}
    assert http.post(secrets, json=body).status_code == 201
    headers = {"authorization": "Bearer abc123.0123456789abcdef"}
    reviews = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    with api_server.anonymous() as client:
        eventually(lambda: client.post(reviews, json={}, headers=headers).status_code == 201)
        info = client.post(reviews, json={}, headers=headers).json()["status"]["userInfo"]
        assert info["username"] == "system:bootstrap:abc123"
        assert "system:bootstrappers:kubeadm:default-node-token" in info["groups"]
        http.delete(f"{secrets}/bootstrap-token-abc123")
        eventually(lambda: client.get("/api", headers=headers).status_code == 401)


def signing_request() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "someone")])
    made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return base64.b64encode(made.public_bytes(serialization.Encoding.PEM)).decode()


def test_certificate_request_is_approved(http: httpx.Client) -> None:
    """The requester is recorded; approval goes through its own door."""
    path = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
    spec = {
        "request": signing_request(),
        "signerName": "kubernetes.io/kube-apiserver-client",
        "usages": ["client auth"],
    }
    made = http.post(path, json={"metadata": {"name": "r"}, "spec": spec}).json()
    assert made["spec"]["username"] == "kubernetes-admin"
    made["status"] = {"conditions": [{"type": "Approved", "status": "True", "reason": "ByTest"}]}
    answer = http.put(f"{path}/r/approval", json=made)
    assert answer.json()["status"]["conditions"][0]["reason"] == "ByTest"
    assert answer.json()["status"]["conditions"][0]["lastUpdateTime"]
