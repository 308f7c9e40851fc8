"""A sandbox in a process of its own, and its control API."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import openstack
import pytest
from openstack.warnings import RemovedInSDK60Warning

from tests.networks import reserve_network

START_TIMEOUT_S = 60.0


def ignore_sdk_warnings(items: list[pytest.Item], conftest: str) -> None:
    """openstacksdk warns of its own calls to itself; that is no finding about the sandbox."""
    for item in items:
        if Path(conftest).parent in item.path.parents:
            for name in ("OpenStackDeprecationWarning", "RemovedInSDK50Warning", "RemovedInSDK60Warning"):
                item.add_marker(pytest.mark.filterwarnings(f"ignore::openstack.warnings.{name}"))


def eventually(probe: Callable[[], Any], timeout_s: float = 30.0, what: str = "condition") -> Any:
    """The first truthy value of a probe; fails loudly after the timeout."""
    end = time.monotonic() + timeout_s
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come true within {timeout_s} s; last value: {value!r}")
        time.sleep(0.02)


class SandboxProcess:
    """Starts, kills and restarts ``python -m sandbox serve`` over one state folder.

    Args:
        network: A reserved one when None; the sandbox's own choice when empty.
    """

    def __init__(self, folder: Path, pacing: str = "instant", network: str | None = None, port: int = 0) -> None:
        self.folder = folder
        self.network = reserve_network() if network is None else network
        self.pacing = pacing
        self.port = port
        self.process: subprocess.Popen[bytes] | None = None
        self.url = ""
        self.http = httpx.Client(timeout=30.0, trust_env=False)

    def command(self) -> list[str]:
        """The command line of the process."""
        arguments = ["--state-dir", str(self.folder), "--port", str(self.port)]
        network = ["--network", self.network] if self.network else []
        pacing = ["--pacing", self.pacing] if self.pacing else []
        return [sys.executable, "-m", "sandbox", "serve", *arguments, *network, *pacing]

    def start(self) -> SandboxProcess:
        """Start and wait until it says that it is ready."""
        status = self.folder / "sandbox.json"
        status.unlink(missing_ok=True)
        process = subprocess.Popen(self.command(), stderr=subprocess.PIPE)
        eventually(lambda: status.exists() or process.poll() is not None, START_TIMEOUT_S, "sandbox.json")
        if process.poll() is not None:
            raise AssertionError(process.communicate()[1].decode())
        content = json.loads(status.read_text())
        assert content["pid"] == process.pid
        self.process = process
        self.url = content["url"]
        self.port = int(self.url.rsplit(":", maxsplit=1)[-1])
        return self

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; the exit code."""
        process = self.process
        assert process is not None, "it does not run"
        assert process.stderr is not None
        process.send_signal(number)
        code = process.wait(30)
        process.stderr.close()
        self.process = None
        return code

    def close(self) -> None:
        """End it if it runs, and let go of the client."""
        if self.process is not None:
            self.end(signal.SIGTERM)
        self.http.close()

    def get(self, path: str, **query: Any) -> Any:
        """GET from the control API."""
        return self.ask("GET", path, params=query)

    def post(self, path: str, body: Any = None) -> Any:
        """POST to the control API."""
        return self.ask("POST", path, json=body or {})

    def ask(self, method: str, path: str, **options: Any) -> Any:
        """Any request to the control API; fails on an error status."""
        response = self.http.request(method, f"{self.url}/control/{path}", **options)
        assert response.is_success, response.text
        return response.json()

    def cloud(self, name: str = "lab", **more: Any) -> openstack.connection.Connection:
        """A new connection of openstacksdk with the sandbox's own credentials."""
        config = self.get("credentials")["clouds"][name] | more
        with warnings.catch_warnings():  # the SDK warns of its own optional parts
            warnings.simplefilter("ignore", RemovedInSDK60Warning)
            return openstack.connect(load_yaml_config=False, load_envvars=False, **config)

    def fault(self, **rule: Any) -> str:
        """Add a fault and give its id."""
        return self.post("faults", rule)["ids"][0]

    def heal(self) -> None:
        """Remove all faults, partitions and links."""
        self.ask("DELETE", "faults")

    def pace(self, **seconds: float) -> None:
        """Let named things take so long (dots written as double underscores)."""
        overrides = {name.replace("__", "."): value for name, value in seconds.items()}
        self.post("pacing", {"overrides": overrides})
