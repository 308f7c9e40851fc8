"""Applications of a LowLevelOrchestration as applications of a spec."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from federation.importing.lowlevel.options import LowLevelOptions
from federation.importing.lowlevel.resource import AppEntry, ComponentEntry, Exposed
from federation.importing.reading import Findings
from federation.spec.problems import FieldPath

Resolve = Callable[[str, FieldPath], str]
"""The cluster that a name means, which is written at a path."""


class ApplicationWriter:
    """Writes applications as fields of the spec, and remembers where each part comes from.

    Attributes:
        origins: The path in the resource of each part of the federation.
        public: Names of the components with a public port.
    """

    def __init__(self, options: LowLevelOptions, resolve: Resolve, findings: Findings) -> None:
        self._options = options
        self._resolve = resolve
        self._findings = findings
        self.origins: dict[FieldPath, FieldPath] = {}
        self.public: set[str] = set()

    def application(self, index: int, app: AppEntry) -> dict[str, Any]:
        """The fields of one application."""
        path: FieldPath = ("spec", "apps", index)
        self.origins["spec", "applications", index] = path
        owner = {"owner": app.owner} if app.owner is not None else {}
        if app.cluster is not None:
            self._resolve(app.cluster, (*path, "cluster"))
        components = [self._component((index, number), app, each) for number, each in enumerate(app.components)]
        return {"name": app.name, **owner, "components": components}

    def _component(self, place: tuple[int, int], app: AppEntry, component: ComponentEntry) -> dict[str, Any]:
        index, number = place
        path: FieldPath = ("spec", "apps", index, "components", number)
        here: FieldPath = ("spec", "applications", index, "components", number)
        self.origins |= {here: path, (*here, "name"): (*path, "name"), (*here, "image"): (*path, "image")}
        self.origins |= {(*here, "env"): (*path, "env"), (*here, "ports"): (*path, "expose")}
        named, where = component.cluster_selector, (*path, "cluster-selector")
        if named is None:
            named, where = app.cluster, ("spec", "apps", index, "cluster")
        self.origins[*here, "placement"] = where
        fields: dict[str, Any] = {"name": component.name, "image": component.image}
        more = {"env": self._env(path, component), "ports": list(self._ports(here, path, component))}
        if named is None:
            message = f"nothing says on which cluster '{component.name}' runs"
            self._findings.problem(path, message, "add 'cluster-selector: …', or 'cluster: …' to its app")
            return fields
        filled = {key: value for key, value in more.items() if value}
        return fields | filled | {"placement": {"cluster": self._resolve(named, where)}}

    def _env(self, path: FieldPath, component: ComponentEntry) -> dict[str, str]:
        found: dict[str, str] = {}
        for index, variable in enumerate(component.env.variables):
            if variable.name in found:
                where = (*path, "env", "variables", index, "name")
                self._findings.problem(where, f"the variable {variable.name} is there twice", "keep one of them")
            found[variable.name] = variable.value
        return found

    def _ports(self, here: FieldPath, path: FieldPath, component: ComponentEntry) -> Iterator[dict[str, Any]]:
        for index, each in enumerate(component.expose):
            where = (*path, "expose", index)
            self.origins[*here, "ports", index] = where
            if each.is_exposing_metrics:
                self._findings.remark((*where, "is-exposing-metrics"), "metrics of applications are not collected")
            port = each.cluster_port or each.container_port
            fields: dict[str, Any] = {"port": port}
            fields |= {"targetPort": each.container_port} if each.container_port != port else {}
            fields |= {"protocol": "UDP"} if each.protocol == "UDP" else {}
            yield fields | self._exposure(component.name, where, port, each)

    def _exposure(self, name: str, where: FieldPath, port: int, exposed: Exposed) -> dict[str, str]:
        if not exposed.is_public:
            return {"expose": "peered"} if exposed.is_peered else {}
        self.public.add(name)
        host, certificate = self._options.hosts.get(name), self._options.certificates.get(name)
        if host is None:
            message = (
                f"'{name}' is public under every host name, at the ports of {self._options.ingress}, not at {port}"
            )
            self._findings.remark((*where, "is-public"), message, f"give a host name with --host {name}=NAME")
        found = {"expose": "public", "host": host, "tls": certificate}
        return {key: value for key, value in found.items() if value is not None}
