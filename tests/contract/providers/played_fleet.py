"""Real control planes as clusters with Liqo, whose part is played: its controllers' loops run against the real APIs.

Definitions are the published ones. What comes of them (deployments, services, nodes, garbage) is the work of the real
controllers; only what Liqo's own programs would write is written by the sandbox's loops, over HTTP.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import yaml

from clients.kubernetes.api import KubernetesClient
from providers.contracts import Done, Progress, Side
from sandbox.kubernetes.api import Api
from sandbox.kubernetes.controllers.controller import Controller, Manager
from sandbox.kubernetes.controllers.fleet import Member
from sandbox.kubernetes.controllers.liqo import names
from sandbox.kubernetes.controllers.liqo.loops import LOOPS
from sandbox.kubernetes.controllers.liqo.webhook import TOLERATION, Webhook
from sandbox.kubernetes.controllers.objects import now
from tests.contract.providers.liqo_fleet import install_liqo
from tests.contract.providers.played_api import PlayedApi
from tests.contract.providers.real_fleet import RealFleet
from tests.proving.building import Programs
from tests.proving.control_plane import POD_CIDR, RealCluster
from tests.proving.kubernetes import SERVICE_CIDR
from tests.unit.kubernetes.served import Background

T = TypeVar("T")
PUBLISHED = Path(__file__).parents[4] / "shared" / "data" / "crds" / "liqo-v1.2.0"
PLAYED: tuple[type[Controller], ...] = tuple(loop for loop in LOOPS if loop is not Webhook)
_TOLERATION = ", ".join(f'"{key}": "{value}"' for key, value in TOLERATION.items())
WEBHOOK: dict[str, Any] = {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "MutatingAdmissionPolicy",
    "metadata": {"name": "liqo-webhook"},
    "spec": {
        "failurePolicy": "Fail",
        "reinvocationPolicy": "IfNeeded",
        "matchConstraints": {
            "namespaceSelector": {"matchLabels": {names.SCHEDULING: "true"}},
            "resourceRules": [
                {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
            ],
        },
        "mutations": [
            {
                "patchType": "JSONPatch",
                "jsonPatch": {
                    "expression": "has(object.spec.tolerations)"
                    f' ? [JSONPatch{{op: "add", path: "/spec/tolerations/-", value: {{{_TOLERATION}}}}}]'
                    f' : [JSONPatch{{op: "add", path: "/spec/tolerations", value: [{{{_TOLERATION}}}]}}]'
                },
            }
        ],
    },
}
"""What lets pods of offloaded namespaces onto virtual nodes, in place of Liqo's webhook."""
_BINDING = {
    "apiVersion": WEBHOOK["apiVersion"],
    "kind": "MutatingAdmissionPolicyBinding",
    "metadata": WEBHOOK["metadata"],
    "spec": {"policyName": WEBHOOK["metadata"]["name"]},
}
_LEASES = "leases.coordination.k8s.io"
_STEP_S, _TRIES, _QUIET = 0.05, 1200, 4


def published_definitions() -> list[dict[str, Any]]:
    """Liqo's definitions as its project publishes them."""
    return [yaml.safe_load(path.read_text()) for path in sorted(PUBLISHED.glob("*.yaml"))]


@dataclass
class PlayedCluster:
    """A real cluster as the loops of others see it (``sandbox.kubernetes.controllers.fleet.Member``)."""

    name: str
    uid: str
    real: RealCluster
    api: Api
    service_cidr: str = SERVICE_CIDR
    pod_cidr: str = POD_CIDR
    pod_log: Callable[[str, str, str], str] | None = None

    def ca_pem(self) -> str:
        """Of the real authority."""
        return self.real.server.ca.pem()

    def sign_client(self, csr_pem: str, user: str, groups: list[str]) -> str:
        """By the real authority: the API server accepts it."""
        return self.real.server.ca.sign_client(csr_pem, user, groups)


class PlayedFleet:
    """Clusters of one federation and the links between them; see the module.

    Raises:
        Missing: A control plane does not start.
    """

    def __init__(self, programs: Programs, folder: Path, network: str) -> None:
        self.clients: dict[str, KubernetesClient] = {}
        self._background = Background()
        self._real = RealFleet(programs, folder, (), network)
        self._players: dict[str, tuple[PlayedCluster, PlayedApi, Manager]] = {}
        self._cut: set[frozenset[str]] = set()
        self._callbacks: list[Callable[[], None]] = []
        self._made = 0
        self._pause, self._ended = threading.Event(), threading.Event()
        threading.Thread(target=self._beat, daemon=True).start()

    def add(self, name: str) -> Side:
        """A cluster of two nodes with Liqo; one of the same name that was lost comes back with nothing in it."""
        self._made += 1
        real = self._real.add(name, f"{name}-{self._made}")
        self.clients[name] = self._real.clients[name]
        definitions = published_definitions()
        self.furnish(name, (*definitions, WEBHOOK, _BINDING))
        awaited = [definition["metadata"]["name"] for definition in definitions]
        api = PlayedApi(real.server.kubeconfig(), self._background.loop, awaited)
        member = PlayedCluster(name, f"uid-{name}-{self._made}", real, api)
        manager = self._background.call(lambda: Manager(member, self, PLAYED))
        api.watch({each for loop in PLAYED for each in (*loop.watches, *loop.foreign)} | {names.DEPLOYMENTS})
        self._players[name] = member, api, manager
        self._background.call(manager.start)
        self._background.call(self._changed)
        return self.side(name)

    def furnish(self, name: str, definitions: Iterable[dict[str, Any]] = ()) -> None:
        """What Liqo's chart brings, with these of its definitions; safe to repeat."""
        override = f"--api-server-address-override={self._real.clusters[name].server.base_url}"
        install_liqo(self.clients[name], name, definitions, (POD_CIDR, SERVICE_CIDR), (override,))

    def lose(self, name: str) -> None:
        """The cluster is gone for good, with all that was in it."""
        _, api, manager = self._players.pop(name)
        self._background.call(manager.stop)
        api.close()
        self._real.lose(name)
        del self.clients[name]
        self._background.call(self._changed)

    def side(self, name: str) -> Side:
        """A cluster as providers see it."""
        return self._real.side(name)

    def cut(self, first: str, second: str, *, cut: bool = True) -> None:
        """Cut or mend the link between two clusters."""
        pair = frozenset(self._players[name][0].uid for name in (first, second))
        (self._cut.add if cut else self._cut.discard)(pair)
        self._background.call(self._changed)

    def settle(self) -> None:
        """Wait until the players had nothing to do for a moment; the real controllers may still have."""
        quiet = 0
        for _ in range(_TRIES):
            self._pause.wait(_STEP_S)
            busy = any(manager.busy for _, _, manager in self._players.values())
            quiet = 0 if busy else quiet + 1
            if quiet == _QUIET:
                return

    def eventually(self, look: Callable[[], T], wanted: T) -> T:
        """What a look shows once it is as wanted, or in the end."""
        seen = look()
        for _ in range(_TRIES):
            if seen == wanted:
                break
            self._pause.wait(_STEP_S)
            seen = look()
        return seen

    def drive(self, step: Callable[[], Progress]) -> Done:
        """Repeat a step until it is done, letting the clusters work in between."""
        return self._real.drive(step)

    def mutations(self) -> list[tuple[str, str]]:
        """Requests for changes that the product's clients have sent since the last look."""
        return self._real.mutations()

    def version(self) -> str:
        """Of the API servers."""
        return next(iter(self.clients.values())).version()

    def close(self) -> None:
        """End everything."""
        self._ended.set()
        for _, api, manager in self._players.values():
            self._background.call(manager.stop)
            api.close()
        self._real.close()
        self._background.close()

    def members(self) -> Iterable[Member]:
        """Every cluster."""
        return [member for member, *_ in self._players.values()]

    def by_url(self, url: str) -> Member | None:
        """The cluster that listens there."""
        found = (member for member, *_ in self._players.values() if member.real.server.base_url == url)
        return next(found, None)

    def serving(self, uid: str) -> bool:
        """Every cluster that exists serves."""
        return any(member.uid == uid for member, *_ in self._players.values())

    def connected(self, a: str, b: str) -> bool:
        """Whether no test has cut the link."""
        return frozenset((a, b)) not in self._cut

    def carries(self, a: str, b: str) -> bool:
        """A tunnel that stands carries; here nothing is sent."""
        return True

    def latency_ms(self, a: str, b: str) -> float:
        """The same for all."""
        return 12.0

    def lag_s(self, a: str, b: str) -> float:
        """News take their real time."""
        return 0.0

    def node_addresses(self, cluster: str, node: str) -> Iterable[str]:
        """Every node is reached where its API server listens."""
        return [member.real.server.host for member, *_ in self._players.values() if member.uid == cluster]

    def delay(self, name: str) -> float:
        """Nothing takes any time but what is real."""
        return 0.0

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back when clusters or links change."""
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def _changed(self) -> None:
        for callback in tuple(self._callbacks):
            callback()

    def _beat(self) -> None:
        """Virtual kubelets show that they live, as the real node controller expects of every kubelet."""
        while not self._ended.wait(1.0):
            for member, _, manager in tuple(self._players.values()):
                if manager.running:
                    self._background.call(partial(_renew, member.api))


def _renew(api: Api) -> None:
    for node in api.list("nodes", None, {names.NODE_TYPE: names.VIRTUAL}):
        name, where = node["metadata"]["name"], "kube-node-lease"
        spec = {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": f"{now().removesuffix('Z')}.000000Z"}
        if api.get(_LEASES, name, where) is None:
            head = {"name": name, "namespace": where}
            api.create(
                _LEASES, {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": head, "spec": spec}
            )
        else:
            api.patch(_LEASES, name, {"spec": spec}, where)
