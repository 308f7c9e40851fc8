"""Prometheus and promtool: Debian's package; tests start a server of their own on loopback."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
import yaml

from tests.proving.building import Missing
from tests.proving.debian import install, program
from tests.proving.kubernetes import Process, free_port

_HOST = "127.0.0.1"
_TRIES, _STEP_S = 300, 0.1


@dataclass(frozen=True)
class Prometheus:
    """The two programs."""

    server: str
    tool: str
    version: str

    def promtool(self, *words: str | Path, given: str | None = None) -> tuple[int, str]:
        """Run promtool; its exit code and all that it says."""
        run = subprocess.run(
            [self.tool, *map(str, words)], input=given, capture_output=True, text=True, check=False, timeout=60
        )
        return run.returncode, run.stdout + run.stderr


def find() -> Prometheus:
    """Both programs.

    Raises:
        Missing: They are not installed.
    """
    server, tool = program("prometheus"), program("promtool")
    told = subprocess.run([server, "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"version (\d+\.\d+\.\d+)", told.stdout + told.stderr)
    return Prometheus(server, tool, found[1] if found else "")


def up(say: Callable[[str], None] = print) -> None:
    """Install the package where it is missing; nothing is started.

    Raises:
        Missing: It cannot be installed.
    """
    try:
        find()
    except Missing:
        install(["prometheus"], say)
        find()


def down() -> None:
    """Nothing stays up between tests."""


class RealPrometheus:
    """A Prometheus that runs.

    Args:
        programs: As :func:`find` returns them.
        folder: For configuration, data and log.
        scrape: Its scrape_configs.
        rules: Files of rules.
        every_s: Seconds between two scrapes.
    """

    def __init__(
        self,
        programs: Prometheus,
        folder: Path,
        scrape: Sequence[Mapping[str, Any]],
        rules: Sequence[Path] = (),
        every_s: float = 1.0,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        every = f"{int(every_s * 1000)}ms"
        document = {
            "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
            "rule_files": [str(each) for each in rules],
            "scrape_configs": [dict(each) for each in scrape],
        }
        self._config = folder / "prometheus.yml"
        self._config.write_text(yaml.safe_dump(document))
        self._programs, self._folder, self._port = programs, folder, free_port(_HOST)
        self._process: Process | None = None
        self._http = httpx.Client(base_url=f"http://{_HOST}:{self._port}", timeout=20.0, trust_env=False)

    @property
    def url(self) -> str:
        """Where it answers."""
        return str(self._http.base_url)

    def __enter__(self) -> RealPrometheus:
        flags = {
            "config.file": self._config,
            "storage.tsdb.path": self._folder / "data",
            "web.listen-address": f"{_HOST}:{self._port}",
            "log.level": "warn",
        }
        words = [f"--{name}={value}" for name, value in flags.items()]
        self._process = Process([self._programs.server, *words], self._folder / "prometheus.log")
        self.wait(self._ready, "it does not start")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.close()
        if self._process is not None:
            self._process.kill()

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The vector that an expression gives now."""
        found: list[dict[str, Any]] = self.ask("query", query=expression)["result"]
        return found

    def ask(self, what: str, **parameters: Any) -> Any:
        """The data of an answer of its API.

        Raises:
            AssertionError: It calls the question wrong.
        """
        answer = self._http.get(f"/api/v1/{what}", params=parameters)
        document = json.loads(answer.text)
        assert document["status"] == "success", document
        return document["data"]

    def wait(self, condition: Callable[[], Any], complaint: str) -> Any:
        """The first truthy value of a condition.

        Raises:
            Missing: It never is.
        """
        pause = threading.Event()
        for _ in range(_TRIES):
            if found := condition():
                return found
            pause.wait(_STEP_S)
        tail = self._process.tail() if self._process else ""
        raise Missing(f"Prometheus: {complaint}: {tail}")

    def _ready(self) -> bool:
        try:
            return self._http.get("/-/ready").is_success
        except httpx.HTTPError:
            return False
