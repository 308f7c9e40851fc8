"""One emulated cluster: its objects, its authority, and the listeners on which its API is served."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.kubernetes.access.authority import Authority, key_pem, load_key
from sandbox.kubernetes.access.identity import MASTERS
from sandbox.kubernetes.access.rbac import Rbac
from sandbox.kubernetes.access.seeds import seeds
from sandbox.kubernetes.access.tokens import Tokens, new_bootstrap_token
from sandbox.kubernetes.api import Api, Object
from sandbox.kubernetes.engine import Engine
from sandbox.kubernetes.gate import Gate
from sandbox.kubernetes.kubeconfig import encoded, kubeconfig
from sandbox.kubernetes.local import LocalApi
from sandbox.kubernetes.wire.application import Application, PodLog
from sandbox.kubernetes.wire.listener import Listener
from sandbox.kubernetes.write.metadata import stamp, utc_now

_BOOTSTRAP_LIFE = timedelta(hours=24)
_ALWAYS_COVERED = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")


class Cluster:
    """A cluster that lives as long as this object, whether it is served or not.

    Args:
        name: For people and kubeconfigs.
        uid: Unique in the world; also the uid of ``kube-system``.
        service_cidr: Network of the cluster addresses of Services.
        pod_cidr: Network of pods; kept for controllers.
        version: As ``/version`` reports it, for example ``v1.36.4``.
        gate: Asked before every HTTP request.
    """

    def __init__(
        self, name: str, uid: str, service_cidr: str, pod_cidr: str, version: str, gate: Gate | None = None
    ) -> None:
        self.name = name
        self.uid = uid
        self.service_cidr = service_cidr
        self.pod_cidr = pod_cidr
        self.version = version
        self.controllers: list[Any] = []
        self.engine = Engine(service_cidr)
        self.api: Api = LocalApi(self.engine)
        self.ca = Authority("kubernetes")
        self.tokens = Tokens(self.engine.store, ec.generate_private_key(ec.SECP256R1()), utc_now)
        self._gate = gate
        self._pod_log: PodLog | None = None
        self._listeners: dict[str, Listener] = {}
        self.application = Application(self)
        self.api.admit("secrets", self._fill_account_secret)
        self._seed()

    @property
    def gate(self) -> Gate | None:
        """Asked before every HTTP request."""
        return self._gate

    @property
    def pod_log(self) -> PodLog | None:
        """Gives the text of ``pods/log`` from pod and container name."""
        return self._pod_log

    @pod_log.setter
    def pod_log(self, hook: PodLog | None) -> None:
        self._pod_log = hook

    def ca_pem(self) -> str:
        """The certificate of the cluster's authority."""
        return self.ca.pem()

    def ca_hash(self) -> str:
        """``sha256:`` and digest, as ``kubeadm join --discovery-token-ca-cert-hash`` takes it."""
        return self.ca.hash()

    def sign_client(self, csr_pem: str, user: str, groups: list[str]) -> str:
        """Issue a client certificate (PEM) for the public key in a request; the user becomes the common name."""
        return self.ca.sign_client(csr_pem, user, groups)

    def rbac(self) -> Rbac:
        """The roles and bindings of the cluster."""
        return self.engine.rbac

    async def start(self, host: str, port: int, extra_sans: Sequence[str] = ()) -> None:
        """Serve the API over TLS at one more address, or again at an address that was stopped.

        Raises:
            OSError: The address is taken.
        """
        await self.stop(host)
        names = (host, *extra_sans, *_ALWAYS_COVERED, self.engine.addresses.first())
        listener = Listener(self.application, self.ca, names)
        await listener.start(host, port)
        self._listeners[host] = listener

    async def stop(self, host: str | None = None) -> None:
        """Stop serving at one address, or at all of them; open connections are cut."""
        hosts = list(self._listeners) if host is None else [host]
        for name in hosts:
            listener = self._listeners.pop(name, None)
            if listener is not None:
                await listener.stop()

    def port(self, host: str) -> int:
        """The port that is served at an address, useful when it was left to the system (port 0)."""
        return self._listeners[host].port

    def cut_watches(self, resource: str | None = None) -> int:
        """End watch streams as a lost connection does, of one resource or all; how many were cut."""
        return self.application.cut_watches(resource)

    def admin_kubeconfig(self, server_url: str) -> str:
        """A kubeconfig that may do everything."""
        return self.user_kubeconfig(server_url, "kubernetes-admin", [MASTERS])

    def user_kubeconfig(self, server_url: str, user: str, groups: Sequence[str] = ()) -> str:
        """A kubeconfig with a client certificate of a user."""
        certificate, key = self.ca.client(user, groups)
        credentials = {"client-certificate-data": encoded(certificate), "client-key-data": encoded(key)}
        return kubeconfig(self.name, server_url, self.ca_pem(), user, credentials)

    def service_account_kubeconfig(self, server_url: str, namespace: str, account: str) -> str:
        """A kubeconfig with a token of a service account, which has to exist; the token does not expire."""
        found = self.api.get("serviceaccounts", account, namespace)
        if found is None:
            raise LookupError(f"no service account {namespace}/{account}")
        credentials = {"token": self.tokens.issue(found, None)}
        return kubeconfig(self.name, server_url, self.ca_pem(), account, credentials)

    def bootstrap_token(self) -> str:
        """A new bootstrap token that is valid for a day, kept in the cluster as kubeadm does."""
        token = new_bootstrap_token()
        identifier, _, secret = token.partition(".")
        data = {
            "token-id": identifier,
            "token-secret": secret,
            "expiration": stamp(utc_now() + _BOOTSTRAP_LIFE),
            "usage-bootstrap-authentication": "true",
            "usage-bootstrap-signing": "true",
            "auth-extra-groups": "system:bootstrappers:kubeadm:default-node-token",
        }
        metadata = {"name": f"bootstrap-token-{identifier}", "namespace": "kube-system"}
        secret_object = {"metadata": metadata, "type": "bootstrap.kubernetes.io/token", "stringData": data}
        self.api.create("secrets", secret_object)
        return token

    def snapshot(self) -> Object:
        """Objects, keys and counters, ready for JSON."""
        return {
            "ca_key": key_pem(self.ca.key),
            "ca": self.ca.pem(),
            "account_key": key_pem(self.tokens.key),
            "store": self.engine.store.snapshot(),
        }

    def restore(self, data: Object) -> None:
        """Take up what ``snapshot`` gave; to be called before the cluster is served."""
        self.ca = Authority("kubernetes", data["ca_key"], data["ca"])
        self.tokens.key = load_key(data["account_key"])
        self.engine.store.restore(data["store"])
        self.engine.custom.reload()

    def _fill_account_secret(self, secret: Object) -> None:
        """Give a token Secret the token of the account that it names; source: "Managing Service Accounts"."""
        metadata = secret["metadata"]
        account = (metadata.get("annotations") or {}).get("kubernetes.io/service-account.name", "")
        found = self.api.get("serviceaccounts", account, metadata["namespace"])
        if secret.get("type") != "kubernetes.io/service-account-token" or found is None:
            return
        values = {"token": self.tokens.issue(found, None), "ca.crt": self.ca_pem(), "namespace": metadata["namespace"]}
        secret["data"] = {name: encoded(value) for name, value in values.items()}
        metadata["annotations"]["kubernetes.io/service-account.uid"] = found["metadata"]["uid"]

    def _seed(self) -> None:
        for resource, namespace, seed in seeds(self.ca_pem(), self.engine.addresses.first()):
            metadata = {**seed["metadata"], **({"namespace": namespace} if namespace else {})}
            self.api.create(resource, {**seed, "metadata": metadata})
        home = self.engine.store.get("namespaces", ("", "kube-system"))
        if home is not None:
            home["metadata"]["uid"] = self.uid
            self.engine.store.put("namespaces", home)
