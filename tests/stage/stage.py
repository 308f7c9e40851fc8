"""The stage: processes that a session starts once, and what a story does with them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx

from flotilla.processes import stop
from tests.contract.sandbox.process import eventually
from tests.networks import reserve_network

ROOT = Path(__file__).parents[2]
COMMAND_TIMEOUT_S = 170.0
SHUTDOWN_S = 3.0
"""Prefect's server waits for clients that hold a connection, as this process does; nobody needs its answer."""
SETTINGS = {"FLOTILLA_REPAIR_AFTER_S": "0", "FLOTILLA_LEASE_S": "6"}
"""Repair at the first sight of a broken node; a run that was killed holds its lease for seconds only."""


class Stage:
    """A home of its own with a sandbox on loopback addresses of its own, and a Prefect server on a free port."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.network = reserve_network()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")},
            **SETTINGS,
            "FLOTILLA_HOME": str(home),
            "FLOTILLA_PREFECT_PORT": str(free_port()),
            "COLUMNS": "200",
        }
        self.http = httpx.Client(timeout=60.0, trust_env=False)
        self.control = ""
        self.api = ""

    def open(self) -> Stage:
        """Start both through the command line, as a user would."""
        up = self.cli("sandbox", "up", "--network", self.network, "--pacing", "instant")
        assert up.returncode == 0, up.stderr
        self.control = json.loads((self.home / "sandbox" / "sandbox.json").read_text())["control"]
        self.api = json.loads((self.home / "prefect-server.json").read_text())["api"]
        return self

    def close(self) -> None:
        """Stop what was started."""
        self.http.close()
        for place in (self.home / "sandbox" / "sandbox.json", self.home / "prefect-server.json"):
            if place.exists():
                stop(int(json.loads(place.read_text())["pid"]), SHUTDOWN_S)

    # The command line

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command and go on; as from a terminal, even where this session began with SIGINT ignored."""
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        argv = [sys.executable, "-m", "flotilla", *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(argv, cwd=ROOT, env=self.environment, text=True, stdout=pipe, stderr=pipe)

    def cli(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        process = self.start(*arguments)
        try:
            out, err = process.communicate(timeout=COMMAND_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError(f"{arguments} did not end in {COMMAND_TIMEOUT_S} s:\n{out}\n{err}") from None
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def interrupt(self, process: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str]:
        """Send a signal to a command that runs, and wait for its end; the exit code and all that it said."""
        assert process.poll() is None, "it ended before the signal"
        process.send_signal(number)
        out, errors = process.communicate(timeout=COMMAND_TIMEOUT_S)
        return process.returncode, out + errors

    # The sandbox

    def get(self, path: str, **query: Any) -> Any:
        """Read from the sandbox's control API."""
        return self._ask("GET", path, params=query)

    def post(self, path: str, body: Any = None) -> Any:
        """Change something through the sandbox's control API."""
        return self._ask("POST", path, json=body or {})

    def put(self, path: str, body: Any) -> Any:
        """Set something through the sandbox's control API."""
        return self._ask("PUT", path, json=body)

    def heal(self) -> None:
        """Remove all faults and partitions."""
        self._ask("DELETE", "faults")

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        response = self.http.request(method, f"{self.control}/{path}", **options)
        assert response.is_success, response.text
        return response.json()

    def changes(self) -> list[str]:
        """Mutating requests since ``quiet`` on every wire, one line each."""
        entries = self.get("journal", mutating="true", last=2000)["last"]
        return [f"{each['wire']}/{each['target']} {each['method']} {each['path']}" for each in entries]

    def quiet(self) -> None:
        """Forget the requests so far."""
        self.post("journal/reset")

    def machines(self, prefix: str = "") -> list[str]:
        """Names of all machines, hosts of inventories included, that begin so."""
        return sorted(each["name"] for each in self.get("machines")["machines"] if each["name"].startswith(prefix))

    def machine_id(self, name: str) -> str | None:
        """Id of a machine; another one after it was replaced."""
        rows = self.get("machines")["machines"]
        return next((row["id"] for row in rows if row["name"] == name), None)

    def wait(self, probe: Callable[[], Any], what: str, timeout_s: float = 90.0) -> Any:
        """The first truthy value of a probe."""
        return eventually(probe, timeout_s, what)


def run(call: Awaitable[Any]) -> Any:
    """Run a flow or any other awaitable to its end, in an event loop of its own."""

    async def awaited() -> Any:
        return await call

    return asyncio.run(awaited())


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
