"""Secrets of an application, as manifests: only the keys that its components name."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping

from clients.kubernetes.api import Object as Manifest
from federation.errors import SpecInvalid
from federation.spec.application import Application
from federation.spec.marks import labels
from providers.contracts import RegistryLogin, Vault

_TLS_KEYS = ("tls.crt", "tls.key")


def environment_secret(bundle: str) -> str:
    """Name of the Secret that environment variables come from."""
    return f"env-{bundle}"


def tls_secret(bundle: str) -> str:
    """Name of the Secret that holds a certificate."""
    return f"tls-{bundle}"


def pull_secret(login: str) -> str:
    """Name of the Secret that images are pulled with."""
    return f"registry-{login}"


def render_secrets(federation: str, application: Application, vault: Vault) -> Iterator[Manifest]:
    """Every Secret that the application needs.

    Raises:
        SpecInvalid: A bundle has no such key.
        NotReadyYet: A bundle is not there.
    """

    def secret(name: str, kind: str, values: Mapping[str, str]) -> Manifest:
        data = {key: base64.b64encode(value.encode()).decode() for key, value in sorted(values.items())}
        own = labels(federation, application=application.name)
        meta = {"name": name, "namespace": application.name, "labels": own}
        return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": kind, "data": data}

    for bundle, keys in sorted(_environment_keys(application).items()):
        yield secret(environment_secret(bundle), "Opaque", _picked(vault, bundle, sorted(keys)))
    for bundle in sorted({port.tls for each in application.components for port in each.ports if port.tls}):
        yield secret(tls_secret(bundle), "kubernetes.io/tls", _picked(vault, bundle, _TLS_KEYS))
    if application.registry_secret:
        login = vault.registry(application.registry_secret)
        values = {".dockerconfigjson": render_docker_config(login)}
        yield secret(pull_secret(application.registry_secret), "kubernetes.io/dockerconfigjson", values)


def render_docker_config(login: RegistryLogin) -> str:
    """Credentials of one registry, in the form that container runtimes read."""
    auth = base64.b64encode(f"{login.username}:{login.password}".encode()).decode()
    entry = {"username": login.username, "password": login.password, "auth": auth}
    return json.dumps({"auths": {login.server: entry}}, sort_keys=True)


def _environment_keys(application: Application) -> dict[str, set[str]]:
    keys: dict[str, set[str]] = {}
    for component in application.components:
        for reference in component.secret_env.values():
            keys.setdefault(reference.secret, set()).add(reference.key)
    return keys


def _picked(vault: Vault, bundle: str, keys: list[str] | tuple[str, ...]) -> dict[str, str]:
    values = vault.secret(bundle)
    missing = [key for key in keys if key not in values]
    if missing:
        raise SpecInvalid(f"the secret '{bundle}' has no key '{missing[0]}'; add it to the SecretBundle block")
    return {key: values[key] for key in keys}
