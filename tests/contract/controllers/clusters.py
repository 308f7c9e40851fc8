"""A small fleet for tests: real stores behind the real write path, real controllers, links that can be cut."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.cluster import Cluster
from sandbox.kubernetes.controllers import register_node, start_all
from sandbox.kubernetes.controllers.controller import Manager
from sandbox.kubernetes.controllers.fleet import Member


class Site(Cluster):
    """One cluster without listeners."""

    def __init__(self, name: str, index: int) -> None:
        super().__init__(name, f"uid-{name}", f"10.{100 + index}.0.0/16", f"10.{index}.0.0/16", "v1.36.4")
        self.address = f"192.168.{index}.10"
        self.managers: list[Manager] = []

    def busy(self) -> bool:
        """Whether anything is queued or pending."""
        return bool(self.engine.store._pending) or any(manager.busy for manager in self.managers)

    def get(self, resource: str, name: str, namespace: str | None = None) -> Object:
        """An object that must be there."""
        found = self.api.get(resource, name, namespace)
        assert found is not None, f"{resource} {namespace}/{name} is missing in {self.name}"
        return found

    def has(self, resource: str, name: str, namespace: str | None = None) -> bool:
        """Whether an object is there."""
        return self.api.get(resource, name, namespace) is not None

    def pods(self, namespace: str = "default", **labels: str) -> list[Object]:
        """Pods of a namespace, by labels."""
        return self.api.list("pods", namespace, labels or None)

    def restart_controllers(self, fleet: TestFleet) -> None:
        """Stop all controllers and start new ones from what is stored."""
        for manager in self.managers:
            manager.stop()
        self.managers = start_all(self, fleet)


class TestFleet:
    """Clusters and links; every delay is zero unless a test sets it."""

    __test__ = False

    def __init__(self) -> None:
        self.sites: dict[str, Site] = {}
        self.cut: set[frozenset[str]] = set()
        self.emptied: set[frozenset[str]] = set()
        self.silent: set[str] = set()
        self.delays: dict[str, float] = {}
        self._callbacks: list[Callable[[], None]] = []

    def members(self) -> Iterable[Member]:
        """All clusters."""
        return list(self.sites.values())

    def by_url(self, url: str) -> Member | None:
        """The cluster at a URL."""
        return next((s for s in self.sites.values() if f"https://{s.address}:6443" == url), None)

    def serving(self, uid: str) -> bool:
        """Whether an API answers."""
        return uid not in self.silent

    def connected(self, a: str, b: str) -> bool:
        """Whether packets pass."""
        return frozenset((a, b)) not in self.cut

    def carries(self, a: str, b: str) -> bool:
        """Whether no test has emptied the tunnel."""
        return frozenset((a, b)) not in self.emptied

    def lag_s(self, a: str, b: str) -> float:
        """News come at once."""
        return 0.0

    def latency_ms(self, a: str, b: str) -> float:
        """The same everywhere."""
        return 12.0

    def node_addresses(self, cluster: str, node: str) -> Iterable[str]:
        """None besides those in the status."""
        return ()

    def delay(self, name: str) -> float:
        """Zero unless set."""
        return self.delays.get(name, 0.0)

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Hear of changed links."""
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def changed(self) -> None:
        """Tell of changed links."""
        for callback in tuple(self._callbacks):
            callback()

    def partition(self, a: Site, b: Site, *, cut: bool = True) -> None:
        """Cut or mend a link."""
        (self.cut.add if cut else self.cut.discard)(frozenset((a.uid, b.uid)))
        self.changed()

    def empty(self, a: Site, b: Site, *, empty: bool = True) -> None:
        """Let a tunnel stand and carry nothing, or carry again."""
        (self.emptied.add if empty else self.emptied.discard)(frozenset((a.uid, b.uid)))
        self.changed()

    def silence(self, site: Site, *, silent: bool = True) -> None:
        """Stop or resume answering."""
        (self.silent.add if silent else self.silent.discard)(site.uid)
        self.changed()

    def add(self, name: str, nodes: int = 1) -> Site:
        """A cluster with its namespaces and Ready nodes (built-in CNI), controllers running."""
        site = self.sites[name] = Site(name, len(self.sites) + 1)
        site.managers = start_all(site, self)
        for number in range(nodes):
            join(site, f"{name}-{number}", number)
        self.changed()
        return site

    async def settle(self, timeout_s: float = 20.0) -> None:
        """Wait until no controller has anything left to do."""
        async with asyncio.timeout(timeout_s):
            quiet = 0
            while quiet < 3:
                await asyncio.sleep(0.001)
                busy = any(site.busy() for site in self.sites.values())
                quiet = 0 if busy else quiet + 1

    def stop(self) -> None:
        """Stop all controllers."""
        for site in self.sites.values():
            for manager in site.managers:
                manager.stop()


def join(site: Site, node: str, number: int = 0, **options: object) -> None:
    """Let a node with a built-in CNI join; the first is a control plane without a taint."""
    labels = {"node-role.kubernetes.io/control-plane": "true"} if number == 0 else {}
    address = site.address.rpartition(".")[0] + f".{10 + number}"
    more = {"labels": labels, "provider_id": f"k3s://{node}"} | options
    register_node(site.api, node, address, "v1.36.4+k3s1", **more)  # type: ignore[arg-type]  # by name


def deployment(
    name: str, replicas: int = 1, image: str = "web:1", namespace: str = "default", **spec: object
) -> Object:
    """A Deployment of one container."""
    labels = {"app": name}
    pod = {"containers": [{"name": "main", "image": image}]} | spec.pop("pod", {})  # type: ignore[operator]  # a map
    template = {"metadata": {"labels": labels}, "spec": pod}
    body = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template, **spec}
    meta = {"name": name, "namespace": namespace, "labels": labels}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": body}


def pod(name: str, image: str = "web:1", namespace: str = "default", **spec: object) -> Object:
    """A bare pod."""
    body = {"containers": [{"name": "main", "image": image}], **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace}, "spec": body}


def conditions(obj: Object) -> dict[str, str]:
    """Condition statuses by type."""
    return {c["type"]: c["status"] for c in obj.get("status", {}).get("conditions") or ()}
