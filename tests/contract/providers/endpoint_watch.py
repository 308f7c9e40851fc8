"""An independent witness of a service: the official client's watch on its endpoints, from start to end."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any

import yaml
from kubernetes import client, config, watch

from tests.contract.sandbox.process import eventually

_STREAM_S = 1


class EndpointWatch:
    """Notes how many endpoints of a service are ready after every change of any of its slices.

    Watches follow each other without a gap: each begins at the resource version that the one before ended at.

    Attributes:
        counts: Ready endpoints after each change, beginning with what was there at first.
    """

    def __init__(self, kubeconfig: str, namespace: str, service: str) -> None:
        self.counts: list[int] = []
        self.namespace, self.service = namespace, service
        settings = client.Configuration()
        settings.client_side_validation = False
        config.load_kube_config_from_dict(yaml.safe_load(kubeconfig), client_configuration=settings)
        self._api = client.DiscoveryV1Api(client.ApiClient(settings))
        self._slices: dict[str, set[str]] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> EndpointWatch:
        listed = self._api.list_namespaced_endpoint_slice(self.namespace, **self._selected())
        found = self._api.api_client.sanitize_for_serialization(listed)
        self._slices.update({each["metadata"]["name"]: _ready(each) for each in found["items"]})
        self._version = found["metadata"]["resourceVersion"]
        self._note()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join(10 * _STREAM_S)
        self._api.api_client.close()

    def shows(self, count: int) -> None:
        """Wait until so many endpoints are ready."""
        eventually(lambda: self.counts[-1] == count, 30, f"{count} ready endpoints of {self.service}: {self.counts}")

    def _follow(self) -> None:
        while not self._ended.is_set():
            stream = watch.Watch()
            more = {"resource_version": self._version, "timeout_seconds": _STREAM_S, **self._selected()}
            for event in stream.stream(self._api.list_namespaced_endpoint_slice, self.namespace, **more):
                self._take(event["type"], event["raw_object"])

    def _take(self, kind: str, obj: Mapping[str, Any]) -> None:
        name, self._version = obj["metadata"]["name"], obj["metadata"]["resourceVersion"]
        if kind == "DELETED":
            self._slices.pop(name, None)
        else:
            self._slices[name] = _ready(obj)
        self._note()

    def _selected(self) -> dict[str, Any]:
        return {"label_selector": f"kubernetes.io/service-name={self.service}"}

    def _note(self) -> None:
        self.counts.append(len(set[str]().union(*self._slices.values())))


def _ready(obj: Mapping[str, Any]) -> set[str]:
    return {
        address
        for each in obj.get("endpoints") or ()
        if (each.get("conditions") or {}).get("ready")
        for address in each["addresses"]
    }
