"""Which resources a cluster serves now: the built-in ones and those that definitions add."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.kubernetes.builtins import builtin_resources
from sandbox.kubernetes.resource import Resource


class Catalogue:
    """Resources of one cluster by group, version and plural."""

    def __init__(self) -> None:
        self._served: dict[tuple[str, str], dict[str, Resource]] = {}
        self._preferred: dict[str, Resource] = {}
        for resource in builtin_resources():
            self._served.setdefault((resource.group, resource.version), {})[resource.plural] = resource
            self._preferred[resource.key] = resource

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        """The resource of a path."""
        return self._served.get((group, version), {}).get(plural)

    def preferred(self, key: str) -> Resource | None:
        """The resource of a name such as ``pods`` or ``deployments.apps``, in the version that is stored."""
        return self._preferred.get(key)

    def resources(self) -> list[Resource]:
        """Everything that is served, in every version."""
        return [resource for group in self._served.values() for resource in group.values()]

    def group_versions(self) -> list[tuple[str, str]]:
        """Served group versions; the preferred version of a group comes first."""
        return [key for key, resources in self._served.items() if resources]

    def serves(self, path: str) -> bool:
        """Whether a path is below a group that is served."""
        match path.strip("/").split("/"):
            case ["api", *_]:
                return True
            case ["apis", group, *_]:
                return any(group == served for served, _ in self.group_versions())
            case _:
                return False

    def of(self, group: str, version: str) -> list[Resource]:
        """Resources of one group version."""
        return list(self._served.get((group, version), {}).values())

    def serve(self, key: str, versions: Iterable[Resource], stored: str) -> None:
        """Serve a custom resource in these versions, and in no others."""
        self.withdraw(key)
        for resource in versions:
            self._served.setdefault((resource.group, resource.version), {})[resource.plural] = resource
            if resource.version == stored or key not in self._preferred:
                self._preferred[key] = resource

    def withdraw(self, key: str) -> None:
        """Serve a custom resource no more."""
        self._preferred.pop(key, None)
        for group, resources in list(self._served.items()):
            for plural, resource in list(resources.items()):
                if resource.key == key and resource.custom:
                    del resources[plural]
            if not resources:
                del self._served[group]
