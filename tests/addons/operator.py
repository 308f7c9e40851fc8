"""The sandbox's Strimzi in front of a real API server: programs of add-ons do not run there, and somebody must act."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import httpx

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.resources import DEPLOYMENT
from federation.errors import FlotillaError
from sandbox.kubernetes.api import ApiError, Change
from sandbox.kubernetes.controllers.controller import Controller
from sandbox.kubernetes.controllers.strimzi.controller import KAFKAS, OPERATOR, POOLS, SETS, Kafkas, PodSets
from tests.contract.providers.played_api import PlayedApi

_LOOK_S = 0.1


class PlayedStrimzi:
    """The operator's loops in a thread, while its Deployment is available; they look again and again at everything."""

    def __init__(self, client: KubernetesClient, kubeconfig: str) -> None:
        self._client, self._kubeconfig = client, kubeconfig
        self._stop = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._apis: list[PlayedApi] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread, and what it opened."""
        self._stop.set()
        self._thread.join()
        for api in self._apis:
            api.close()
        self._loop.close()

    def _run(self) -> None:
        loops: tuple[Controller, ...] = ()
        while not self._stop.wait(_LOOK_S):
            with suppress(FlotillaError, ApiError, httpx.HTTPError):
                if not self._installed():
                    loops = ()
                    continue
                loops = loops or self._loops()
                for loop in loops:
                    _look(loop)

    def _installed(self) -> bool:
        found = self._client.get(DEPLOYMENT, OPERATOR[1], OPERATOR[0])
        return found is not None and bool((found.get("status") or {}).get("availableReplicas"))

    def _loops(self) -> tuple[Controller, ...]:
        api = PlayedApi(self._kubeconfig, self._loop, (KAFKAS, POOLS, SETS))
        self._apis.append(api)
        fleet = SimpleNamespace(delay=lambda step: 0.0)
        manager: Any = SimpleNamespace(cluster=SimpleNamespace(api=api, name="real"), fleet=fleet)
        manager.waited = lambda *asked: True
        return Kafkas(manager), PodSets(manager)


def _look(loop: Controller) -> None:
    found = [Change("MODIFIED", resource, obj) for resource in loop.watches for obj in loop.api.list(resource)]
    for key in dict.fromkeys(key for change in found for key in loop.keys(change)):
        loop.reconcile(key)
