"""Which version of Kubernetes may follow which: one minor at a time, never back, no node before its control plane.

Source: kubernetes.io, "Version Skew Policy"; "Upgrading kubeadm clusters" (skipping minors is not supported).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from federation.spec.machines import Role
from federation.spec.versions import is_older, minors_between, next_minor, numbers


@dataclass(frozen=True)
class Runs:
    """What one node runs."""

    node: str
    role: Role
    version: str


@dataclass(frozen=True)
class Skew:
    """Why a version cannot be taken. ``reason`` is a condition's."""

    reason: str
    message: str
    fix: str

    def __str__(self) -> str:
        return f"{self.message}: {self.fix}"


def check_skew(wanted: str, nodes: Iterable[Runs]) -> Skew | None:
    """Why nodes cannot be brought to a version; None when they can, or are there.

    Args:
        wanted: The version that is asked for.
        nodes: What runs now; nodes that told no version are left out of account.
    """
    known = sorted((node for node in nodes if node.version), key=lambda each: (each.role, each.node))
    for node in known:
        problem = _downgrade(wanted, node, known) or _skip(wanted, node)
        if problem is not None:
            return problem
    return None


def _downgrade(wanted: str, node: Runs, known: list[Runs]) -> Skew | None:
    if not is_older(wanted, node.version):
        return None
    newest = max((each.version for each in known), key=numbers)
    fix = f"write {newest}, or a later patch of it"
    if node.role == "worker":
        message = f"worker {node.node} runs {node.version}, newer than its control plane would be with {wanted}"
        return Skew(reason="WorkerNewer", message=message, fix=fix)
    message = f"{node.node} runs {node.version}, and Kubernetes cannot be taken back to {wanted}"
    return Skew(reason="Downgrade", message=message, fix=fix)


def _skip(wanted: str, node: Runs) -> Skew | None:
    ahead = minors_between(node.version, wanted)
    if ahead < 2:
        return None
    message = f"{node.node} runs {node.version}, and {wanted} is {ahead} minors ahead"
    return Skew(reason="UpgradeSkipsMinor", message=message, fix=f"write a version of {next_minor(node.version)} first")
