"""What must be set before Prefect is imported: where it keeps its things, and that it does not write on our screen."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path

import httpx

from config.settings import settings

_OWN = {
    "PREFECT_LOGGING_EXTRA_LOGGERS": "federation,providers,clients,tasks,flows",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_CLI_PROMPT": "false",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "200",
}
_LOUD = {"PREFECT_LOGGING_ROOT_LEVEL": "INFO"}
_QUIET = {"PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL"}
"""Runs keep their logs, the screen stays ours. Another handler class would make Prefect drop all of its logging."""
_CHOSEN_BY_USER = ("PREFECT_API_URL", "PREFECT_HOME", "PREFECT_PROFILE")


def prefect_home() -> Path:
    """Folder of the Prefect server that we start ourselves."""
    return settings().home / "prefect"


def prepare(*, quiet: bool = True) -> None:
    """Set what Prefect reads at its import. What the user has set stays as it is."""
    for name, value in {**_OWN, **_LOUD, **(_QUIET if quiet else {})}.items():
        os.environ.setdefault(name, value)
    if quiet:
        logging.getLogger().addHandler(logging.NullHandler())


def chosen_by_user() -> bool:
    """Whether the user chose a Prefect: by PREFECT_API_URL, PREFECT_HOME or PREFECT_PROFILE."""
    return any(name in os.environ for name in _CHOSEN_BY_USER)


def server_file() -> Path:
    """Where a server that we started says how it is reached."""
    return settings().home / "prefect-server.json"


def running_server() -> str | None:
    """API URL of the server that we started, when it answers."""
    try:
        url = str(json.loads(server_file().read_text())["api"])
        httpx.get(f"{url}/health", timeout=2.0).raise_for_status()
    except (OSError, ValueError, KeyError, httpx.HTTPError):
        return None
    return url


def child_environment(**more: str) -> Mapping[str, str]:
    """Environment of a process of ours: this one's, with more."""
    return {**os.environ, **more}


def server_environment(**more: str) -> Mapping[str, str]:
    """Environment of a Prefect server: its log is a file, so nothing in it is silenced."""
    silent = {*_LOUD, *_QUIET}
    return {name: value for name, value in child_environment(**more).items() if name not in silent}
