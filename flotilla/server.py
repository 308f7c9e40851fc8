"""The Prefect server that we start when the user has none."""

from __future__ import annotations

import json
import os
import socket
import sys

import httpx

from config.settings import settings
from flotilla import processes
from flotilla.console import err
from flotilla.environment import chosen_by_user, prefect_home, running_server, server_environment, server_file


def use_prefect() -> str:
    """Let this process use Prefect: the user's own, else the server that we started, started now if need be.

    Returns:
        URL of its API.

    Raises:
        StartFailed: No server answers, or ours did not come up.
    """
    from prefect.context import refresh_global_settings_context
    from prefect.settings import get_current_settings

    if not chosen_by_user():
        running = running_server()
        if running is None:
            running = start_server()
            ui = running.removesuffix("/api")
            err.print(f"Started a Prefect server: {ui}  (stop it with: flotilla server stop)", markup=False)
        os.environ["PREFECT_API_URL"] = running
        refresh_global_settings_context()
    url = get_current_settings().api.url or ""
    _check_answers(url)
    return url


def _check_answers(url: str) -> None:
    """Prefect itself would try for long before it says that nobody is there."""
    try:
        if url:
            httpx.get(f"{url}/health", timeout=10.0)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise processes.StartFailed(f"No Prefect server answers at {url}: {error}") from None


def start_server(timeout_s: float = 300.0) -> str:
    """Start a Prefect server on loopback, unless ours runs already.

    Returns:
        Its API URL.

    Raises:
        StartFailed: It did not come up.
    """
    running = running_server()
    if running is not None:
        return running
    port = _free_port(settings().prefect_port)
    url, log = f"http://127.0.0.1:{port}/api", settings().home / "logs" / "prefect-server.log"
    argv = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    environment = server_environment(PREFECT_HOME=str(prefect_home()), PREFECT_UI_API_URL=url)
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


def _free_port(wanted: int) -> int:
    """The wanted port when nobody listens there, else any free one."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(
                socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
            )  # a server that just ended left its port waiting
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise processes.StartFailed("no port is free on 127.0.0.1")


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=2.0).is_success
    except httpx.HTTPError:
        return False
