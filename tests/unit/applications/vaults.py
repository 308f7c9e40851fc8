"""A vault with two bundles and one registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from federation.errors import SpecInvalid
from federation.spec.application import Application
from providers.contracts import RegistryLogin

BUNDLES = {
    "database": {"password": "s3cret", "user": "app", "unused": "never"},
    "site": {"tls.crt": "certificate", "tls.key": "key"},
    "broken": {"tls.crt": "certificate"},
}


class FakeVault:
    """Gives secrets and logins; nothing else is asked of it here."""

    def secret(self, name: str) -> Mapping[str, str]:
        """A bundle of the table above."""
        if name not in BUNDLES:
            raise SpecInvalid(f"no secret {name}")
        return BUNDLES[name]

    def registry(self, name: str) -> RegistryLogin:
        """Always the same login."""
        return RegistryLogin("registry.example", "robot", "p4ss")

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"applications ask the vault for {name}")


SHOP = {
    "name": "shop",
    "owner": "tno",
    "registrySecret": "hub",
    "components": [
        {
            "name": "web",
            "image": "example/web:2",
            "replicas": 2,
            "command": ["/bin/web"],
            "args": ["--verbose"],
            "env": {"MODE": "fast", "EMPTY": ""},
            "secretEnv": {"PASSWORD": {"secret": "database", "key": "password"}},
            "ports": [
                {
                    "port": 80,
                    "targetPort": 8080,
                    "expose": "public",
                    "host": "shop.example",
                    "path": "/",
                    "tls": "site",
                },
                {"port": 81, "targetPort": 8080, "expose": "public", "host": "shop.example", "path": "/old"},
                {"port": 9000, "expose": "public", "protocol": "UDP"},
            ],
            "resources": {"cpu": "500m", "memory": "256Mi"},
            "placement": {"cluster": "a"},
        },
        {
            "name": "db",
            "image": "example/db:1",
            "ports": [{"port": 5432, "expose": "peered"}],
            "secretEnv": {"USER": {"secret": "database", "key": "user"}},
            "placement": {"cluster": "b"},
        },
        {
            "name": "cache",
            "image": "example/cache:1",
            "ports": [{"port": 6379}],
            "placement": {"cluster": "a"},
        },
    ],
}


def shop() -> Application:
    """An application that uses every field."""
    return Application.model_validate(SHOP)
