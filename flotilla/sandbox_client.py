"""The sandbox as seen from the command line: a process that is started and stopped, and its control API."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from config.settings import settings
from flotilla import processes

Json = dict[str, Any]


@dataclass(frozen=True)
class SandboxClient:
    """A sandbox that runs. Every method is one request to its control API.

    ``programs`` is a folder for the PATH: the program ``docker`` of the sandbox's engine is in it.
    """

    url: str
    pid: int
    programs: str = ""

    def get(self, path: str, **query: str) -> Json:
        """Read from the control API."""
        return _checked(httpx.get(f"{self.url}/{path}", params=query, timeout=30.0))

    def post(self, path: str, body: Json | None = None) -> Json:
        """Change something through the control API."""
        return _checked(httpx.post(f"{self.url}/{path}", json=body or {}, timeout=60.0))

    def put(self, path: str, body: Json) -> Json:
        """Set something through the control API."""
        return _checked(httpx.put(f"{self.url}/{path}", json=body, timeout=60.0))

    def delete(self, path: str, body: Json | None = None) -> Json:
        """Remove something through the control API."""
        return _checked(httpx.request("DELETE", f"{self.url}/{path}", json=body or {}, timeout=60.0))


class Refused(Exception):
    """The sandbox answered with an error."""


def _checked(response: httpx.Response) -> Json:
    if response.is_error:
        raise Refused(_why(response))
    content: Json = response.json()
    return content


def _why(response: httpx.Response) -> str:
    try:
        return str(response.json()["error"])
    except (ValueError, KeyError, TypeError):
        return response.text.strip() or f"status {response.status_code}"


def state_folder() -> Path:
    """Where the sandbox keeps its state."""
    return settings().home / "sandbox"


def running_sandbox() -> SandboxClient | None:
    """The sandbox of this home, when it runs."""
    try:
        said = json.loads((state_folder() / "sandbox.json").read_text())
        client = SandboxClient(str(said["control"]), int(said["pid"]), str(said["programs"]))
        client.get("health")
    except (OSError, ValueError, KeyError, httpx.HTTPError, Refused):
        return None
    return client


def start_sandbox(network: str | None, pacing: str | None, timeout_s: float = 60.0) -> SandboxClient:
    """Start the sandbox, unless it runs already; with the state of last time when there is one.

    Args:
        network: A loopback /16; None for that of last time, or the first that is free.
        pacing: None for that of last time.

    Raises:
        StartFailed: It did not come up; the message has the end of its log.
    """
    running = running_sandbox()
    if running is not None:
        return running
    log = settings().home / "logs" / "sandbox.log"
    argv = [sys.executable, "-m", "sandbox", "serve", "--state-dir", str(state_folder())]
    argv += ["--network", network] if network else []
    argv += ["--pacing", pacing] if pacing else []
    process = processes.start(argv, log, dict(os.environ))
    processes.wait_ready(process, lambda: running_sandbox() is not None, log, timeout_s)
    started = running_sandbox()
    if started is None:
        raise processes.StartFailed("the sandbox came up and went away again")
    return started


def stop_sandbox() -> bool:
    """Stop the sandbox, its state kept on disk; False when none runs."""
    running = running_sandbox()
    if running is None:
        return False
    processes.stop(running.pid)
    return True
