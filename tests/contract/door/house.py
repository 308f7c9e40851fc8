"""A door on a loopback port: its own registry, a federation in it, and a token for everybody in the tests."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn

from config.catalogue.reading import read_knowledge, read_tosca_profile
from door.app import Facts, make_app
from door.documents import RunNote
from door.entrance import Bounds
from door.runs import Runs, ordered
from door.serving import listen
from registry.orders import Order
from registry.registry import Registry
from registry.tokens import Right
from tests.contract.kubernetes.waiting import eventually
from tests.stage.specs import a_component, a_small_cluster, a_small_federation

FEDERATION = "coast"
PEOPLE: dict[str, frozenset[Right]] = {
    "tno": frozenset(),
    "charity": frozenset(),
    "scheduler": frozenset({"placements"}),
    "operator": frozenset({"federations"}),
    "root": frozenset({"administrator"}),
}


class Desk(Runs):
    """A Prefect that takes every order, or that is away. What it is like over its API is a story of its own."""

    def __init__(self, registry: Registry) -> None:
        super().__init__(registry, again_s=3600.0)
        self.away = False
        self.taken: list[Order] = []

    async def place(self, wanted: Order) -> RunNote:
        """Take an order."""
        if self.away:
            return ordered(wanted, "Prefect does not answer")
        self.taken.append(wanted)
        await asyncio.to_thread(self._registry.orders.placed, wanted.id)
        return RunNote(deployment=wanted.deployment, state="started", run=wanted.id)


@dataclass
class House:
    """A door that is open."""

    url: str
    registry: Registry
    runs: Desk
    tokens: dict[str, str] = field(default_factory=dict)

    def ask(self, who: str | None, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """One request, as somebody; None is nobody."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        own = {"Authorization": f"Bearer {self.tokens[who]}"} if who else {}
        return httpx.request(method, f"{self.url}{path}", json=body, headers=own | named, timeout=20.0, trust_env=False)


@contextmanager
def open_house(url: str, bounds: Bounds | None = None) -> Iterator[House]:
    """Open a door over the registry of that URL."""
    with Registry(url) as registry:
        peered = [{"between": ["a", "b"], "type": "liqo"}]
        clusters = [a_small_cluster(name, addons=("metallb", "liqo")) for name in "ab"]
        radio = {"name": "radio", "owner": "charity", "components": [a_component("mast", "a")]}
        spec = a_small_federation(FEDERATION, *clusters, peerings=peered, applications=[radio])
        registry.generations.put(spec, "test")
        taken = listen("127.0.0.1", 0)
        runs = Desk(registry)
        app = make_app(
            registry, Facts(read_knowledge(), read_tosca_profile()), runs, bounds or Bounds(per_minute=1_000_000)
        )
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=2))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]})
        thread.start()
        eventually(lambda: server.started)
        house = House(f"http://127.0.0.1:{taken.getsockname()[1]}", registry, runs)
        house.tokens = {name: registry.tokens.make(name, rights)[1] for name, rights in PEOPLE.items()}
        try:
            yield house
        finally:
            server.should_exit = True
            thread.join(timeout=10)
            taken.close()


def an_application(name: str, *components: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An application as a request has it."""
    return {"name": name, "components": list(components), **more}


def deployed(name: str, *components: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The body that deploys an application."""
    return {"federation": FEDERATION, "application": an_application(name, *components, **more)}
