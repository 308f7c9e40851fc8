"""What a request asks for besides its object."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.kubernetes.api import Object


@dataclass(frozen=True)
class WriteOptions:
    """Options of a create, update or patch; ``repeated`` are fields that its body gives more than once."""

    manager: str = "kube-controller-manager"
    subresource: str = ""
    dry_run: bool = False
    field_validation: str = "Warn"
    repeated: tuple[str, ...] = ()
    force: bool = False
    user: str = "system:kube-controller-manager"
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class DeleteOptions:
    """Options of a delete. ``grace_s`` None means the kind's own."""

    grace_s: int | None = None
    propagation: str = ""
    uid: str = ""
    resource_version: str = ""
    dry_run: bool = False


@dataclass(frozen=True)
class Written:
    """What a write left behind."""

    obj: Object
    created: bool = False
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Deleted:
    """What a delete left behind; ``gone`` is False while finalizers or a grace period hold the object."""

    obj: Object
    gone: bool
