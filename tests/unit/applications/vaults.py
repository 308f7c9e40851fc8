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
        {
            "name": "store",
            "image": "example/store:1",
            "replicas": 3,
            "probes": {
                "startup": {"grpc": {"port": 9000, "service": "store"}, "period": "1.5s"},
                "readiness": {"http": {"path": "/ready", "port": 8080}, "initialDelay": "3s", "failureThreshold": 2},
                "liveness": {"exec": ["/bin/alive"], "timeout": "5s"},
            },
            "files": [
                {"path": "/etc/store/store.conf", "text": "listen = 9000\n"},
                {"path": "/etc/store/key.pem", "secret": {"secret": "site", "key": "tls.key"}, "mode": "0400"},
            ],
            "volumes": [
                {"name": "data", "path": "/var/lib/store", "size": "5Gi", "storageClass": "fast", "retain": True},
                {"name": "tmp", "path": "/tmp/store", "type": "ephemeral", "medium": "memory", "size": "64Mi"},
            ],
            "resources": {"requests": {"cpu": "100m"}, "limits": {"cpu": "1", "memory": "512Mi"}},
            "serviceAccount": {"annotations": {"example.org/role": "reader"}, "automount": True},
            "hostAliases": {"db.example": "192.0.2.7", "log.example": "192.0.2.7"},
            "placement": {"cluster": "a"},
        },
        {
            "name": "gallery",
            "image": "example/gallery:1",
            "ports": [{"port": 80, "expose": "public", "host": "gallery.example", "issuer": "letsencrypt"}],
            "probes": {"readiness": {"tcp": {"port": 80}}},
            "volumes": [{"name": "pictures", "path": "/srv", "size": "1Gi", "accessMode": "ReadWriteMany"}],
            "update": {"maxSurge": 1, "maxUnavailable": "50%", "progressDeadline": "90s"},
            "serviceAccount": {"name": "somebody"},
            "placement": {"cluster": "a"},
        },
        {
            "name": "migrate",
            "kind": "job",
            "image": "example/migrate:1",
            "job": {"backoffLimit": 2, "deadline": "5m"},
            "volumes": [{"name": "dump", "path": "/dump", "size": "1Gi"}],
            "placement": {"cluster": "a"},
        },
    ],
}


def shop() -> Application:
    """An application that uses every field."""
    return Application.model_validate(SHOP)
