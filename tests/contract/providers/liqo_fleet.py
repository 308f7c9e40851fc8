"""Clusters with Liqo, served over real sockets, whose controllers run and whose links can be cut."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.resources import Kind
from federation.spec.marks import cluster_id
from federation.spec.peering import Peering
from providers.contracts import Done, Progress, Side, Waiting
from providers.interconnect.liqo.provider import LiqoInterconnect
from sandbox.kubernetes.controllers import register_node, start_all
from sandbox.kubernetes.controllers.controller import Manager
from sandbox.kubernetes.controllers.fleet import Member
from sandbox.kubernetes.controllers.liqo.definitions import crds
from tests.contract.controllers.liqo_steps import custom_objects
from tests.contract.kubernetes.waiting import eventually
from tests.unit.kubernetes.served import PORT, Background, Served

T = TypeVar("T")
FEDERATION = "fed"


class LiqoFleet:
    """Clusters of one federation and the links between them; nothing in it takes any time."""

    def __init__(self, network: str) -> None:
        self.background = Background()
        self.served: dict[str, Served] = {}
        self.clients: dict[str, KubernetesClient] = {}
        self._network = network
        self._addresses: dict[str, str] = {}
        self._managers: dict[str, list[Manager]] = {}
        self._cut: set[frozenset[str]] = set()
        self._mute: set[str] = set()
        self._emptied: set[frozenset[str]] = set()
        self._callbacks: list[Callable[[], None]] = []
        self._made = 0
        self._latency_ms = 12.0

    def members(self) -> Iterable[Member]:
        """Every cluster."""
        return [each.cluster for each in self.served.values()]

    def by_url(self, url: str) -> Member | None:
        """The cluster that listens there."""
        return next((each.cluster for each in self.served.values() if each.url == url), None)

    def serving(self, uid: str) -> bool:
        """Every cluster that exists serves."""
        return any(each.cluster.uid == uid for each in self.served.values())

    def connected(self, a: str, b: str) -> bool:
        """Whether no test has cut the link."""
        return frozenset((a, b)) not in self._cut

    def carries(self, a: str, b: str) -> bool:
        """Whether no test has emptied the tunnel."""
        return frozenset((a, b)) not in self._emptied

    def lag_s(self, a: str, b: str) -> float:
        """News come at once."""
        return 0.0

    def latency_ms(self, a: str, b: str) -> float:
        """The same for all."""
        return self._latency_ms

    def node_addresses(self, cluster: str, node: str) -> Iterable[str]:
        """None besides those in the status."""
        return ()

    def delay(self, name: str) -> float:
        """Nothing takes any time."""
        return 0.0

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back when clusters or links change."""
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def add(self, name: str) -> Side:
        """A cluster of two nodes with Liqo; one of the same name that was removed comes back with nothing in it."""
        self._made += 1
        address = self._addresses.setdefault(name, f"{self._network}.{len(self._addresses) + 1}.1")
        served = Served(self.background, f"{name}-{self._made}", address, self._made)
        self.served[name], self.clients[name] = served, served.client()

        def start() -> None:
            self._managers[name] = start_all(served.cluster, self)
            for number in range(2):
                labels = {"node-role.kubernetes.io/control-plane": "true"} if number == 0 else {}
                node = f"{name}-{number}"
                where = served.address if number == 0 else f"192.168.{self._made}.{number}"
                register_node(
                    served.cluster.api, node, where, "v1.36.4+k3s1", labels=labels, provider_id=f"k3s://{node}"
                )
            self._changed()

        self.background.call(start)
        self.settle()
        install_liqo(self.clients[name], name, crds(), (served.cluster.pod_cidr, served.cluster.service_cidr))
        self.settle()
        served.gate.clear()
        return self.side(name)

    def side(self, name: str) -> Side:
        """A cluster as providers see it."""
        address = self.served[name].address
        return Side(FEDERATION, name, self.clients[name], (address,), f"{address}:{PORT}", self._answering)

    def _answering(self, name: str) -> Side | None:
        side = self.side(name) if name in self.served and name not in self._mute else None
        return side if side and side.kubernetes.reachable() else None

    def kubeconfig(self, name: str) -> str:
        """The administrator's kubeconfig of a cluster."""
        served = self.served[name]
        return served.cluster.admin_kubeconfig(served.url)

    def peered(self, consumer: str, *providers: str) -> None:
        """Make clusters of which the first one uses all others' resources."""
        liqo, here = LiqoInterconnect(), self.add(consumer)
        for provider in providers:
            peering, there = Peering(consumer=consumer, provider=provider), self.add(provider)
            self.drive(partial(liqo.connect, here, there, peering))
            self.drive(partial(liqo.authenticate, here, there, peering))
            self.drive(partial(liqo.acquire, here, there, peering))

    def lose(self, name: str) -> None:
        """The cluster is gone for good, with all that was in it."""
        served = self.served.pop(name)
        served.stop()

        def stop() -> None:
            for manager in self._managers.pop(name):
                manager.stop()
            self._changed()

        self.background.call(stop)
        self.settle()

    def cut(self, first: str, second: str, *, cut: bool = True) -> None:
        """Cut or mend the link between two clusters."""
        pair = frozenset((self.served[first].cluster.uid, self.served[second].cluster.uid))
        (self._cut.add if cut else self._cut.discard)(pair)
        self.background.call(self._changed)
        self.settle()

    @contextmanager
    def silent(self, name: str) -> Iterator[None]:
        """Nobody hears of a cluster meanwhile, neither its peers nor we; it goes on by itself."""
        others = [each for each in self.served if each != name]
        self._mute.add(name)
        for other in others:
            self.cut(name, other)
        try:
            yield
        finally:
            self._mute.discard(name)
            for other in others:
                self.cut(name, other, cut=False)

    def empty(self, first: str, second: str, *, empty: bool = True) -> None:
        """Let the tunnel between two clusters stand and carry nothing, or carry again."""
        pair = frozenset((self.served[first].cluster.uid, self.served[second].cluster.uid))
        (self._emptied.add if empty else self._emptied.discard)(pair)
        self.background.call(self._changed)
        self.settle()

    def stretch(self, latency_ms: float) -> None:
        """Every link has this round trip from now on."""
        self._latency_ms = latency_ms
        self.background.call(self._changed)
        self.settle()

    def _changed(self) -> None:
        for callback in tuple(self._callbacks):
            callback()

    def settle(self) -> None:
        """Wait until no controller has anything left to do."""

        async def quiet() -> None:
            async with asyncio.timeout(60):
                rounds = 0
                while rounds < 3:
                    await asyncio.sleep(0.001)
                    busy = any(each.busy for managers in self._managers.values() for each in managers)
                    rounds = 0 if busy else rounds + 1

        self.background.run(quiet())

    def eventually(self, look: Callable[[], T], wanted: T) -> T:
        """What a look shows: nothing takes any time here, so it is as wanted at once or never."""
        del wanted
        self.settle()
        return look()

    def drive(self, step: Callable[[], Progress], limit: int = 25) -> Done:
        """Repeat a step until it is done, letting the clusters work in between."""
        progress = step()
        for _ in range(limit):
            if isinstance(progress, Done):
                return progress
            self.settle()
            progress = step()
        raise AssertionError(f"still {progress}")

    def drive_waiting(self, step: Callable[[], Progress], limit: int = 5) -> Waiting:
        """Repeat a step and see that it does not get done."""
        for _ in range(limit - 1):
            assert isinstance(step(), Waiting)
            self.settle()
        progress = step()
        assert isinstance(progress, Waiting), progress
        self.settle()
        return progress

    def mutations(self) -> list[tuple[str, str]]:
        """Requests for changes that clients have sent since the last look."""
        found = [each for served in self.served.values() for each in served.gate.mutations]
        for served in self.served.values():
            served.gate.clear()
        return found

    def close(self) -> None:
        """Stop everything."""
        for name in list(self.served):
            self.clients[name].close()
            self.served[name].stop()

        def stop() -> None:
            for managers in self._managers.values():
                for manager in managers:
                    manager.stop()

        self.background.call(stop)
        self.background.close()


def install_liqo(
    client: KubernetesClient,
    name: str,
    definitions: Iterable[dict[str, Any]],
    ranges: tuple[str, str],
    flags: tuple[str, ...] = (),
) -> None:
    """What Liqo's chart brings: definitions and their objects, cluster id, controller manager with its flags, webhook.

    ``ranges`` are the cluster's addresses of pods and of services.
    """
    for definition in definitions:
        client.apply(definition)
    client.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "liqo"}})
    meta = {"name": "liqo-clusterid-configmap", "namespace": "liqo"}
    own_id = cluster_id(FEDERATION, name)
    client.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"CLUSTER_ID": own_id}})
    manager = a_deployment("liqo-controller-manager", "liqo")
    manager["spec"]["template"]["spec"]["containers"][0]["args"] = list(flags)
    client.apply(manager)
    client.apply(a_deployment("liqo-webhook", "liqo"))
    proxy = {"ports": [{"port": 8118}], "selector": {"app": "liqo-proxy"}}
    meta = {"name": "liqo-proxy", "namespace": "liqo"}
    client.apply({"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": proxy})
    for each in custom_objects(*ranges):
        eventually(partial(client.serves, Kind.of(each)))
        client.apply(each)


def a_deployment(name: str, namespace: str) -> dict[str, Any]:
    """A Deployment of one pod."""
    labels = {"app": name}
    pod = {"containers": [{"name": "main", "image": "example/liqo:1"}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}},
    }
