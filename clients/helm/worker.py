"""The child process that one operation of Helm's Go library runs in, begun by ``clients/launcher.py``.

It takes a JSON object on standard input and gives one on standard output, ``{"result": …}`` or ``{"error": "…"}``. The
library runs apart because it brings the Go runtime with its threads and signal handlers, and because a process can be
stopped when it takes too long.

Source: helm-python-sdk 0.2, ``Config``, ``pull``.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any


def perform(order: dict[str, Any]) -> Any:
    """Carry out one order and return what Helm reports."""
    import helm_python

    arguments = order["arguments"]
    if order["operation"] == "pull":
        return helm_python.pull(arguments.pop("chart"), **arguments)
    access = {"kubeconfig_path": _kept_in_memory(order["kubeconfig"]), "namespace": order["namespace"]}
    with helm_python.Config(**access, burst_limit=100) as config:
        return getattr(config, order["operation"])(**arguments)


def _kept_in_memory(text: str) -> str:
    if not hasattr(os, "memfd_create"):
        path = os.path.join(os.environ["HOME"], "kubeconfig")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(text)
        return path
    descriptor = os.memfd_create("kubeconfig")
    os.write(descriptor, text.encode())
    return f"/proc/self/fd/{descriptor}"


def answer_order() -> None:
    """Read the order, keep Helm's own prints away from standard output, answer."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    order = json.load(sys.stdin)
    try:
        answer: dict[str, Any] = {"result": perform(order)}
    except Exception as error:  # noqa: BLE001 - every complaint of the library is an answer; the parent judges it
        answer = {"error": f"{type(error).__name__}: {error}"}
    json.dump(answer, answers)
    answers.close()


if __name__ == "__main__":
    answer_order()
