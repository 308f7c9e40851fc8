"""Helm's processes: the program ``helm``, or its library in ``clients/helm/worker.py``."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from clients.children import Program

_HOMES = {f"HELM_{kind}_HOME": kind.lower() for kind in ("CACHE", "CONFIG", "DATA")}


def worker() -> Program:
    """The library, with the modules that are installed beside our own.

    The process calls itself ``helm``: Helm's library signs its server-side applies with that name, so that releases
    made with the library and with the program have the same field manager.
    """
    installed = find_spec("helm_python")
    modules = {"PYTHONPATH": str(Path(installed.origin).parents[1]) if installed and installed.origin else ""}
    return Program("Helm", ("helm", str(Path(__file__).with_name("worker.py"))), modules, _HOMES)


def command(executable: str, *arguments: str) -> Program:
    """The program."""
    return Program("Helm", ("python", executable, *arguments), homes=_HOMES)
