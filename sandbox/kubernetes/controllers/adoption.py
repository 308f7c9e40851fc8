"""Who belongs to whom by labels: what nobody controls and a selector fits is adopted, what no longer fits is let go."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sandbox.kubernetes.api import Api, Object
from sandbox.kubernetes.controllers.controller import Key, key_of
from sandbox.kubernetes.controllers.objects import controller_of, deleting, labels_of, matches, owner_ref
from sandbox.kubernetes.controllers.pods import FINISHED, phase_of


def claim(api: Api, resource: str, owner: Object, suits: Callable[[Object], bool] | None = None) -> None:
    """Adopt and let go the objects of a resource for an owner that stays; both are safe to repeat.

    Args:
        api: The API.
        resource: The resource of the objects.
        owner: Who adopts.
        suits: Which of those that its selector fits the owner wants; all when left out.
    """
    if deleting(owner):
        return
    selector, uid = owner["spec"]["selector"], owner["metadata"]["uid"]
    for obj in api.list(resource, owner["metadata"]["namespace"]):
        controller, fits = controller_of(obj), matches(selector, labels_of(obj))
        refs = obj["metadata"].get("ownerReferences") or []
        wanted = fits and (suits is None or suits(obj))
        if controller is None and wanted and not deleting(obj) and phase_of(obj) not in FINISHED:
            _own(api, resource, obj, [*refs, owner_ref(owner)])
        elif controller is not None and controller["uid"] == uid and not fits:
            _own(api, resource, obj, [ref for ref in refs if ref["uid"] != uid])


def would_claim(api: Api, owners: str, obj: Object) -> Iterable[Key]:
    """Owners of a resource whose selector fits an object that nobody controls."""
    if controller_of(obj) is not None or not labels_of(obj):
        return ()
    every = api.list(owners, obj["metadata"]["namespace"])
    return [key_of(owner) for owner in every if matches(owner["spec"].get("selector"), labels_of(obj))]


def _own(api: Api, resource: str, obj: Object, refs: list[Object]) -> None:
    meta = obj["metadata"]
    api.patch(resource, meta["name"], {"metadata": {"ownerReferences": refs or None}}, meta["namespace"])
