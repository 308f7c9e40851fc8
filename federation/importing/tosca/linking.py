"""Virtual links: who is joined to each, which ports are served over it, and to whom.

A link of TOSCA has no direction. Who has a port on it serves there, and so does the only deployed component of a link
that has a port itself; everybody else is a client.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from federation.importing.reading import Findings
from federation.importing.tosca.blueprint import path_of
from federation.importing.tosca.parts import Part, Parts
from federation.spec.problems import FieldPath

Expose = Literal["cluster", "peered", "public"]
_WEB_PORTS = (80, 443)


@dataclass(frozen=True)
class End:
    """Somebody who is joined to a link.

    Attributes:
        part: The component or external.
        link: Name of the link.
        path: Where they are joined.
        port: Port that they listen on there.
        protocol: As it is written: TCP, UDP, HTTP or HTTPS.
        public: Whether it is reachable from outside, where the blueprint says so.
    """

    part: Part
    link: str
    path: FieldPath
    port: int | None = None
    protocol: str | None = None
    public: bool | None = None


@dataclass(frozen=True)
class Served:
    """A port of a component, as one link makes it.

    Attributes:
        component: The node that serves.
        port: Port that clients use.
        target: Port that the component listens on.
        protocol: TCP, UDP, HTTP or HTTPS.
        expose: Who may reach it.
        path: Where that is written.
    """

    component: str
    port: int
    target: int
    protocol: str
    expose: Expose
    path: FieldPath

    @property
    def transport(self) -> Literal["TCP", "UDP"]:
        """The protocol below."""
        return "UDP" if self.protocol == "UDP" else "TCP"


def ends_of(parts: Parts) -> Mapping[str, tuple[End, ...]]:
    """Who is joined to each link, by the link's name."""
    ends: dict[str, list[End]] = {part.node: [] for part in parts.of("link")}
    for end in (*_direct(parts), *_by_ports(parts)):
        ends[end.link].append(end)
    return {link: tuple(each) for link, each in ends.items()}


def _direct(parts: Parts) -> Iterator[End]:
    for part in (*parts.of("component"), *parts.of("external")):
        for need in part.needs:
            if need.name == "link":
                yield End(part, need.target, need.path, part.properties.get("port"))


def _by_ports(parts: Parts) -> Iterator[End]:
    for point in parts.of("port"):
        bound = parts.nodes[point.target("binding") or ""]
        own = point.properties
        port = own.get("port", bound.properties.get("port"))
        for need in point.needs:
            if need.name == "link":
                yield End(bound, need.target, need.path, port, own.get("protocol"), own.get("public"))


class Linker:
    """Turns links into ports; what is ambiguous or cannot be is noted.

    Args:
        placed: Cluster by node.
        findings: Where problems and remarks go.
    """

    def __init__(self, placed: Mapping[str, str], findings: Findings) -> None:
        self._placed = placed
        self._findings = findings

    def served(self, link: Part, ends: tuple[End, ...]) -> Iterator[Served]:
        """The ports that deployed components serve over a link."""
        deployed = [end for end in ends if not end.part.external]
        own = link.properties.get("port")
        if len({end.part.node for end in ends}) < 2:
            names = " and ".join(sorted({end.part.node for end in ends})) or "nobody"
            self._findings.remark(path_of(link.node), f"only {names} is joined to this link")
        for end in deployed:
            port, target = self._ports(link, end, deployed, own)
            if port is not None and target is not None:
                protocol = end.protocol or link.properties.get("protocol") or "TCP"
                expose = self._expose(end, ends, port, protocol)
                yield Served(end.part.node, port, target, protocol, expose, end.path)

    def _ports(self, link: Part, end: End, deployed: list[End], own: int | None) -> tuple[int | None, int | None]:
        serving = [each for each in deployed if each.port is not None]
        if own is None or (end.port is not None and len(serving) > 1):
            return end.port, end.port
        if end.port is not None:
            return own, end.port
        if serving:
            return None, None
        if len(deployed) > 1:
            if end is deployed[0]:
                names = ", ".join(sorted(each.part.label for each in deployed))
                message = f"the link has port {own}, and nothing says which of {names} serves it"
                self._findings.problem(link.path("port"), message, "give the one that serves a 'port' of its own")
            return None, None
        return own, own

    def _expose(self, end: End, ends: tuple[End, ...], port: int, protocol: str) -> Expose:
        clients = [other.part.label for other in ends if other.part.external and other.port is None]
        web = protocol in ("HTTP", "HTTPS") or (protocol == "TCP" and (port in _WEB_PORTS or end.port in _WEB_PORTS))
        if end.public and not web:
            message = f"port {port}/{protocol} of '{end.part.label}' is public, but only HTTP and HTTPS come in"
            self._findings.problem(end.path, message, "write 'protocol: HTTP' or HTTPS, or take 'public' out")
        if end.public or (end.public is None and clients and web):
            return "public"
        if clients and end.public is None:
            message = (
                f"'{end.part.label}' is not made reachable for {', '.join(sorted(clients))} outside at "
                f"{port}/{protocol}: only HTTP and HTTPS come in"
            )
            self._findings.remark(end.path, message, "write 'protocol: HTTP' or HTTPS if that is what it is")
        here = self._placed.get(end.part.node)
        elsewhere = {self._placed.get(each.part.node) for each in ends if not each.part.external} - {here}
        return "peered" if elsewhere else "cluster"
