"""The Prefect server that we start when the user has none."""

from __future__ import annotations

import json
import sys

import httpx

from config.settings import settings
from flotilla import processes
from flotilla.environment import child_environment, prefect_home, running_server, server_file


def start_server(port: int | None = None, timeout_s: float = 120.0) -> str:
    """Start a Prefect server on loopback, unless ours runs already.

    Returns:
        Its API URL.

    Raises:
        StartFailed: It did not come up.
    """
    running = running_server()
    if running is not None:
        return running
    port = port or settings().prefect_port
    url, log = f"http://127.0.0.1:{port}/api", settings().home / "logs" / "prefect-server.log"
    argv = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    environment = child_environment(PREFECT_HOME=str(prefect_home()), PREFECT_UI_API_URL=url)
    process = processes.start(argv, log, environment)
    processes.wait_ready(process, lambda: _answers(url), log, timeout_s)
    server_file().write_text(json.dumps({"api": url, "pid": process.pid}))
    return url


def stop_server() -> bool:
    """Stop the server that we started; False when there is none."""
    try:
        pid = int(json.loads(server_file().read_text())["pid"])
    except (OSError, ValueError, KeyError):
        return False
    processes.stop(pid)
    server_file().unlink(missing_ok=True)
    return True


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=2.0).is_success
    except httpx.HTTPError:
        return False
