"""Secrets of an application, as manifests: only the keys that its components name."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping

from clients.kubernetes.api import Object as Manifest
from federation.spec.application import Application, Component
from federation.spec.marks import labels
from providers.contracts import RegistryLogin, Vault
from providers.secrets import pick

_TLS_KEYS = ("tls.crt", "tls.key")


def bundle_secret(bundle: str) -> str:
    """Name of the Secret that environment variables and files come from."""
    return f"env-{bundle}"


def tls_secret(bundle: str) -> str:
    """Name of the Secret that holds a certificate."""
    return f"tls-{bundle}"


def pull_secret(login: str) -> str:
    """Name of the Secret that images are pulled with."""
    return f"registry-{login}"


def secret_names(application: Application, component: Component) -> tuple[str, ...]:
    """Names of all Secrets that a component needs."""
    bundles = {bundle_secret(reference.secret) for reference in component.secrets}
    certificates = {tls_secret(port.tls) for port in component.ports if port.tls}
    logins = {pull_secret(application.registry_secret)} if application.registry_secret else set()
    return tuple(sorted(bundles | certificates | logins))


def render_secrets(federation: str, application: Application, component: Component, vault: Vault) -> Iterator[Manifest]:
    """Every Secret that a component needs, with the keys that any component of its application names.

    Raises:
        SpecInvalid: A bundle has no such key.
        NotReadyYet, TerminalError: A bundle is not there.
    """

    def secret(name: str, kind: str, values: Mapping[str, str]) -> Manifest:
        data = {key: base64.b64encode(value.encode()).decode() for key, value in sorted(values.items())}
        own = labels(federation, application=application.name)
        meta = {"name": name, "namespace": application.name, "labels": own}
        return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": kind, "data": data}

    for bundle, keys in sorted(_keys((component,)).items()):
        values = pick(vault, bundle, sorted(keys))
        others = _keys(application.components)[bundle] - keys
        values |= {key: value for key, value in vault.secret(bundle).items() if key in others}
        yield secret(bundle_secret(bundle), "Opaque", values)
    for bundle in sorted({port.tls for port in component.ports if port.tls}):
        yield secret(tls_secret(bundle), "kubernetes.io/tls", pick(vault, bundle, _TLS_KEYS))
    if application.registry_secret:
        login = vault.registry(application.registry_secret)
        values = {".dockerconfigjson": render_docker_config(login)}
        yield secret(pull_secret(application.registry_secret), "kubernetes.io/dockerconfigjson", values)


def render_docker_config(login: RegistryLogin) -> str:
    """Credentials of one registry, in the form that container runtimes read."""
    auth = base64.b64encode(f"{login.username}:{login.password}".encode()).decode()
    entry = {"username": login.username, "password": login.password, "auth": auth}
    return json.dumps({"auths": {login.server: entry}}, sort_keys=True)


def _keys(components: Iterable[Component]) -> dict[str, set[str]]:
    keys: dict[str, set[str]] = {}
    for component in components:
        for reference in component.secrets:
            keys.setdefault(reference.secret, set()).add(reference.key)
    return keys
