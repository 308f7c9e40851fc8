"""Components of a blueprint as components of an application."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from federation.importing.reading import Findings
from federation.importing.tosca.blueprint import path_of
from federation.importing.tosca.linking import Expose, Served
from federation.importing.tosca.options import ToscaOptions
from federation.importing.tosca.parts import Part, Parts
from federation.importing.tosca.resources import resources_of
from federation.importing.tosca.storage import volumes_of
from federation.spec.problems import FieldPath

_TLS_PORT = 443
_WIDER: tuple[Expose, ...] = ("cluster", "peered", "public")
_SECRET_WORDS = ("password", "passwd", "pwd", "secret", "token", "private", "credential", "apikey", "api_key")


class ComponentWriter:
    """Writes the components of one application, as fields of the spec, and remembers where each comes from.

    Attributes:
        origins: The path in the blueprint of each part of the application.
    """

    def __init__(self, parts: Parts, options: ToscaOptions, findings: Findings) -> None:
        self._parts = parts
        self._options = options
        self._findings = findings
        self.origins: dict[FieldPath, FieldPath] = {}

    def component(self, index: int, part: Part, host: Part | None, cluster: str, served: Iterable[Served]) -> Any:
        """The fields of one component; ``index`` is its place in the application."""
        here: FieldPath = ("components", index)
        self._remember(here, part, host)
        if part.label != part.properties.get("name", part.node):
            message = f"the component is called '{part.label}': names are lower-case DNS labels"
            self._findings.remark(part.path("name"), message)
        if part.properties.get("geolocation"):
            self._findings.remark(part.path("geolocation"), "the geolocation has no part in the placement")
        fields: dict[str, Any] = {"name": part.label, "image": self._image(part)}
        fields |= {"replicas": part.properties["replicas"]} if "replicas" in part.properties else {}
        env = dict(self._environment(part))
        ports = list(self._ports(here, part, served))
        resources = resources_of(host.bounds) if host is not None else {}
        volumes = list(self._volumes(here, host)) if host is not None else []
        more = {"env": env, "ports": ports, "volumes": volumes, "resources": resources}
        return fields | {key: value for key, value in more.items() if value} | {"placement": {"cluster": cluster}}

    def _remember(self, here: FieldPath, part: Part, host: Part | None) -> None:
        self.origins[here] = path_of(part.node)
        for field, name in {"name": "name", "image": "image", "replicas": "replicas", "env": "environment"}.items():
            self.origins[*here, field] = part.path(name)
        self.origins[*here, "placement"] = part.path("placement_hint")
        if host is not None:
            self.origins[*here, "resources"] = path_of(host.node, "node_filter")

    def _image(self, part: Part) -> str:
        image = part.properties.get("image")
        if image is None:
            message = f"'{part.label}' is to be deployed and has no image"
            self._findings.problem(path_of(part.node), message, "add 'image: …', or write 'deployment_unit: EXTERNAL'")
        return str(image)

    def _environment(self, part: Part) -> Iterator[tuple[str, str]]:
        for name, value in sorted(part.properties.get("environment", {}).items()):
            path = (*part.path("environment"), name)
            if isinstance(value, bool):
                yield name, str(value).lower()
            elif isinstance(value, (str, int)):
                yield name, str(value)
            elif value is not None:
                self._findings.problem(path, "the value of a variable must be text", "quote it")
            if any(word in name.lower() for word in _SECRET_WORDS):
                message = f"the variable {name} looks like a secret, which a spec does not hold"
                self._findings.remark(path, message, "keep it in a SecretBundle block and name that in secretEnv")

    def _volumes(self, here: FieldPath, host: Part) -> Iterator[dict[str, Any]]:
        for index, (fields, need) in enumerate(volumes_of(host, self._parts, self._findings)):
            self.origins[*here, "volumes", index] = need.path
            self.origins[*here, "volumes", index, "size"] = path_of(need.target, "properties", "size")
            yield fields

    def _ports(self, here: FieldPath, part: Part, served: Iterable[Served]) -> Iterator[dict[str, Any]]:
        by_port: dict[tuple[int, str], list[Served]] = {}
        for each in served:
            by_port.setdefault((each.port, each.transport), []).append(each)
        for index, ((port, transport), several) in enumerate(sorted(by_port.items())):
            widest = max(several, key=lambda each: _WIDER.index(each.expose))
            self.origins[*here, "ports", index] = widest.path
            targets = sorted({each.target for each in several})
            if len(targets) > 1:
                message = f"links lead port {port} of '{part.label}' to {' and '.join(map(str, targets))}"
                self._findings.problem(widest.path, message, "give one of the links another port")
            fields: dict[str, Any] = {"port": port}
            fields |= {"targetPort": targets[0]} if targets[0] != port else {}
            fields |= {"protocol": transport} if transport != "TCP" else {}
            yield fields | {"expose": widest.expose} | self._door(part, widest)

    def _door(self, part: Part, served: Served) -> dict[str, str]:
        """Host and certificate of a public port."""
        if served.expose != "public":
            return {}
        host, certificate = self._options.hosts.get(part.label), self._options.certificates.get(part.label)
        if host is None:
            fix = f"give a host name with --host {part.label}=NAME"
            self._findings.remark(served.path, f"'{part.label}' is public under every host name", fix)
        if certificate is None and (served.protocol == "HTTPS" or served.port == _TLS_PORT):
            fix = f"name a block with the certificate by --tls {part.label}=BLOCK"
            self._findings.remark(served.path, f"'{part.label}' is public without a certificate of its own", fix)
        return {key: value for key, value in {"host": host, "tls": certificate}.items() if value is not None}
