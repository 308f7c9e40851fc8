"""Apache Kafka's server: its jars by Maven, as pinned in ``tools/kafka/pom.xml``; tests start and end brokers."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.proving.building import TOOLS, Missing, cache_folder

PINS = TOOLS / "kafka" / "pom.xml"
_DOWNLOAD_S = 900.0


@dataclass(frozen=True)
class KafkaServer:
    """Java, and the folder with the server's jars."""

    java: str
    jars: Path
    version: str

    def command(self, main: str, *words: str) -> list[str]:
        """The command that runs a class of the server's."""
        flags = ["-Xmx384m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
        return [self.java, *flags, "-cp", f"{self.jars}/*", main, *words]


def find() -> KafkaServer:
    """The server, when its jars and Java are here.

    Raises:
        Missing: They are not.
    """
    java = shutil.which("java")
    if java is None:
        raise Missing("Kafka's server needs Java 17 or newer, and there is none")
    jars = _folder()
    if not (jars / f"kafka_2.13-{_pinned()}.jar").is_file():
        raise Missing("Kafka's jars are not here; `make proving-ground` gets them, by Maven")
    return KafkaServer(java, jars, f"Kafka {_pinned()}")


def up(say: Callable[[str], None] = print) -> None:
    """Get the jars that are missing; nothing is started.

    Raises:
        Missing: There is no Java or no Maven, or Maven says no.
    """
    try:
        find()
    except Missing:
        _resolve(say)
        find()


def down() -> None:
    """Nothing stays up between tests."""


def _pinned() -> str:
    found = re.search(r"<artifactId>kafka_2\.13</artifactId>\s*<version>([\d.]+)</version>", PINS.read_text())
    if found is None:
        raise LookupError(f"Kafka is not pinned in {PINS}")
    return found[1]


def _folder() -> Path:
    return cache_folder().parent / "kafka" / _pinned()


def _resolve(say: Callable[[str], None]) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise Missing("Kafka's jars come by Maven, and there is none")
    say(f"getting the jars of Kafka {_pinned()}")
    unfinished = _folder().with_name(f"unfinished-{os.getpid()}")
    argv = [maven, "-q", "-B", "-f", str(PINS), "dependency:copy-dependencies", f"-DoutputDirectory={unfinished}"]
    try:
        run = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=_DOWNLOAD_S)
    except subprocess.TimeoutExpired:
        raise Missing(f"Maven did not end in {_DOWNLOAD_S:.0f} s") from None
    if run.returncode:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise Missing(f"Maven: {run.stdout[-400:]}")
    shutil.rmtree(_folder(), ignore_errors=True)
    unfinished.rename(_folder())
