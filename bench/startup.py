"""Start-up: what a command costs that only reads a file, against the import of Prefect alone."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

from bench.telling import tell

SAMPLE = Path("config/federations/tacfed.yaml")
HEAVY = ("prefect", "sqlalchemy", "kubernetes", "openstack", "paramiko")


def measure() -> None:
    """Tell CPU seconds of ``flotilla validate`` and which heavy packages it imports."""
    validate = [sys.executable, "-m", "flotilla", "validate", "-f", str(SAMPLE)]
    spent = min(_cpu_s(validate) for _ in range(3))
    peer = min(_cpu_s([sys.executable, "-c", "import prefect"]) for _ in range(3))
    imported = _imported(validate)
    tell(
        "startup",
        f"validate takes {spent:.2f} s of CPU, {spent / peer:.2f} of an import of Prefect; heavy: {imported or 'none'}",
        cpu_s=round(spent, 2),
        import_prefect_cpu_s=round(peer, 2),
        ratio=round(spent / peer, 2),
        heavy=imported,
    )


def _cpu_s(argv: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _imported(argv: list[str]) -> list[str]:
    traced = subprocess.run([argv[0], "-X", "importtime", *argv[1:]], check=True, capture_output=True, text=True)
    modules = {line.rpartition("|")[2].strip() for line in traced.stderr.splitlines()}
    return [name for name in HEAVY if name in modules]
